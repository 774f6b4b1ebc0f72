import { type ObjectKind, objectKinds, type ObjectName, schemaOf } from './object-kind.ts'
import type { Privilege } from './privilege.ts'

/** How default privileges treat one kind of objects that are still to be made. */
export interface FutureObjectsRow {
  /** What `pg_default_acl.defaclobjtype` calls them. */
  readonly letter: string
  /** The kinds of object that they become. */
  readonly become: readonly ObjectKind[]
  /** What everybody has on such an object where no default privileges say otherwise. */
  readonly toPublic?: Privilege
  /** They are in no schema. */
  readonly outsideSchemas?: true
  /** The first version that has default privileges for them. */
  readonly since?: number
}

const table = {
  tables: { letter: 'r', become: ['table'] },
  sequences: { letter: 'S', become: ['sequence'] },
  functions: { letter: 'f', become: ['function', 'procedure'], toPublic: 'EXECUTE' },
  types: { letter: 'T', become: ['type'], toPublic: 'USAGE' },
  schemas: { letter: 'n', become: ['schema'], outsideSchemas: true, since: 100000 },
  'large objects': { letter: 'L', become: ['large object'], outsideSchemas: true, since: 180000 },
} as const

/** The kinds of objects that have default privileges, under the words of ALTER DEFAULT PRIVILEGES. */
export type FutureObjects = keyof typeof table

/** The kind of object whose privileges there are default privileges of. */
export type KindOfFuture<On extends FutureObjects> = (typeof table)[On]['become'][number]

/**
 * Everything that has default privileges, a row each.
 * @see https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
 */
export const futureObjects: Readonly<Record<FutureObjects, FutureObjectsRow>> = table

export const isFutureObjects = (on: unknown): on is FutureObjects =>
  typeof on === 'string' && Object.hasOwn(futureObjects, on)

/** Objects that an owner is still to make, in one schema or, `null`, in any. */
export interface Future {
  readonly owner: string
  readonly schema: string | null
  readonly on: FutureObjects
}

/** What `pg_default_acl.defaclobjtype` means; `undefined` for a letter that no PostgreSQL up to 18 has. */
export const futureObjectsOf = (letter: string): FutureObjects | undefined =>
  (Object.keys(futureObjects) as FutureObjects[]).find((on) => futureObjects[on].letter === letter)

/** The privileges that there are on what such objects become. */
export const futurePrivileges = (on: FutureObjects): readonly Privilege[] =>
  objectKinds[futureObjects[on].become[0]!].privileges

/** By which default privileges an object may have got its items: those of its schema, and those of every schema. */
export const defaultsFor = (object: ObjectName): readonly Omit<Future, 'owner'>[] => {
  const on = (Object.keys(futureObjects) as FutureObjects[]).find((one) =>
    futureObjects[one].become.includes(object.kind),
  )
  if (on === undefined) return []
  const schema = schemaOf(object)
  return [{ on, schema: null }, ...(schema === undefined ? [] : [{ on, schema }])]
}
