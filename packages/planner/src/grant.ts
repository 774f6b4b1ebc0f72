import { InvalidGrantError } from './errors.ts'
import type { ObjectName } from './object-kind.ts'
import type { Privilege } from './privilege.ts'
import { Secret } from './secret.ts'

/** A regular expression that survives JSON. `flags` as in JavaScript, but neither `g` nor `y`. */
export interface Pattern {
  readonly source: string
  readonly flags?: string
}

/** Every table-like object of a schema whose name the pattern matches, at the time of planning. */
export interface TablePattern {
  readonly kind: 'table'
  readonly schema: string
  readonly pattern: Pattern
}

/** LOGIN, with what belongs to it. */
export interface AttributeGrant {
  readonly kind: 'attribute'
  readonly attribute: 'LOGIN'
  /** ISO 8601 with an offset, or `infinity`. */
  readonly validUntil: string
  /** `keep`: whatever password the role has stays. `set`: one is set when the plan is executed. */
  readonly password: 'keep' | 'set' | Secret
}

/** One privilege on one object, or on the tables that a pattern matches. */
export interface PrivilegeGrant {
  readonly kind: 'privilege'
  readonly privilege: Privilege
  readonly object: ObjectName | TablePattern
  /** In the object’s own ACL rather than through an intermediate role. */
  readonly direct: boolean
}

/** Being the owner. A schema is created where it does not exist. */
export interface OwnershipGrant {
  readonly kind: 'ownership'
  readonly object: ObjectName
}

/** Being a direct member of a role, which is created where it does not exist. */
export interface MembershipGrant {
  readonly kind: 'membership'
  readonly role: string
}

/** Something that a role should have. Plain data: build it with the functions of {@link Grant}, or by hand. */
export type Grant = AttributeGrant | PrivilegeGrant | OwnershipGrant | MembershipGrant

export interface LoginOptions {
  /**
   * Without this key the existing password stays. Empty or undefined is refused. One that is given is set each time,
   * so leave it out where it has not changed: then a sync that finds nothing else to do writes nothing.
   */
  readonly password?: string
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

/** A misspelt option would silently be left out; and what was given in its place may be a password. */
const checkOptions = (what: string, options: unknown, known: readonly string[]): void => {
  const unknown =
    typeof options === 'object' && options !== null && !Array.isArray(options)
      ? Object.keys(options).find((name) => !known.includes(name))
      : 'what was given'
  if (unknown !== undefined)
    throw new InvalidGrantError({
      field: unknown,
      message: `cannot build a grant of ${what}: ${unknown} is no option; there are ${known.join(', ')}`,
    })
}

const privilegeGrant =
  (privilege: Privilege) =>
  (object: ObjectName | TablePattern, options: DirectOption): PrivilegeGrant => {
    checkOptions(privilege, options, ['direct'])
    return { kind: 'privilege', privilege, object, direct: options.direct ?? false }
  }

const connect = privilegeGrant('CONNECT')
const usage = privilegeGrant('USAGE')
const create = privilegeGrant('CREATE')
const select = privilegeGrant('SELECT')

const dateText = (date: Date | string): string => {
  if (!(date instanceof Date)) return date
  return Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString()
}

/** What can be asked for, one function each. What it is asked of is checked when the grants meet a role. */
export const Grant = {
  /**
   * LOGIN. The password leaves the process only as a verifier, and shows as `[redacted]` wherever it is printed.
   * A role that is not asked to log in loses its password together with LOGIN.
   * @see https://www.postgresql.org/docs/current/role-attributes.html
   */
  login: (options: LoginOptions = {}): AttributeGrant => {
    checkOptions('LOGIN', options, ['password', 'validUntil'])
    return {
      kind: 'attribute',
      attribute: 'LOGIN',
      validUntil: 'validUntil' in options ? dateText(options.validUntil) : 'infinity',
      password: 'password' in options ? new Secret(options.password) : 'keep',
    }
  },

  /** CONNECT on a database. It means little while PUBLIC has it, as PostgreSQL grants by default. */
  databaseConnect: (database: string, options: DirectOption = {}): PrivilegeGrant =>
    connect({ kind: 'database', name: [database] }, options),

  /** USAGE on a schema: to look up what is in it. */
  schemaUsage: (schema: string, options: DirectOption = {}): PrivilegeGrant =>
    usage({ kind: 'schema', name: [schema] }, options),

  /** CREATE on a schema: to make objects in it. */
  schemaCreate: (schema: string, options: DirectOption = {}): PrivilegeGrant =>
    create({ kind: 'schema', name: [schema] }, options),

  /**
   * SELECT on a table, partitioned table, view, materialized view or foreign table. A `RegExp` (or its equivalent
   * that survives JSON, `{ source, flags }`) stands for every one in the schema whose name it matches by its
   * ordinary `.test`: an unanchored one matches more, `/orders/` also `old_orders_2019`. The flags `g` and `y` are
   * refused.
   */
  tableSelect: (
    schema: string,
    table: string | RegExp | Pattern,
    options: DirectOption = {},
  ): PrivilegeGrant => {
    if (typeof table !== 'object' || table === null || !('source' in table))
      return select({ kind: 'table', name: [schema, table] }, options)
    const { source, flags = '' } = table
    return select({ kind: 'table', schema, pattern: { source, flags } }, options)
  },

  /** Direct membership in a role, which is created if it does not exist. */
  roleMembership: (role: string): MembershipGrant => ({ kind: 'membership', role }),

  /** Ownership of a schema, which is created if it does not exist. */
  schemaOwnership: (schema: string): OwnershipGrant => ({
    kind: 'ownership',
    object: { kind: 'schema', name: [schema] },
  }),

  /** Ownership of a table, partitioned table, view, materialized view or foreign table. */
  tableOwnership: (schema: string, table: string): OwnershipGrant => ({
    kind: 'ownership',
    object: { kind: 'table', name: [schema, table] },
  }),
} as const

export const isPattern = (object: ObjectName | TablePattern): object is TablePattern => 'pattern' in object
