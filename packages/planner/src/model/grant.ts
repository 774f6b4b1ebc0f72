import type { GrantableAttribute } from '../postgres/attribute.ts'
import type { FutureObjects, KindOfFuture } from '../postgres/default-privileges.ts'
import type { GrantableKind, ObjectName, OwnableKind, PrivilegeOn } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { checkOptionNames } from './option-names.ts'
import { Secret } from './secret.ts'
import { type NameOrPattern, Target } from './target.ts'
import { eachOnGiven } from './unchecked-input.ts'

/** LOGIN, with what belongs to it. */
export interface LoginGrant {
  readonly kind: 'attribute'
  readonly attribute: 'LOGIN'
  /** ISO 8601 with an offset, or `infinity`. */
  readonly validUntil: string
  /** `keep`: whatever password the role has stays. `set`: one is set when the plan is executed. */
  readonly password: 'keep' | 'set' | Secret
  /** The password is sent as it is, and the server makes the verifier. */
  readonly hashedBy?: 'server'
}

/** Any other attribute. */
export interface OtherAttributeGrant {
  readonly kind: 'attribute'
  readonly attribute: Exclude<GrantableAttribute, 'LOGIN'>
}

export type AttributeGrant = LoginGrant | OtherAttributeGrant

/** Privileges on one object, or on those that a pattern matches. */
export interface PrivilegeGrant {
  readonly kind: 'privilege'
  readonly privileges: readonly Privilege[]
  /** Of columns: a table with any number of them. */
  readonly object: Target<GrantableKind>
  /** In the object’s own ACL rather than through an intermediate role. */
  readonly direct: boolean
  /** The role may pass them on. Only for what it holds directly. */
  readonly grantable: boolean
}

/** Being the owner. A schema is created where it does not exist. */
export interface OwnershipGrant {
  readonly kind: 'ownership'
  readonly object: ObjectName<OwnableKind>
}

/** Being a direct member of a role, which is created where it does not exist. */
export interface MembershipGrant {
  readonly kind: 'membership'
  readonly role: string
  /** Whether the member may make others members. Without: no. */
  readonly admin?: boolean
  /** From 16 on: whether the member has the role’s privileges, and whether it may SET ROLE. Without: either way. */
  readonly inherit?: boolean
  readonly set?: boolean
}

/** Privileges on what an owner will create, and on what it has created while they were in force. */
export interface DefaultPrivilegeGrant {
  readonly kind: 'default privilege'
  /** Whose objects. */
  readonly owner: string
  /** In which schema; `null`: in every. */
  readonly schema: string | null
  readonly on: FutureObjects
  readonly privileges: readonly Privilege[]
  /** The role may pass them on. */
  readonly grantable: boolean
}

/** Something that a role should have. Plain data: build it with the functions of {@link Grant}, or by hand. */
export type Grant = AttributeGrant | PrivilegeGrant | OwnershipGrant | MembershipGrant | DefaultPrivilegeGrant

export interface LoginOptions {
  /**
   * Without this key the existing password stays. Empty or undefined is refused. One that is given is set each time,
   * so leave it out where it has not changed: then a sync that finds nothing else to do writes nothing.
   */
  readonly password?: string
  /**
   * `server`: the password is sent **as it is**, for servers with rules for passwords that can only be kept if they see
   * it. It may then stand in their logs. By default a verifier is made here, and only that is sent.
   */
  readonly hashedBy?: 'server'
  /** Until when the password is good: a date, or ISO 8601 with an offset. Left out: for ever. */
  readonly validUntil?: Date | string
}

export interface DirectOption {
  /**
   * Put the role into the object’s own ACL, which is faster to connect with but holds some two thousand roles at
   * most. By default an intermediate role holds the privilege and many roles are members of it.
   */
  readonly direct?: boolean
}

/** `grantable`: with grant option, so that the role may pass the privilege on; only together with `direct`. */
export type PrivilegeOptions =
  | (DirectOption & { readonly grantable?: false })
  | { readonly direct: true; readonly grantable?: boolean }

export interface MembershipOptions {
  /** The member may make others members too. By default it may not. */
  readonly admin?: boolean
  /** From 16 on: the member has the role’s privileges. By default not compared: whatever it has stays. */
  readonly inherit?: boolean
  /** From 16 on: the member may SET ROLE to the role. By default not compared. */
  readonly set?: boolean
}

export interface DefaultPrivilegeTarget<On extends FutureObjects> {
  /** Whose future objects: default privileges belong to the role that will create them. */
  readonly owner: string
  /** Only those in this schema. */
  readonly schema?: string
  readonly on: On
}

/** What is given in the place of a misspelt option may be a password. */
const checkOptions = (what: string, options: unknown, known: readonly string[]): void =>
  checkOptionNames(options, known, `cannot build a grant of ${what}`)

const privilegeGrant = (
  privileges: readonly Privilege[],
  object: Target<GrantableKind>,
  options: PrivilegeOptions,
): PrivilegeGrant => {
  checkOptions(Array.isArray(privileges) ? privileges.join(', ') : 'privileges', options, [
    'direct',
    'grantable',
  ])
  const { direct = false, grantable = false } = options
  return { kind: 'privilege', privileges, object, direct, grantable }
}

