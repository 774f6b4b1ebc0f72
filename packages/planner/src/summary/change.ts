import {
  describeFact,
  describeMembershipOptions,
  describePolicy,
  describeProperty,
} from '../model/describe.ts'
import type { Effect } from '../model/effect.ts'
import type { Fact } from '../model/fact.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import type { Operation, Reason } from '../model/operation.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import { desiredRolesOf } from '../model/request.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { Future } from '../postgres/default-privileges.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, flatMap } from '../util/collections.ts'

/** What a role gains or loses, whichever intermediate role gives it. */
export type Item =
  | { readonly kind: 'attribute'; readonly attribute: string }
  | { readonly kind: 'membership'; readonly role: string; readonly options: string }
  | { readonly kind: 'ownership'; readonly object: ObjectName; readonly newOwner?: string }
  | {
      readonly kind: 'privilege'
      readonly object: ObjectName
      readonly privilege: Privilege
      readonly option: GrantOption
    }
  | (Future & {
      readonly kind: 'default privilege'
      readonly privilege: Privilege
      readonly option: GrantOption
    })

/** Whether the grant option comes or goes with a privilege, without it, or not at all. */
export type GrantOption = 'none' | 'with' | 'only'

/** What asks for a change: a grant of a role; or with `null` the role itself, which no grant asks to have it. */
export type ChangeSource = Pick<Reason, 'role' | 'grant'>

export interface Change {
  readonly role: string
  readonly change: 'gains' | 'loses'
  readonly item: Item
  readonly sources: readonly ChangeSource[]
}

const optionOf = ({
  grantable,
  grantOptionOnly,
}: {
  readonly grantable?: boolean
  readonly grantOptionOnly?: boolean
}): GrantOption => {
  if (grantOptionOnly === true) return 'only'
  return grantable === true ? 'with' : 'none'
}

/** A change by itself, whatever asks for it. */
type Made = Omit<Change, 'sources'>

const gains = (role: string, item: Item): Made => ({ role, change: 'gains', item })

const loses = (role: string, item: Item): Made => ({ role, change: 'loses', item })

/** What an operation gives to a role or takes from it; nothing if it is about a role of pgsr’s own. */
const changeOf = (operation: Operation): Made | undefined => {
  switch (operation.kind) {
    case 'createRole':
    case 'dropRole':
    case 'lockRole':
      return undefined
    case 'setAttribute': {
      const item: Item = { kind: 'attribute', attribute: operation.attribute }
      return operation.value ? gains(operation.role, item) : loses(operation.role, item)
    }
    case 'setProperty': {
      const { role, property, value } = operation
      const limit = property === 'connection limit' && value !== null ? ` ${value}` : ''
      const item: Item = { kind: 'attribute', attribute: `${describeProperty(operation)}${limit}` }
      return value === null ? loses(role, item) : gains(role, item)
    }
    case 'setValidUntil': {
      const { role, validUntil } = operation
      const attribute = validUntil === 'infinity' ? 'no expiry' : `VALID UNTIL ${validUntil}`
      return gains(role, { kind: 'attribute', attribute })
    }
    case 'setPassword':
      return gains(operation.role, { kind: 'attribute', attribute: 'a password' })
    case 'clearPassword':
      return loses(operation.role, { kind: 'attribute', attribute: 'its password' })
    case 'grantMembership': {
      const { role, member, provides, admin, options } = operation
      if (provides !== undefined) return gains(member, { kind: 'privilege', ...provides, option: 'none' })
      const asked = { ...options, ...(admin && { admin }) }
      return gains(member, { kind: 'membership', role, options: describeMembershipOptions(asked) })
    }
    case 'revokeMembership': {
      const { role, member, provides, option } = operation
      if (provides !== undefined) return loses(member, { kind: 'privilege', ...provides, option: 'none' })
      const options = option === null ? '' : describeMembershipOptions({ [option.toLowerCase()]: true })
      return loses(member, { kind: 'membership', role, options })
    }
    case 'setPolicyRoles':
    case 'dropPolicy':
      return loses(operation.reason.role, { kind: 'attribute', attribute: describePolicy(operation) })
    case 'dropUserMapping': {
      const { role, server } = operation
      return loses(role, {
        kind: 'attribute',
        attribute: describeFact({ kind: 'user mapping', role, server }),
      })
    }
    case 'createSchema':
      return gains(operation.owner, {
        kind: 'ownership',
        object: { kind: 'schema', name: [operation.schema] },
      })
    case 'setOwner':
      return gains(operation.owner, { kind: 'ownership', object: operation.object })
    case 'grantPrivilege':
    case 'revokePrivilege': {
      const { object, privilege, grantee } = operation
      const item: Item = { kind: 'privilege', object, privilege, option: optionOf(operation) }
      return operation.kind === 'grantPrivilege' ? gains(grantee, item) : loses(grantee, item)
    }
    case 'grantDefaultPrivilege':
    case 'revokeDefaultPrivilege': {
      const { owner, schema, on, privilege, grantee } = operation
      const item: Item = {
        kind: 'default privilege',
        owner,
        schema,
        on,
        privilege,
        option: optionOf(operation),
      }
      return operation.kind === 'grantDefaultPrivilege' ? gains(grantee, item) : loses(grantee, item)
    }
  }
}

