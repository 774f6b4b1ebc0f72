import { type RawBuilder, sql } from 'kysely'
import { constant } from './constant.ts'

type Columns = Readonly<Record<string, 'oid' | 'boolean'>>

/**
 * What a statement finds and later statements use: lists, with the types of their columns. They are handed on in settings
 * of the transaction, as arrays of equal length.
 */
const lists = {
  desired: { oid: 'oid' },
  requested_role: { oid: 'oid' },
  unused_role: { oid: 'oid' },
  tracked_role: { oid: 'oid', desired: 'boolean' },
  owner_or_grantor: { oid: 'oid' },
  snapshot_schema: { oid: 'oid' },
} as const satisfies Readonly<Record<string, Columns>>

export type HandedList = keyof typeof lists

/** The same of the session, of which there is one row. */
const sessionColumns = {
  database: 'oid',
  database_owner: 'oid',
  acting: 'oid',
  superuser: 'boolean',
  login: 'oid',
} as const satisfies Columns

export type SessionColumn = keyof typeof sessionColumns

const settingOf = (result: string, column: string): RawBuilder<string> => constant(`pgsr.${result}_${column}`)

const set = (setting: RawBuilder<string>, value: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`pg_catalog.set_config(${setting}, coalesce((${value})::text, '{}'), true)`

const columnsOf = (result: HandedList): readonly (readonly [column: string, type: string])[] =>
  Object.entries(lists[result])

/** Hands on a list, which is a common table expression of the same name. */
export const handOn = (result: HandedList): readonly RawBuilder<unknown>[] =>
  columnsOf(result).map(([column]) =>
    set(
      settingOf(result, column),
      sql`select pg_catalog.array_agg(x.${sql.ref(column)}) from ${sql.table(result)} as x`,
    ),
  )

/** Hands on an array of oids as a list. */
export const handOnArray = (result: HandedList, oids: RawBuilder<unknown>): RawBuilder<unknown> =>
  set(settingOf(result, 'oid'), oids)

export const handOnSession = (column: SessionColumn, value: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`pg_catalog.set_config(${settingOf('session', column)}, coalesce(${value}::text, '0'), true)`

/** The oids of a list as an array, which an index can be searched for. */
export const oidsOf = (result: HandedList): RawBuilder<readonly number[]> =>
  sql`pg_catalog.current_setting(${settingOf(result, 'oid')})::oid[]`

/** A fact about the session. */
export const ofSession = (column: SessionColumn): RawBuilder<never> =>
  sql<never>`pg_catalog.current_setting(${settingOf('session', column)})::${sql.raw(sessionColumns[column])}`

/** A list as a common table expression. */
export const listHandedOn = (result: HandedList): RawBuilder<unknown> => {
  const columns = columnsOf(result)
  const arrays = columns.map(
    ([column, type]) =>
      sql`pg_catalog.unnest(pg_catalog.current_setting(${settingOf(result, column)})::${sql.raw(type)}[])`,
  )
  const names = sql.join(columns.map(([column]) => sql.ref(column)))
  return sql`${sql.table(result)} as (select * from rows from (${sql.join(arrays)}) as x(${names}))`
}

/** The session as a common table expression of one row. */
export const sessionHandedOn = (): RawBuilder<unknown> => {
  const columns = Object.keys(sessionColumns) as SessionColumn[]
  return sql`session as (select ${sql.join(columns.map((column) => sql`${ofSession(column)} as ${sql.ref(column)}`))})`
}
