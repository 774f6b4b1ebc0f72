import type { Driver } from '../harness/drivers/drivers.ts'
import type { TestConnection } from '../harness/servers/servers.ts'
import { type Address, type Lane, openLane } from './bench-connection.ts'
import { layWire, type Traffic, type Wire } from './wire.ts'

/** The lanes of a comparison, each opened when it is needed first. */
export interface Lanes {
  readonly at: (address: Address) => Promise<Lane>
  /** What went over them since this was asked last; nothing is counted on those without a wire. */
  readonly counted: () => Traffic
  readonly end: () => Promise<void>
}

const keyOf = ({ connection: { host, port, user }, database }: Address): string =>
  [host, port, user, database].join(' ')

/** Lanes straight to the server. */
export const directLanes = (driver: Driver): Lanes => {
  const lanes = new Map<string, Lane>()
  return {
    at: async (address) => {
      const open = lanes.get(keyOf(address))
      if (open !== undefined) return open
      const lane = openLane(driver, address)
      lanes.set(keyOf(address), lane)
      // The first call on a pool asks which version the server is.
      await lane.pgsr.planRoles([])
      return lane
    },
    counted: () => ({ roundTrips: 0, batches: 0 }),
    end: async () => {
      for (const lane of lanes.values()) await lane.end()
    },
  }
}

/** Lanes over wires. */
export const wiredLanes = (driver: Driver, latency: number): Lanes => {
  const direct = directLanes(driver)
  const wires = new Map<string, Wire>()
  const wireTo = async (connection: TestConnection): Promise<Wire> => {
    const key = `${connection.host} ${connection.port} ${connection.user}`
    const wire = wires.get(key) ?? (await layWire(connection, latency))
    wires.set(key, wire)
    return wire
  }
  return {
    at: async ({ connection, database }) =>
      direct.at({ connection: (await wireTo(connection)).connection, database }),
    counted: () =>
      [...wires.values()]
        .map((wire) => wire.counted())
        .reduce(
          (all, one) => ({ roundTrips: all.roundTrips + one.roundTrips, batches: all.batches + one.batches }),
          { roundTrips: 0, batches: 0 },
        ),
    end: async () => {
      await direct.end()
      for (const wire of wires.values()) await wire.end()
    },
  }
}
