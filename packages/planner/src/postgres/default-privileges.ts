import { type ObjectKind, objectKinds, type ObjectName, schemaOf } from './object-kind.ts'
import type { Privilege } from './privilege.ts'

/** How default privileges treat one kind of future objects. */
export interface FutureObjectsRow {
  /** Their letter in `pg_default_acl.defaclobjtype`. */
  readonly letter: string
  /** The kinds of object that they become when they are created. */
  readonly become: readonly ObjectKind[]
  /** The privilege that PUBLIC has on such an object if no default privileges are set. */
  readonly toPublic?: Privilege
  /** They are not in a schema. */
  readonly outsideSchemas?: true
  /** The first version that has default privileges for them, as in `server_version_num`. */
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

/** The kinds of objects that have default privileges, in the words of ALTER DEFAULT PRIVILEGES. */
export type FutureObjects = keyof typeof table

/** The kind of object that future objects become. */
export type KindOfFuture<On extends FutureObjects> = (typeof table)[On]['become'][number]

/**
 * All kinds of objects that have default privileges, one row each.
 * @see https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
 */
export const futureObjects: Readonly<Record<FutureObjects, FutureObjectsRow>> = table

export const isFutureObjects = (on: unknown): on is FutureObjects =>
  typeof on === 'string' && Object.hasOwn(futureObjects, on)

/** Objects that an owner will create, in one schema or, if it is `null`, in any. */
export interface Future {
  readonly owner: string
  readonly schema: string | null
  readonly on: FutureObjects
}

/** The meaning of a letter in `pg_default_acl.defaclobjtype`; `undefined` if PostgreSQL up to 18 does not have it. */
export const futureObjectsOf = (letter: string): FutureObjects | undefined =>
  (Object.keys(futureObjects) as FutureObjects[]).find((on) => futureObjects[on].letter === letter)

/** The privileges that such objects can have. */
export const futurePrivileges = (on: FutureObjects): readonly Privilege[] =>
  objectKinds[futureObjects[on].become[0]!].privileges

/** The default privileges that may have given an object its ACL items: those for any schema, and those for its own. */
export const defaultsFor = (object: ObjectName): readonly Omit<Future, 'owner'>[] => {
  const on = (Object.keys(futureObjects) as FutureObjects[]).find((one) =>
    futureObjects[one].become.includes(object.kind),
  )
  if (on === undefined) return []
  const schema = schemaOf(object)
  return [{ on, schema: null }, ...(schema === undefined ? [] : [{ on, schema }])]
}