const itemOf = (fact: Fact, { newOwner }: Effect): Item | undefined => {
  switch (fact.kind) {
    case 'role':
    case 'policy':
    case 'user mapping':
      return undefined
    case 'attribute':
      return { kind: 'attribute', attribute: fact.attribute }
    case 'membership':
      return {
        kind: 'membership',
        role: fact.role,
        options: describeMembershipOptions(fact.admin ? { admin: true } : {}),
      }
    case 'ownership':
      return {
        kind: 'ownership',
        object: fact.object,
        ...(newOwner !== undefined && { newOwner }),
      }
    case 'privilege':
      return {
        kind: 'privilege',
        object: fact.object,
        privilege: fact.privilege,
        option: optionOf(fact),
      }
    case 'default privilege': {
      const { owner, schema, on, privilege } = fact
      return { kind: 'default privilege', owner, schema, on, privilege, option: optionOf(fact) }
    }
  }
}

/** What a role has twice, or loses and gains again, has the same key. */
const keyOf = (item: Item): string => {
  switch (item.kind) {
    case 'attribute':
      return `${item.kind}\0${item.attribute}`
    case 'membership':
      return `${item.kind}\0${item.role}\0${item.options}`
    case 'ownership':
      return `${item.kind}\0${objectKey(item.object)}`
    case 'privilege':
      return `${item.kind}\0${item.option}\0${item.privilege}\0${objectKey(item.object)}`
    case 'default privilege':
      return `${item.kind}\0${item.option}\0${item.privilege}\0${item.owner}\0${item.on}\0${item.schema ?? ''}`
  }
}

const keyOfChange = ({ role, change, item }: Made): string => `${change}\0${role}\0${keyOf(item)}`

/** What roles gain and lose by a plan, each once. */
export interface Changes {
  readonly all: readonly Change[]
  /** How much each role loses and gains again, since it is to hold it in another way. */
  readonly replaced: ReadonlyMap<string, number>
}

const changesIn = (changes: readonly Change[]): Changes => {
  const seen = { gains: new Map<string, Change>(), loses: new Map<string, Change>() }
  for (const one of changes) {
    const key = `${one.role}\0${keyOf(one.item)}`
    const before = seen[one.change].get(key)
    const sources = before === undefined ? one.sources : [...before.sources, ...one.sources]
    seen[one.change].set(key, { ...one, sources })
  }
  const replaced = new Map<string, number>()
  for (const [key, { role }] of seen.gains)
    if (seen.loses.has(key)) replaced.set(role, (replaced.get(role) ?? 0) + 1)
  const without = (one: typeof seen.gains, other: typeof seen.gains): readonly Change[] =>
    flatMap(one, ([key, change]) => (other.has(key) ? [] : [change]))
  return { all: [...without(seen.gains, seen.loses), ...without(seen.loses, seen.gains)], replaced }
}

/** What the operations of a plan give and take for good. */
const changesByOperations = (plan: Plan): readonly Change[] =>
  flatMap(operationsOf(plan), (operation): readonly Change[] => {
    const { role, grant, temporary } = operation.reason
    const change = temporary === undefined ? changeOf(operation) : undefined
    return change === undefined ? [] : [{ ...change, sources: [{ role, grant }] }]
  })

/** Effects as changes, with what asks for them. The operations do not say from whom an ownership is taken. */
const changesByEffects = (plan: Plan, effects: readonly Effect[]): readonly Change[] => {
  const sources = new Map<string, ChangeSource[]>()
  for (const change of changesByOperations(plan)) {
    const { item, sources: its } = change
    const key = item.kind === 'ownership' ? keyOf(item) : keyOfChange(change)
    for (const source of its) append(sources, key, source)
  }
  return flatMap(effects, (effect): readonly Change[] => {
    const { role, change, fact } = effect
    const item = itemOf(fact, effect)
    if (item === undefined) return []
    const made: Made = { role, change, item }
    const key = item.kind === 'ownership' ? keyOf(item) : keyOfChange(made)
    return [{ ...made, sources: sources.get(key) ?? [] }]
  })
}

/** What desired roles gain and lose. */
export const changesOf = (plan: Plan): Changes => {
  const desired = new Set(desiredRolesOf(plan.request))
  const lost = plan.effects.filter(({ role, fact }) => desired.has(role) && fact.kind === 'ownership')
  return changesIn([
    ...changesByOperations(plan).filter(({ role }) => desired.has(role)),
    ...changesByEffects(plan, lost),
  ])
}

/** What PUBLIC gains and loses. */
export const changesOfPublic = (plan: Plan): Changes =>
  changesIn(
    changesByEffects(
      plan,
      plan.effects.filter(({ role }) => role === everybody),
    ),
  )

/** What other roles gain and lose. */
export const changesOfOthers = (plan: Plan): Changes => {
  const desired = new Set(desiredRolesOf(plan.request))
  const others = plan.effects.filter(
    ({ role }) => role !== everybody && !desired.has(role) && !isIntermediateName(role),
  )
  return changesIn(changesByEffects(plan, others))
}
