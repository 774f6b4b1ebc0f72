import type { ObjectKind, Scope } from '@pgsr/planner'

/**
 * What a scope asks for that few scopes do. PostgreSQL takes longer to plan the query than to run it, so that the query has
 * only the parts that the scope needs.
 */
export interface Needs {
  /** The kinds of object that the scope names, except those that every query can look up. */
  readonly named: ReadonlySet<ObjectKind>
  /** The kinds of object in patterns. */
  readonly matched: ReadonlySet<ObjectKind>
  /** Whether default privileges of other than the desired roles are read. */
  readonly defaults: boolean
  readonly unusedRoles: boolean
}

/** The kinds that every query can look up by name. */
const alwaysNamed: ReadonlySet<ObjectKind> = new Set(['database', 'schema', 'table', 'column', 'sequence'])

export const needsOf = ({ objects, owned, patterns, defaultsOf, unusedRoles }: Scope): Needs => ({
  named: new Set([...objects, ...owned].map(({ kind }) => kind).filter((kind) => !alwaysNamed.has(kind))),
  matched: new Set(patterns.map(({ kind }) => kind)),
  defaults: defaultsOf.length > 0,
  unusedRoles,
})

/** A key that is equal for equal needs. */
export const needsKey = ({ named, matched, defaults, unusedRoles }: Needs): string =>
  JSON.stringify([[...named].sort(), [...matched].sort(), defaults, unusedRoles])
