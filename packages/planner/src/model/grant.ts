import type { GrantableAttribute } from '../postgres/attribute.ts'
import type { FutureObjects, KindOfFuture } from '../postgres/default-privileges.ts'
import type { GrantableKind, ObjectName, OwnableKind, PrivilegeOn } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { InvalidGrantError } from './invalid-grant.ts'
import { checkOptionNames } from './option-names.ts'
import { Secret } from './secret.ts'
import { type AllInSchema, type NameOrPattern, Target } from './target.ts'
import { eachOnGiven } from './unchecked-input.ts'

/** LOGIN, with the password and its expiry. */
export interface LoginGrant {
  readonly kind: 'attribute'
  readonly attribute: 'LOGIN'
  /** ISO 8601 with an offset, or `infinity`. */
  readonly validUntil: string
  /**
   * `keep`: the existing password stays. `set`: a password is set when the plan is executed. A {@link Secret}
   * holds the password itself, and never gets into a plan.
   */
  readonly password: 'keep' | 'set' | Secret
  /** The password is set only if the role has none, as far as that is known, or could not log in until now. */
  readonly initial?: true
  /** The password itself is sent, and the server makes the verifier. By default only a verifier is sent. */
  readonly hashedBy?: 'server'
}

/** An attribute other than LOGIN. */
export interface OtherAttributeGrant {
  readonly kind: 'attribute'
  readonly attribute: Exclude<GrantableAttribute, 'LOGIN'>
}

export type AttributeGrant = LoginGrant | OtherAttributeGrant

/** Privileges on one object, on the objects that a pattern matches, or on all of a schema. */
export interface PrivilegeGrant {
  readonly kind: 'privilege'
  readonly privileges: readonly Privilege[]
  /** For columns, the name may list any number of columns after the table. */
  readonly object: Target<GrantableKind>
  /** The role stands in the object’s own ACL, instead of being a member of an intermediate role. */
  readonly direct: boolean
  /** With grant option. Only together with `direct`. */
  readonly grantable: boolean
}

/** Ownership of an object, or of all objects of a kind in a schema. A schema is created if it does not exist. */
export interface OwnershipGrant {
  readonly kind: 'ownership'
  readonly object: ObjectName<OwnableKind> | AllInSchema
}

/** Direct membership in a role, which is created if it does not exist. */
export interface MembershipGrant {
  readonly kind: 'membership'
  readonly role: string
  /** Whether the member has the ADMIN option, and so may make others members. Default: no. */
  readonly admin?: boolean
  /** From PostgreSQL 16 on: whether the member has the role’s privileges. Default: either way is fine. */
  readonly inherit?: boolean
  /** From PostgreSQL 16 on: whether the member may SET ROLE to the role. Default: either way is fine. */
  readonly set?: boolean
}

/**
 * Privileges on objects that an owner will create. They also entitle the role to what it already holds
 * directly of the same privileges on that owner’s objects.
 */
export interface DefaultPrivilegeGrant {
  readonly kind: 'default privilege'
  /** The role that will own the objects. */
  readonly owner: string
  /** The schema of the objects; `null` means any. */
  readonly schema: string | null
  readonly on: FutureObjects
  readonly privileges: readonly Privilege[]
  /** With grant option. */
  readonly grantable: boolean
}

/** Something that a role should have. Plain data: build it with the functions of {@link Grant}, or by hand. */
export type Grant = AttributeGrant | PrivilegeGrant | OwnershipGrant | MembershipGrant | DefaultPrivilegeGrant

/** Those of some grants that are of one kind. */
export const ofKind = <Kind extends Grant['kind']>(
  grants: readonly Grant[],
  kind: Kind,
): readonly Extract<Grant, { readonly kind: Kind }>[] =>
  grants.filter((grant): grant is Extract<Grant, { readonly kind: Kind }> => grant.kind === kind)

export interface LoginOptions {
  /**
   * Without this key the existing password stays. An empty or undefined password is refused. A given one is
   * set at each sync, unless pgsr may read the stored verifier and finds it unchanged. So leave the key out
   * if the password has not changed: then a sync with nothing else to do writes nothing.
   */
  readonly password?: string
  /**
   * A password for a role that is created, could not log in until now, or has none stored, as far as pgsr may read that.
   * After that the role keeps its password, whatever it is. Not together with `password`.
   */
  readonly initialPassword?: string
  /**
   * `server`: the password is sent **as it is**, for servers that check passwords against rules. It may then
   * appear in their logs. By default pgsr makes a verifier, and sends only that.
   */
  readonly hashedBy?: 'server'
  /** When the password expires: a date, or ISO 8601 with an offset. Default: never. */
  readonly validUntil?: Date | string
}

