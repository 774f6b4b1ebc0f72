import type { Catalog, CatalogDefaults } from '../catalog/catalog.ts'
import { defaultPrivilegeFacts } from '../catalog/facts.ts'
import { type DefaultPrivilegeFact, factKey } from '../model/fact.ts'
import { managesSchema } from '../model/managed.ts'
import { everybody } from '../postgres/acl-item.ts'
import { defaultKey, futureKey, type Goal, isDefaultPreserved } from '../resolve/target-state.ts'
import { flatMap } from '../util/collections.ts'

/** What should happen to one default privilege, and the desired role that it concerns. */
export interface DefaultVerdict {
  readonly fact: DefaultPrivilegeFact
  readonly change: 'revoke' | 'strip grant option' | 'restore'
  readonly role: string
}

const judgeGrantee = (goal: Goal, fact: DefaultPrivilegeFact): readonly DefaultVerdict[] => {
  const { owner, schema, privilege, grantee, grantable } = fact
  if (!goal.desired.has(grantee) || grantee === owner || isDefaultPreserved(goal, grantee, schema)) return []
  const asked = goal.defaults.get(defaultKey(fact, privilege, grantee))
  if (asked === undefined) return [{ fact, change: 'revoke', role: grantee }]
  return grantable && !asked.grantable ? [{ fact, change: 'strip grant option', role: grantee }] : []
}

/** Whether a desired role should have a default privilege, or keeps it. */
const isKept = (goal: Goal, fact: DefaultPrivilegeFact): boolean =>
  isDefaultPreserved(goal, fact.grantee, fact.schema) ||
  goal.defaults.get(defaultKey(fact, fact.privilege, fact.grantee))?.grantable === fact.grantable

/** Whether a default privilege is PUBLIC’s where it is named. */
const isOfPublic = ({ publicFutures }: Goal, fact: DefaultPrivilegeFact): boolean =>
  fact.grantee === everybody && publicFutures.has(futureKey(fact))

/** What PUBLIC should not have of what is named. PostgreSQL gives it some of that unless default privileges say otherwise. */
const judgePublic = (catalog: Catalog, goal: Goal): readonly DefaultVerdict[] =>
  flatMap(goal.publicFutures.values(), ({ owner, schema, on }) =>
    flatMap(defaultPrivilegeFacts(catalog.defaultsOf(owner, schema, on)), (fact): DefaultVerdict[] =>
      isOfPublic(goal, fact) && !isKept(goal, fact) ? [{ fact, change: 'revoke', role: everybody }] : [],
    ),
  )

/** A role that should have nothing gets PostgreSQL’s own defaults back: it will create no more objects. */
const judgeOwner = (catalog: Catalog, goal: Goal, defaults: CatalogDefaults): readonly DefaultVerdict[] => {
  const { owner, schema, on } = defaults
  const builtIn = new Map(
    defaultPrivilegeFacts(catalog.builtInDefaultsOf(owner, schema, on)).map((fact) => [factKey(fact), fact]),
  )
  const now = new Map(defaultPrivilegeFacts(defaults).map((fact) => [factKey(fact), fact]))
  const isBuiltIn = (fact: DefaultPrivilegeFact): boolean =>
    builtIn.has(factKey({ ...fact, grantable: false }))
  return [
    ...flatMap(now.values(), (fact): DefaultVerdict[] =>
      builtIn.has(factKey(fact)) || isKept(goal, fact) || isOfPublic(goal, fact)
        ? []
        : [{ fact, change: isBuiltIn(fact) ? 'strip grant option' : 'revoke', role: owner }],
    ),
    ...flatMap(builtIn.values(), (fact): DefaultVerdict[] =>
      now.has(factKey(fact)) || now.has(factKey({ ...fact, grantable: true })) || isOfPublic(goal, fact)
        ? []
        : [{ fact, change: 'restore', role: owner }],
    ),
  ]
}

/**
 * The default privileges that desired roles should not have, or that belong to desired roles that should have nothing.
 */
export const unwantedDefaults = (catalog: Catalog, goal: Goal): readonly DefaultVerdict[] => [
  ...judgePublic(catalog, goal),
  ...flatMap(catalog.defaults, (defaults) =>
    goal.idle.has(defaults.owner) && managesSchema(goal.managed, defaults.schema)
      ? judgeOwner(catalog, goal, defaults)
      : flatMap(defaultPrivilegeFacts(defaults), (fact) => judgeGrantee(goal, fact)),
  ),
]
