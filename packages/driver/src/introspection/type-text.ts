import { type RawBuilder, sql } from 'kysely'

/** Objects with a lower oid were made by initdb. */
const firstNormalObjectId = sql<number>`16384`

/** Whether a type is the array type of another. Other types with elements, such as a domain over an array, are not. */
export const isArray = (type: string): RawBuilder<boolean> => sql<boolean>`exists (
  select from pg_catalog.pg_type as element
  where element.oid = ${sql.ref(`${type}.typelem`)} and element.typarray = ${sql.ref(`${type}.oid`)} offset 0
)`

/**
 * A type by its oid, as `typeName` reads it: with its schema, unless it is built in. `format_type` alone would leave out any
 * schema in the search path, and would write some types with elements as arrays.
 */
export const typeText = (oid: RawBuilder<unknown>): RawBuilder<string> => sql<string>`(
  select case
    when n.nspname = 'pg_catalog' and y.oid < ${firstNormalObjectId} then pg_catalog.format_type(y.oid, null)
    else pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(y.typname)
  end || case when y.oid = t.oid then '' else '[]' end
  from pg_catalog.pg_type as t
  join pg_catalog.pg_type as y on y.oid = case when ${isArray('t')} then t.typelem else t.oid end
  join pg_catalog.pg_namespace as n on n.oid = y.typnamespace
  where t.oid = ${oid}
)`
