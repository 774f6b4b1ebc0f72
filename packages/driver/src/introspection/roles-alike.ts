import { type RawBuilder, sql } from 'kysely'
import { type ColumnsOf, columnsOf } from './rows.ts'
import type { Listing } from './statement.ts'

type Columns = ColumnsOf<'roles'>
type Column = keyof Columns

/** A row for each role `r`, for a few roles. */
export const eachRole = (
  { name, oid, ...rest }: Columns,
  from: RawBuilder<unknown>,
): Listing<'rolesAlike'> => ({
  columns: { names: sql`array[${name}]`, oids: sql`array[${oid}]`, ...rest },
  from: sql`${from} order by r.oid`,
})

const otherThanFlags = ['name', 'oid', 'validUntil', 'administers'] as const satisfies readonly Column[]

type Flag = Exclude<Column, (typeof otherThanFlags)[number]>

const isFlag = (column: Column): column is Flag => !otherThanFlags.some((other) => other === column)

const flags = columnsOf('roles').filter(isFlag)

const read = (column: Column): RawBuilder<unknown> => sql.ref(`r.${column}`)

/** What all flags are, as one number. */
const flagsAsNumber = sql.join(
  flags.map((flag, index) => sql`${read(flag)}::int4 * ${sql.raw(String(2 ** index))}`),
  sql` + `,
)

/** Of all roles with the same flags. */
const flagsOfAll = Object.fromEntries(
  flags.map((flag) => [flag, sql`pg_catalog.bool_and(${read(flag)})`]),
) as Pick<Columns, Flag>

/**
 * A row for all roles `r` with the same attributes. PostgreSQL sorts the roles by these. Most are intermediate roles, whose
 * attributes are all the same, so that all would be compared. One number is compared instead.
 */
export const rolesAlike = (columns: Columns, from: RawBuilder<unknown>): Listing<'rolesAlike'> => {
  const each = sql.join(columnsOf('roles').map((column) => sql`${columns[column]} as ${sql.ref(column)}`))
  const listed = (column: Column): RawBuilder<unknown> =>
    sql`pg_catalog.array_agg(${read(column)} order by r.number)`
  return {
    columns: {
      names: listed('name'),
      oids: listed('oid'),
      validUntil: read('validUntil'),
      administers: read('administers'),
      ...flagsOfAll,
    },
    from: sql`from (select r.oid as number, ${each} ${from} offset 0) as r
    group by ${flagsAsNumber}, ${read('validUntil')}, ${read('administers')}
    order by pg_catalog.min(r.number)`,
  }
}