/** The shorthands give what is asked for most. */
const shorthand = (
  privilege: Privilege,
  object: Target<GrantableKind>,
  options: DirectOption,
): PrivilegeGrant => {
  checkOptions(privilege, options, ['direct'])
  return privilegeGrant([privilege], object, options)
}

const dateText = (date: Date | string): string => {
  if (!(date instanceof Date)) return date
  return Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString()
}

const grants = {
  /**
   * LOGIN. The password leaves the process only as a verifier, and shows as `[redacted]` wherever it is printed.
   * A role that is not asked to log in loses its password together with LOGIN.
   * @see https://www.postgresql.org/docs/current/role-attributes.html
   */
  login: (options: LoginOptions = {}): LoginGrant => {
    checkOptions('LOGIN', options, ['password', 'hashedBy', 'validUntil'])
    return {
      kind: 'attribute',
      attribute: 'LOGIN',
      validUntil: 'validUntil' in options ? dateText(options.validUntil) : 'infinity',
      password: 'password' in options ? new Secret(options.password) : 'keep',
      ...(options.hashedBy !== undefined && { hashedBy: options.hashedBy }),
    }
  },

  /**
   * An attribute other than LOGIN. A role without INHERIT or with it stays so.
   * @see https://www.postgresql.org/docs/current/role-attributes.html
   */
  attribute: (attribute: OtherAttributeGrant['attribute']): OtherAttributeGrant => ({
    kind: 'attribute',
    attribute,
  }),

  /**
   * Privileges on an object, or on those of a schema that a pattern matches.
   * @see https://www.postgresql.org/docs/current/ddl-priv.html
   */
  privilege: <Kind extends GrantableKind>(
    target: Target<Kind>,
    privileges: readonly PrivilegeOn<NoInfer<Kind>>[],
    options: PrivilegeOptions = {},
  ): PrivilegeGrant => privilegeGrant(privileges, target, options),

  /** Ownership of an object. A schema is created if it does not exist; anything else has to be there. */
  ownership: (target: Target<OwnableKind>): OwnershipGrant => ({
    kind: 'ownership',
    object: target as ObjectName<OwnableKind>,
  }),

  /**
   * Privileges on what a role will create, in one schema or in all. They stand in no intermediate role, and entitle to
   * what they have produced: the privileges of this kind that the role holds directly on objects of that owner.
   * @see https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
   */
  defaultPrivilege: <On extends FutureObjects>(
    target: DefaultPrivilegeTarget<On>,
    privileges: readonly PrivilegeOn<KindOfFuture<NoInfer<On>>>[],
    options: { readonly grantable?: boolean } = {},
  ): DefaultPrivilegeGrant => {
    checkOptions('default privileges', target, ['owner', 'schema', 'on'])
    checkOptions('default privileges', options, ['grantable'])
    const { owner, schema = null, on } = target
    const { grantable = false } = options
    return { kind: 'default privilege', owner, schema, on, privileges, grantable }
  },

  /** CONNECT on a database. It means little while PUBLIC has it, as PostgreSQL grants by default. */
  databaseConnect: (database: string, options: DirectOption = {}): PrivilegeGrant =>
    shorthand('CONNECT', Target.database(database), options),

  /** USAGE on a schema: to look up what is in it. */
  schemaUsage: (schema: string, options: DirectOption = {}): PrivilegeGrant =>
    shorthand('USAGE', Target.schema(schema), options),

  /** CREATE on a schema: to make objects in it. */
  schemaCreate: (schema: string, options: DirectOption = {}): PrivilegeGrant =>
    shorthand('CREATE', Target.schema(schema), options),

  /**
   * SELECT on a table, partitioned table, view, materialized view or foreign table, by name or by pattern as
   * `Target.table` has it.
   */
  tableSelect: (schema: string, table: NameOrPattern, options: DirectOption = {}): PrivilegeGrant =>
    shorthand('SELECT', Target.table(schema, table), options),

  /** Direct membership in a role, which is created if it does not exist. */
  roleMembership: (role: string, options: MembershipOptions = {}): MembershipGrant => {
    checkOptions('membership', options, ['admin', 'inherit', 'set'])
    return { kind: 'membership', role, ...options }
  },

  /** Ownership of a schema, which is created if it does not exist. */
  schemaOwnership: (schema: string): OwnershipGrant => ({
    kind: 'ownership',
    object: Target.schema(schema),
  }),

  /** Ownership of a table, partitioned table, view, materialized view or foreign table. */
  tableOwnership: (schema: string, table: string): OwnershipGrant => ({
    kind: 'ownership',
    object: { kind: 'table', name: [schema, table] },
  }),
} as const

/** What can be asked for, one function each. What it is asked of is checked when the grants meet a role. */
export const Grant: typeof grants = eachOnGiven(grants, 'cannot build a grant: what was given cannot be read')
