import { type RawBuilder, sql } from 'kysely'
import { constant } from './constant.ts'

/**
 * The lists of oids that a statement finds and later statements use. They are handed on as arrays, in settings of the
 * transaction.
 */
export type HandedList =
  | 'desired'
  | 'requested_role'
  | 'propertied_role'
  | 'absent_role'
  | 'unused_role'
  | 'tracked_role'
  | 'dependent_database'
  | 'dependent_schema'
  | 'dependent_table'
  | 'owner_or_grantor'
  | 'snapshot_schema'
  | 'acting_as'
  | 'administrator'
  | 'principal'
  | 'role_closure'
  | 'joinable_role'

/** The same of the session, of which there is one row. */
const sessionColumns = {
  database: 'oid',
  database_owner: 'oid',
  acting: 'oid',
  superuser: 'boolean',
  login: 'oid',
} as const

export type SessionColumn = keyof typeof sessionColumns

const settingOf = (name: string): RawBuilder<string> => constant(`pgsr.${name}`)

/** Sets a setting. Its value may be long, and is not sent back. */
const set = (setting: string, value: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`pg_catalog.set_config(${settingOf(setting)}, ${value}, true) is null`

/** Hands on an array of oids. */
export const handOn = (list: HandedList, oids: RawBuilder<unknown>): RawBuilder<unknown> =>
  set(list, sql`${oids}::text`)

export const none: RawBuilder<readonly number[]> = sql`'{}'::oid[]`

export const handOnSession = (column: SessionColumn, value: RawBuilder<unknown>): RawBuilder<unknown> =>
  set(`session_${column}`, sql`coalesce(${value}::text, '0')`)

/** A list as an array, which an index can be searched for. */
export const oidsOf = (list: HandedList): RawBuilder<readonly number[]> =>
  sql`pg_catalog.current_setting(${settingOf(list)})::oid[]`

/**
 * Any of a list, for a comparison. The subquery reads the setting once, even where no index is searched and each row is
 * compared.
 */
export const anyOf = (list: HandedList): RawBuilder<never> => sql`any((select ${oidsOf(list)})::oid[])`

/** A list as a subquery, which PostgreSQL hashes once to look up many. */
export const allOf = (list: HandedList): RawBuilder<unknown> =>
  sql`(select pg_catalog.unnest(${oidsOf(list)}))`

/**
 * Whether an oid is in a list, which is hashed. As a join, without `is true`, PostgreSQL might compare each with each, since
 * it takes all lists for short.
 */
export const isHashedIn = (oid: RawBuilder<unknown>, list: HandedList): RawBuilder<boolean> =>
  sql`(${oid} in ${allOf(list)}) is true`

/** Whether an oid is in a list. A list that may be long is hashed; otherwise that would take longer than looking it through. */
export const isIn = (oid: RawBuilder<unknown>, list: HandedList, mayBeLong: boolean): RawBuilder<boolean> =>
  mayBeLong ? isHashedIn(oid, list) : sql`${oid} = ${anyOf(list)}`

/** A fact about the session. */
export const ofSession = (column: SessionColumn): RawBuilder<never> =>
  sql<never>`pg_catalog.current_setting(${settingOf(`session_${column}`)})::${sql.raw(sessionColumns[column])}`

/** A list as a common table expression. Of a tracked role it says whether the role is desired. */
export const listHandedOn = (list: HandedList): RawBuilder<unknown> => {
  const desired = list === 'tracked_role' ? sql`, x.oid in ${allOf('desired')} as desired` : sql``
  return sql`${sql.table(list)} as (select x.oid${desired} from pg_catalog.unnest(${oidsOf(list)}) as x(oid))`
}

/** The session as a common table expression of one row. */
export const sessionHandedOn = (): RawBuilder<unknown> => {
  const columns = Object.keys(sessionColumns) as SessionColumn[]
  return sql`session as (select ${sql.join(columns.map((column) => sql`${ofSession(column)} as ${sql.ref(column)}`))})`
}
