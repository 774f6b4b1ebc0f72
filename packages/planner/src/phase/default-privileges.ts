import { heldBy } from '../acl.ts'
import { defaultPrivilegeFacts } from '../facts-of.ts'
import { type DefaultPrivilegeFact, factKey } from '../fact.ts'
import { isNameless } from '../nameless.ts'
import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { defaultKey, isPreservedIn, notAskedFor, type Wanted } from '../wanted.ts'
import type { World, WorldDefaults } from '../world.ts'
import type { Phase } from './phase.ts'

/** What is to become of one privilege on future objects, and of which desired role that is said. */
export interface DefaultVerdict {
  readonly fact: DefaultPrivilegeFact
  readonly change: 'revoke' | 'strip grant option' | 'restore'
  readonly role: string
}

const judgeGrantee = (wanted: Wanted, fact: DefaultPrivilegeFact): readonly DefaultVerdict[] => {
  const { owner, schema, privilege, grantee, grantable } = fact
  if (!wanted.desired.has(grantee) || grantee === owner || isPreservedIn(wanted, grantee, schema)) return []
  const asked = wanted.defaults.get(defaultKey(fact, privilege, grantee))
  if (asked === undefined) return [{ fact, change: 'revoke', role: grantee }]
  return grantable && !asked.grantable ? [{ fact, change: 'strip grant option', role: grantee }] : []
}

/** Whether a desired role is to have what is said of future objects, or keeps it. */
const isKept = (wanted: Wanted, fact: DefaultPrivilegeFact): boolean =>
  isPreservedIn(wanted, fact.grantee, fact.schema) ||
  wanted.defaults.get(defaultKey(fact, fact.privilege, fact.grantee))?.grantable === fact.grantable

/** To a role that is to have nothing, PostgreSQL’s own defaults come back: it will make nothing any more. */
const judgeOwner = (world: World, wanted: Wanted, defaults: WorldDefaults): readonly DefaultVerdict[] => {
  const { owner, schema, on } = defaults
  const builtIn = new Map(
    defaultPrivilegeFacts(world.builtInDefaultsOf(owner, schema, on)).map((fact) => [factKey(fact), fact]),
  )
  const now = new Map(defaultPrivilegeFacts(defaults).map((fact) => [factKey(fact), fact]))
  const isBuiltIn = (fact: DefaultPrivilegeFact): boolean =>
    builtIn.has(factKey({ ...fact, grantable: false }))
  return [
    ...[...now.values()].flatMap((fact): DefaultVerdict[] =>
      builtIn.has(factKey(fact)) || isKept(wanted, fact)
        ? []
        : [{ fact, change: isBuiltIn(fact) ? 'strip grant option' : 'revoke', role: owner }],
    ),
    ...[...builtIn.values()].flatMap((fact): DefaultVerdict[] =>
      now.has(factKey(fact)) || now.has(factKey({ ...fact, grantable: true }))
        ? []
        : [{ fact, change: 'restore', role: owner }],
    ),
  ]
}

/** What default privileges say of desired roles and should not, or say for those that will make nothing any more. */
export const unwantedDefaults = (world: World, wanted: Wanted): readonly DefaultVerdict[] =>
  [...world.defaults].flatMap((defaults) =>
    wanted.idle.has(defaults.owner)
      ? judgeOwner(world, wanted, defaults)
      : defaultPrivilegeFacts(defaults).flatMap((fact) => judgeGrantee(wanted, fact)),
  )

const operationFor = ({ fact, change, role }: DefaultVerdict, as: string): Operation => {
  const { owner, schema, on, privilege, grantee } = fact
  const base = {
    owner,
    schema,
    on,
    privilege,
    grantee,
    as,
    because: notAskedFor(role),
  }
  return change === 'restore'
    ? { kind: 'grantDefaultPrivilege', ...base }
    : { kind: 'revokeDefaultPrivilege', ...base, grantOptionOnly: change === 'strip grant option' }
}

/** Takes from what is said of future objects what is not asked for. */
export const loseDefaultPrivileges: Phase = (world, wanted) =>
  sortedBy(unwantedDefaults(world, wanted), ({ fact, change }) => JSON.stringify([fact, change])).flatMap(
    (verdict) => {
      const { owner, grantee } = verdict.fact
      const as = isNameless(grantee) ? undefined : wanted.authorityOverPrivileges.proxyFor(owner)
      return as === undefined ? [] : [operationFor(verdict, as)]
    },
  )

/** Says of future objects what is asked for. */
export const gainDefaultPrivileges: Phase = (world, wanted) =>
  sortedBy(wanted.defaults, ([key]) => key).flatMap(([, asked]): Operation[] => {
    const { owner, schema, on, privilege, role, grantable, because } = asked
    const held = heldBy(world.defaultsOf(owner, schema, on).acl, { privilege, grantee: role, grantor: owner })
    if (held === true || (held === false && !grantable)) return []
    return [
      {
        kind: 'grantDefaultPrivilege',
        owner,
        schema,
        on,
        privilege,
        grantee: role,
        ...(grantable && { grantable }),
        as: wanted.authorityOverPrivileges.proxyFor(owner) ?? owner,
        because,
      },
    ]
  })
