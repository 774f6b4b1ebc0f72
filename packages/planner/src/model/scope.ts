import type { MatchableKind, ObjectName } from '../postgres/object-kind.ts'

/** Everything of one kind in a schema; of columns, those with one name. */
export interface PatternScope {
  readonly kind: MatchableKind
  readonly schema: string
  readonly column?: string
}

/** What must be read from the catalogs to make a plan, or to prove one. Every list is sorted and free of repeats. */
export interface Scope {
  /** Roles of which everything is read: what they hold, own and have granted, and what they are members of. */
  readonly desired: readonly string[]
  /** Roles of which the attributes are read, and what they are members of, directly or not. */
  readonly roles: readonly string[]
  /** Objects to read, each with its owner and its whole ACL. */
  readonly objects: readonly ObjectName[]
  /** Those of the objects of which everything that follows their owner is read too: a table’s columns, a sequence. */
  readonly owned: readonly ObjectName[]
  /** What a pattern asks for some of. */
  readonly patterns: readonly PatternScope[]
  /** Roles of which the default privileges are read, besides the desired ones. */
  readonly defaultsOf: readonly string[]
  /** Whether to read the intermediate roles that this database may not need any more. */
  readonly unusedRoles: boolean
}
