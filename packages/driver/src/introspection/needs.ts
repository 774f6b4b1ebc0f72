import type { ObjectKind, Scope } from '@pgsr/planner'

/**
 * What a scope asks for that few do. To plan the query takes longer than to run it, so that it has only those parts of which
 * something is asked.
 */
export interface Needs {
  /** The kinds of object that are looked up by their names, of those that are rarely. */
  readonly named: ReadonlySet<ObjectKind>
  /** The kinds of object that patterns ask for. */
  readonly matched: ReadonlySet<ObjectKind>
  /** Default privileges of roles besides the desired ones. */
  readonly defaults: boolean
  readonly unusedRoles: boolean
}

/** The kinds of which the query can always look up some. */
const alwaysNamed: ReadonlySet<ObjectKind> = new Set(['database', 'schema', 'table', 'column', 'sequence'])

export const needsOf = ({ objects, owned, patterns, defaultsOf, unusedRoles }: Scope): Needs => ({
  named: new Set([...objects, ...owned].map(({ kind }) => kind).filter((kind) => !alwaysNamed.has(kind))),
  matched: new Set(patterns.map(({ kind }) => kind)),
  defaults: defaultsOf.length > 0,
  unusedRoles,
})

/** One text for the same needs. */
export const needsKey = ({ named, matched, defaults, unusedRoles }: Needs): string =>
  JSON.stringify([[...named].sort(), [...matched].sort(), defaults, unusedRoles])