export interface DirectOption {
  /**
   * Put the role into the object’s own ACL. That makes connecting faster, but an ACL holds only about two
   * thousand roles. By default an intermediate role holds the privilege, and the role becomes a member of it.
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
  /** From PostgreSQL 16 on: the member has the role’s privileges. By default an existing option stays as it is. */
  readonly inherit?: boolean
  /** From PostgreSQL 16 on: the member may SET ROLE to the role. By default an existing option stays as it is. */
  readonly set?: boolean
}

export interface DefaultPrivilegeTarget<On extends FutureObjects> {
  /** The role that will create the objects: default privileges belong to it. */
  readonly owner: string
  /** Only objects in this schema. Default: in any. */
  readonly schema?: string
  readonly on: On
}

/** Names the key of a misspelt option but not its value, which may be a password. */
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

/** Builds the grants that are asked for most. */
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
   * LOGIN, with a password and its expiry. The password leaves the process only as a verifier, unless `hashedBy` says
   * otherwise, and is printed as `[redacted]`. A role without this grant loses LOGIN and its password.
   * @see https://www.postgresql.org/docs/current/role-attributes.html
   */
  login: (options: LoginOptions = {}): LoginGrant => {
    checkOptions('LOGIN', options, ['password', 'initialPassword', 'hashedBy', 'validUntil'])
    const isInitial = 'initialPassword' in options
    if (isInitial && 'password' in options)
      throw new InvalidGrantError({
        field: 'initialPassword',
        message: 'cannot build a grant of LOGIN: it has both password and initialPassword; give one of them',
      })
    return {
      kind: 'attribute',
      attribute: 'LOGIN',
      validUntil: 'validUntil' in options ? dateText(options.validUntil) : 'infinity',
      password:
        isInitial || 'password' in options ? new Secret(options.initialPassword ?? options.password) : 'keep',
      ...(isInitial && { initial: true }),
      ...(options.hashedBy !== undefined && { hashedBy: options.hashedBy }),
    }
  },

  /**
   * An attribute other than LOGIN. INHERIT cannot be asked for, and stays as it is.
   * @see https://www.postgresql.org/docs/current/role-attributes.html
   */
  attribute: (attribute: OtherAttributeGrant['attribute']): OtherAttributeGrant => ({
    kind: 'attribute',
    attribute,
  }),

  /**
   * Privileges on an object, or on the objects of a schema: all of a kind, or those that a pattern matches.
   * @see https://www.postgresql.org/docs/current/ddl-priv.html
   */
  privilege: <Kind extends GrantableKind>(
    target: Target<Kind>,
    privileges: readonly PrivilegeOn<NoInfer<Kind>>[],
    options: PrivilegeOptions = {},
  ): PrivilegeGrant => privilegeGrant(privileges, target, options),

  /**
   * Ownership of an object, or of all objects of a kind in a schema: the role keeps what it creates there, and gets
   * what others own. What belongs to an extension stays with its owner. A schema is created if it does not exist; any
   * other object must exist.
   */
  ownership: (target: Target<OwnableKind>): OwnershipGrant => ({
    kind: 'ownership',
    object: target as OwnershipGrant['object'],
  }),

  /**
   * Privileges on objects that an owner will create, in one schema or in any. The role holds them directly,
   * not through an intermediate role. The grant also entitles it to what it already holds directly of the
   * same privileges on that owner’s objects.
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

  /** CONNECT on a database. It means little while PUBLIC has CONNECT, which is PostgreSQL’s default. */
  databaseConnect: (database: string, options: DirectOption = {}): PrivilegeGrant =>
    shorthand('CONNECT', Target.database(database), options),

  /** USAGE on a schema, which a role needs to access the objects in it. */
  schemaUsage: (schema: string, options: DirectOption = {}): PrivilegeGrant =>
    shorthand('USAGE', Target.schema(schema), options),

  /** CREATE on a schema, which a role needs to create objects in it. */
  schemaCreate: (schema: string, options: DirectOption = {}): PrivilegeGrant =>
    shorthand('CREATE', Target.schema(schema), options),

  /**
   * SELECT on a table, partitioned table, view, materialized view or foreign table, by name or by pattern, as
   * in `Target.table`.
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

/** Builds grants, one function for each kind. The grants are checked when a role is planned. */
export const Grant: typeof grants = eachOnGiven(grants, 'cannot build a grant: what was given cannot be read')
