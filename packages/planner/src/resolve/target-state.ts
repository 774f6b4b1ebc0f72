import type { AccessStages } from '../access/stages.ts'
import type { Grant } from '../model/grant.ts'
import { everything, type Managed, managesObject, managesSchema } from '../model/managed.ts'
import type { ProvidedPrivilege, Reason } from '../model/operation.ts'
import type { PropertyName, RoleProperty } from '../model/role-property.ts'
import type { GrantableAttribute } from '../postgres/attribute.ts'
import { everybody } from '../postgres/acl-item.ts'
import { defaultsFor, type Future } from '../postgres/default-privileges.ts'
import type { AskedMembershipOptions } from '../postgres/membership-option.ts'
import { type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { flatMap } from '../util/collections.ts'

/** A grant, and the desired role that asks for it: the reason for what is done. */
export interface AskedGrant<Of extends Grant = Grant> {
  readonly role: string
  readonly grant: Of
}

export interface TargetLogin {
  readonly validUntil: string
  /** `clear`: the role could not log in until now, and may have an old password that no grant asks for. */
  readonly password: 'keep' | 'set' | 'clear'
  readonly hashedBy?: 'server'
  readonly reason: Reason
}

/** What a role should have of the properties that are managed. */
export interface TargetProperties {
  readonly managed: ReadonlySet<PropertyName['property']>
  /** By {@link propertyKey}. */
  readonly asked: ReadonlyMap<string, RoleProperty>
}

export interface TargetMembership extends AskedMembershipOptions {
  /** For an intermediate role: what the member gets through it. */
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
  /** The key of the object. */
  readonly key: string
  readonly privilege: Privilege
  /** A desired role, or an intermediate role that is to be created. */
  readonly role: string
  /** With grant option. */
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

/** What should be true of the desired roles: what is asked for, matched with the catalog. Plain data. */
export interface TargetState {
  /** The desired roles, sorted. */
  readonly roles: readonly string[]
  readonly desired: ReadonlySet<string>
  readonly logins: ReadonlyMap<string, TargetLogin>
  /** By role: the attributes other than LOGIN. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<GrantableAttribute, Reason>>
  /** By role. */
  readonly properties: ReadonlyMap<string, TargetProperties>
  /** By role: whether it should have INHERIT, if that is asked for. */
  readonly inherits: ReadonlyMap<string, boolean>
  /** The desired roles that list their members: everybody’s memberships in these are judged. */
  readonly listing: ReadonlySet<string>
  /** The desired roles, and others that may lose the ADMIN option for a role that lists its members. */
  readonly losers: ReadonlySet<string>
  /** By member, then by role. */
  readonly memberships: ReadonlyMap<string, ReadonlyMap<string, TargetMembership>>
  /** By the key of the object. */
  readonly owners: ReadonlyMap<string, TargetOwner>
  /** The privileges to grant in an object’s own ACL, by {@link privilegeKey}. */
  readonly privileges: ReadonlyMap<string, TargetPrivilege>
  /**
   * The grant options that are asked for and that the acting role may not give, by {@link privilegeKey}: who has them
   * some other way may have used them.
   */
  readonly optionsNotGiven: ReadonlySet<string>
  /** The default privileges to grant, by {@link defaultKey}. */
  readonly defaults: ReadonlyMap<string, TargetDefault>
  /** The keys of the objects on which PUBLIC should have what is asked for, and nothing else. */
  readonly publicObjects: ReadonlySet<string>
  /** The future objects on which PUBLIC should have what is asked for, and nothing else, by {@link futureKey}. */
  readonly publicFutures: ReadonlyMap<string, Future>
  /** The desired roles that should have nothing: they will create no more objects. */
  readonly idle: ReadonlySet<string>
  /** The desired roles that should not exist. */
  readonly absent: ReadonlySet<string>
  /** By desired role: the new owner of objects that it loses, if the caller has named one. */
  readonly heirs: ReadonlyMap<string, string>
  /** By desired role: the new role that will own what it loses, if that may hold code. */
  readonly caretakers: ReadonlyMap<string, string>
  /** The tables of desired roles to which others may attach code before anything is done. */
  readonly attachable: ReadonlySet<string>
  /** The schemas with tables on which grants ask for privileges that allow attaching code. */
  readonly attachableIn: ReadonlySet<string>
  /** By role: the schemas in which it keeps what it has. */
  readonly preserved: ReadonlyMap<string, ReadonlySet<string>>
  /** What is judged at all. */
  readonly managed: Managed
  /** The desired roles whose attributes stay as they are. */
  readonly external: ReadonlySet<string>
  /** Whether others keep what roles have granted to them but may no longer grant. */
  readonly keepDependents: boolean
}

/** The target state, and what the acting role may do to reach it. */
export interface Goal extends TargetState {
  readonly access: AccessStages
}

/** The target state in which some roles have nothing. */
export const nothingFor = (roles: readonly string[]): TargetState => ({
  roles,
  desired: new Set(roles),
  listing: new Set(),
  losers: new Set(roles),
  logins: new Map(),
  attributes: new Map(),
  properties: new Map(),
  inherits: new Map(),
  memberships: new Map(),
  owners: new Map(),
  privileges: new Map(),
  optionsNotGiven: new Set(),
  defaults: new Map(),
  publicObjects: new Set(),
  publicFutures: new Map(),
  idle: new Set(),
  absent: new Set(),
  heirs: new Map(),
  caretakers: new Map(),
  attachable: new Set(),
  attachableIn: new Set(),
  preserved: new Map(),
  managed: everything,
  external: new Set(),
  keepDependents: false,
})

export const privilegeKey = (object: string, privilege: Privilege, role: string): string =>
  `${object}\0\0${privilege}\0${role}`

export const futureKey = ({ owner, schema, on }: Future): string =>
  [owner, schema === null ? '' : `in ${schema}`, on].join('\0')

export const defaultKey = (future: Future, privilege: Privilege, role: string): string =>
  [futureKey(future), privilege, role].join('\0')

/** Whether the attributes of a role are judged. */
export const judgesAttributes = (
  { desired, managed, external }: Pick<TargetState, 'desired' | 'managed' | 'external'>,
  role: string,
): boolean => managed.cluster && desired.has(role) && !external.has(role)

/** Whether a desired role keeps what it has in a schema, because it says so. */
export const isPreservedIn = (
  { preserved }: Pick<TargetState, 'preserved'>,
  role: string,
  schema: string | null | undefined,
): boolean => typeof schema === 'string' && preserved.get(role)?.has(schema) === true

/** Whether a desired role keeps what it has on an object, asked for or not. */
export const isPreserved = (
  goal: Pick<TargetState, 'preserved' | 'managed'>,
  role: string,
  object: ObjectName,
): boolean => isPreservedIn(goal, role, schemaOf(object)) || !managesObject(goal.managed, object)

/** Whether a desired role keeps its default privileges for a schema, or with `null` for all of them, asked for or not. */
export const isDefaultPreserved = (
  goal: Pick<TargetState, 'preserved' | 'managed'>,
  role: string,
  schema: string | null,
): boolean => isPreservedIn(goal, role, schema) || !managesSchema(goal.managed, schema)

/**
 * Whether a role should hold a privilege in an object’s own ACL, granted by the owner: a grant asks for it there, or
 * for default privileges that produce it, which count for roles only. `grantable`: with grant option. `undefined`: it should not.
 */
export const entitlement = (
  { privileges, defaults }: Pick<TargetState, 'privileges' | 'defaults'>,
  object: ObjectName & { readonly key: string; readonly owner: string },
  privilege: Privilege,
  role: string,
): { readonly grantable: boolean } | undefined => {
  const asked = privileges.get(privilegeKey(object.key, privilege, role))
  const produced =
    defaults.size === 0 || role === everybody
      ? []
      : flatMap(defaultsFor(object), (future) => {
          const goal = defaults.get(defaultKey({ ...future, owner: object.owner }, privilege, role))
          return goal === undefined ? [] : [goal]
        })
  const all = [...(asked === undefined ? [] : [asked]), ...produced]
  return all.length === 0 ? undefined : { grantable: all.some(({ grantable }) => grantable) }
}

/** The reason for taking something away: no grant asks for it. */
export const notAskedFor = (role: string): Reason => ({ role, grant: null })
