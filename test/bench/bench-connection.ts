import type { Connected, Driver } from '../harness/drivers/drivers.ts'
import type { TestConnection } from '../harness/servers/servers.ts'

/** Who connects to what. */
export interface Address {
  readonly connection: TestConnection
  readonly database: string
}

/** A pool of one connection: what is sent by hand and what pgsr sends meet the same warm session. */
export interface BenchConnection {
  /** pgsr, with a driver. */
  readonly pgsr: Connected
  /** Sends a text by hand, with the same driver, and gives back the last value that it answers. */
  readonly send: (text: string) => Promise<unknown>
  readonly end: () => Promise<void>
}

/** Both drivers give a list of results where a text has several statements; a row is an object with both. */
const lastValue = (answer: unknown): unknown => {
  const results =
    Array.isArray(answer) && (Array.isArray(answer[0]) || 'rows' in (answer[0] ?? {})) ? answer : [answer]
  const last: unknown = results.at(-1)
  const rows = Array.isArray(last) ? last : (last as { readonly rows: readonly unknown[] }).rows
  return Object.values((rows.at(-1) as object | undefined) ?? {}).at(-1)
}

export const openConnection = (driver: Driver, { connection, database }: Address): BenchConnection => {
  const pgsr = driver.pool(connection, database, 1)
  return { pgsr, send: async (text) => lastValue(await pgsr.run(text)), end: () => pgsr.end() }
}
