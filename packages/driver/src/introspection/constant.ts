import { type ObjectKind, objectKinds, schemaOf } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import type { Oid, PgCatalog } from '../catalog.ts'

/** A text constant of ours. Kysely would make a parameter of it, and the query has room for one only. */
export const constant = <Text extends string>(text: Text): RawBuilder<Text> => {
  if (!/^[ \w.-]*$/.test(text)) throw new RangeError(`not a constant to write into a query: ${text}`)
  return sql<Text>`${sql.raw(`'${text}'`)}`
}

/** The oid of a catalog, by which dependencies name the kind of an object. */
export const catalogOid = (catalog: keyof PgCatalog): RawBuilder<Oid> =>
  sql<Oid>`${constant(catalog)}::regclass::oid`

/** The kinds of object that are in schemas. */
export const kindsInSchemas: RawBuilder<unknown> = sql.join(
  (Object.keys(objectKinds) as ObjectKind[])
    .filter((kind) => schemaOf({ kind, name: [''] }) !== undefined)
    .map(constant),
)

/** `offset 0`, which keeps PostgreSQL from making a join of a look-up by index: it would read a whole catalog. */
export const zero: RawBuilder<number> = sql<number>`0`

/** The names pgsr gives to roles that hold something for their members. */
export const intermediateName: RawBuilder<string> = sql<string>`'^_pgsr_(global|local_[0-9]+)_(.+_)?[0-9a-f]{8}$'`

/** The names pgsr gives to roles that own what others have lost. */
export const caretakerName: RawBuilder<string> = sql<string>`'^_pgsr_caretaker_[0-9a-f]{8}$'`

/** The names pgsr gives to roles that administer those. */
export const delegateName: RawBuilder<string> = sql<string>`'^_pgsr_admin_[0-9a-f]{8}$'`
