import type { AccessStages } from '../access/stages.ts'
import type { ProvidedPrivilege, Reason } from '../model/operation.ts'
import type { GrantableAttribute } from '../postgres/attribute.ts'
import { defaultsFor, type Future } from '../postgres/default-privileges.ts'
import type { AskedMembershipOptions } from '../postgres/membership-option.ts'
import { objectKinds, type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'

export interface TargetLogin {
  readonly validUntil: string
  /** `clear`: one that nobody asks for is stored, perhaps, and the role could not log in until now. */
  readonly password: 'keep' | 'set' | 'clear'
  readonly hashedBy?: 'server'
  readonly reason: Reason
}

export interface TargetMembership extends AskedMembershipOptions {
  /** Of an intermediate role: what the member gets through it. */
  readonly provides?: ProvidedPrivilege
  readonly reason: Reason
}

export interface TargetOwner {
  readonly object: ObjectName
  readonly role: string
  readonly reason: Reason
}

export interface TargetPrivilege {
  readonly object: ObjectName
  /** That of the object. */
  readonly key: string
  readonly privilege: Privilege
  /** A desired role, or an intermediate role that is to be created. */
  readonly role: string
  /** Whether the role may pass it on. */
  readonly grantable: boolean
  readonly reason: Reason
}

export interface TargetDefault extends Future {
  readonly privilege: Privilege
  /** A desired role. */
  readonly role: string
  readonly grantable: boolean
  readonly reason: Reason
}

/** What is to be true of the desired roles: what is asked for, matched with what there is. Plain data. */
export interface TargetState {
  /** The desired roles, sorted. */
  readonly roles: readonly string[]
  readonly desired: ReadonlySet<string>
  readonly logins: ReadonlyMap<string, TargetLogin>
  /** By role: the attributes other than LOGIN. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<GrantableAttribute, Reason>>
  /** By member, then by role. */
  readonly memberships: ReadonlyMap<string, ReadonlyMap<string, TargetMembership>>
  /** By the key of the object. */
  readonly owners: ReadonlyMap<string, TargetOwner>
  /** What is to stand in an object’s own ACL, by {@link privilegeKey}. */
  readonly privileges: ReadonlyMap<string, TargetPrivilege>
  /** What is to be granted on future objects, by {@link defaultKey}. */
  readonly defaults: ReadonlyMap<string, TargetDefault>
  /** The desired roles of which nothing is asked for: they will make no objects any more. */
  readonly idle: ReadonlySet<string>
  /** Whose objects become that a desired role loses, where the caller has named somebody. */
  readonly reassignOwnedTo: string | undefined
  /** By desired role: the new role that owns what may hold code of its own, once that one has lost it. */
  readonly caretakers: ReadonlyMap<string, string>
  /** The schemas on whose tables privileges are asked for by which their grantees attach code to them. */
  readonly attachableIn: ReadonlySet<string>
  /** By role: the schemas in which it keeps whatever it has. */
  readonly preserved: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether what belongs to the whole cluster is managed too. */
  readonly managesCluster: boolean
  /** Whether others keep what roles have passed on that may not any more. */
  readonly keepDependents: boolean
}

/** What is to become true, and what the acting role may do to that end. */
export interface Goal extends TargetState {
  readonly access: AccessStages
}

/** The target state in which some roles have nothing. */
export const nothingFor = (roles: readonly string[]): TargetState => ({
  roles,
  desired: new Set(roles),
  logins: new Map(),
  attributes: new Map(),
  memberships: new Map(),
  owners: new Map(),
  privileges: new Map(),
  defaults: new Map(),
  idle: new Set(),
  reassignOwnedTo: undefined,
  caretakers: new Map(),
  attachableIn: new Set(),
  preserved: new Map(),
  managesCluster: true,
  keepDependents: false,
})

export const privilegeKey = (object: string, privilege: Privilege, role: string): string =>
  `${object}\0\0${privilege}\0${role}`

export const defaultKey = ({ owner, schema, on }: Future, privilege: Privilege, role: string): string =>
  [owner, schema === null ? '' : `in ${schema}`, on, privilege, role].join('\0')

/** Whether a desired role keeps what it has in a schema, asked for or not. */
export const isPreservedIn = (
  { preserved }: Pick<TargetState, 'preserved'>,
  role: string,
  schema: string | null | undefined,
): boolean => typeof schema === 'string' && preserved.get(role)?.has(schema) === true

/** Whether a desired role keeps what it has on an object, asked for or not. */
export const isPreserved = (
  goal: Pick<TargetState, 'preserved' | 'managesCluster'>,
  role: string,
  object: ObjectName,
): boolean =>
  isPreservedIn(goal, role, schemaOf(object)) ||
  (!goal.managesCluster && objectKinds[object.kind].shared === true)

/**
 * What a role is to hold in an object’s own ACL, granted by its owner: asked for there, or produced by default
 * privileges that are asked for. `grantable`: it may pass it on. `undefined`: nothing.
 */
export const entitlement = (
  { privileges, defaults }: Pick<TargetState, 'privileges' | 'defaults'>,
  object: ObjectName & { readonly key: string; readonly owner: string },
  privilege: Privilege,
  role: string,
): { readonly grantable: boolean } | undefined => {
  const asked = privileges.get(privilegeKey(object.key, privilege, role))
  const produced =
    defaults.size === 0
      ? []
      : defaultsFor(object).flatMap((future) => {
          const goal = defaults.get(defaultKey({ ...future, owner: object.owner }, privilege, role))
          return goal === undefined ? [] : [goal]
        })
  const all = [...(asked === undefined ? [] : [asked]), ...produced]
  return all.length === 0 ? undefined : { grantable: all.some(({ grantable }) => grantable) }
}

/** Why something is taken away: nothing asked for it. */
export const notAskedFor = (role: string): Reason => ({ role, grant: null })
