import { type ObjectKind, objectKinds } from '@pgsr/planner'
import { schemaOf } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import type { Oid, PgCatalog } from './pg-catalog.ts'

/** A constant text in the query. Kysely would make it a parameter, and the query can have only one. */
export const constant = <Text extends string>(text: Text): RawBuilder<Text> => {
  if (!/^[ \w.-]*$/.test(text)) throw new RangeError(`cannot write a constant into the query: ${text}`)
  return sql<Text>`${sql.raw(`'${text}'`)}`
}

/** The oid of a catalog, which dependencies use for the kind of an object. */
export const catalogOid = (catalog: keyof PgCatalog): RawBuilder<Oid> =>
  sql<Oid>`${constant(catalog)}::regclass::oid`

/** The name of the catalog of a dependency. With `quote_all_identifiers`, `regclass` quotes it. */
export const catalogName = (classid: string): RawBuilder<string> =>
  sql<string>`pg_catalog.btrim(${sql.ref(classid)}::regclass::text, '"')`

/** Whether the name of an object of a kind contains that of a schema, or is one. */
export const hasSchema = (kind: ObjectKind): boolean =>
  kind === 'schema' || schemaOf({ kind, name: [''] }) !== undefined

/** The kinds of object that are in schemas. */
export const kindsInSchemas: RawBuilder<unknown> = sql.join(
  (Object.keys(objectKinds) as ObjectKind[])
    .filter((kind) => schemaOf({ kind, name: [''] }) !== undefined)
    .map(constant),
)

/** `offset 0`. It keeps PostgreSQL from turning an index lookup into a join that reads a whole catalog. */
export const zero: RawBuilder<number> = sql<number>`0`

/** The names of intermediate roles, which hold a privilege for their members. */
export const intermediateName: RawBuilder<string> = sql<string>`'^_pgsr_(global|local_[0-9]+)_(.+_)?[0-9a-f]{8}$'`

/**
 * Whether a name looks like that of an intermediate role. To look closely takes ten times as long, and what is read of a few
 * more roles does no harm.
 */
export const looksIntermediate = (called: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`${called} like any (array['\\_pgsr\\_local\\_%', '\\_pgsr\\_global\\_%'])`

/** The names of caretakers, which own what other roles have lost. */
export const caretakerName: RawBuilder<string> = sql<string>`'^_pgsr_caretaker_[0-9a-f]{8}$'`

/** The names of delegates, which administer those roles. */
export const delegateName: RawBuilder<string> = sql<string>`'^_pgsr_admin_[0-9a-f]{8}$'`
