import type { Connected, Driver } from '../harness/drivers/drivers.ts'
import type { TestConnection } from '../harness/servers/servers.ts'
import { ownCheckout } from './checkout.ts'

/** Who connects to what. */
export interface Address {
  readonly connection: TestConnection
  readonly database: string
}

/** Whose pgsr, and with which driver. */
export interface Build {
  readonly driver: Driver
  /** The directory of the checkout that its packages are from. */
  readonly checkout: string
}

/** A pool of one connection: what is sent by hand and what pgsr sends meet the same warm session. */
export interface BenchConnection {
  readonly address: Address
  readonly build: Build
  /** pgsr, with a driver. */
  readonly pgsr: Connected
  /** Sends a text by hand, with the same driver, and gives back the last value that it answers. */
  readonly send: (text: string) => Promise<unknown>
  /** Another one like it, which has yet to connect. */
  readonly fresh: () => BenchConnection
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

export const openConnection = (driver: Driver, address: Address, checkout = ownCheckout): BenchConnection => {
  const pgsr = driver.pool(address.connection, address.database, 1)
  return {
    address,
    build: { driver, checkout },
    pgsr,
    send: async (text) => lastValue(await pgsr.run(text)),
    fresh: () => openConnection(driver, address, checkout),
    end: () => pgsr.end(),
  }
}
