import type { Results } from '../connection/wire.ts'

/**
 * The transactions whose changes a statement sees, as a text, and whether the transaction began before this message. Between
 * two statements that see the same, nothing has been committed. A server in recovery does not know what it sees.
 * @see https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export const momentStatement = `select
  case when not pg_catalog.pg_is_in_recovery() then pg_catalog.txid_current_snapshot() end,
  pg_catalog.now() operator(pg_catalog.<>) pg_catalog.statement_timestamp()`

/** What a statement saw. */
export interface Moment {
  readonly sees: string | null
  readonly wasOpen: boolean
}

export const momentOf = (result: Results[number] | undefined): Moment => ({
  sees: result?.[0]?.[0] ?? null,
  wasOpen: result?.[0]?.[1] === 't',
})
