import type { KindInSchema, ObjectName } from '../postgres/object-kind.ts'

/** All objects of one kind in a schema; for columns, all with one name. */
export interface PatternScope {
  readonly kind: KindInSchema | 'column'
  readonly schema: string
  readonly column?: string
  /** Their ownership is asked for: they are read together with everything that always has the same owner. */
  readonly owned?: true
}

/** What is read to explain access. */
export interface AccessScope {
  /**
   * `all`; or these, with all roles that they are members of; or `holders`: every role that has something on the objects, or
   * on what these are in, in another way than by PUBLIC.
   */
  readonly roles: 'all' | 'holders' | readonly string[]
  /**
   * These, with what they are in; or `all`: what is in the database. Of what PostgreSQL itself brings along, these are schemas, what is
   * outside of schemas, and whatever has been granted to a role.
   */
  readonly objects: 'all' | readonly ObjectName[]
  /** Besides all, these, which are not read with all others: a column without an ACL, or what PostgreSQL itself brings along. */
  readonly besides?: readonly ObjectName[]
}

/** What must be read from the catalogs to make a plan, or to prove one. Every list is sorted and has no duplicates. */
export interface Scope {
  /** Roles about which everything is read: what they hold, own and have granted, and what they are members of. */
  readonly desired: readonly string[]
  /** Roles whose attributes are read, and the roles that they are members of, directly or indirectly. */
  readonly roles: readonly string[]
  /** Objects to read, each with its owner and its whole ACL. */
  readonly objects: readonly ObjectName[]
  /**
   * Those of the objects that are read together with everything that always has the same owner: a table’s
   * columns and sequences.
   */
  readonly owned: readonly ObjectName[]
  /** Objects to read because a grant asks for all of them, or for those that a pattern matches. */
  readonly patterns: readonly PatternScope[]
  /** Roles besides the desired ones whose default privileges are read. */
  readonly defaultsOf: readonly string[]
  /** Desired roles whose connection limits, comments and settings are read. */
  readonly properties?: readonly string[]
  /** Desired roles of which all members are read, as if `roles` listed these. */
  readonly members?: readonly string[]
  /** Settings of which is read who may set them. */
  readonly settings?: readonly string[]
  /** Those desired roles of which is read what else keeps them from being dropped: see `Mentions`. */
  readonly absent?: readonly string[]
  /** Whether to read the roles of pgsr’s own that this database may not need any more. */
  readonly unusedRoles: boolean
  /** Set if the snapshot was read to explain access. */
  readonly access?: AccessScope
}
