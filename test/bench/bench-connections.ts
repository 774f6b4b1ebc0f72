import type { TestConnection } from '../harness/servers/servers.ts'
import { type Address, type BenchConnection, type Build, openConnection } from './bench-connection.ts'
import { layWire, type Traffic, type Wire } from './wire.ts'

/** The connections of a comparison, each opened when it is needed first. */
export interface BenchConnections {
  readonly at: (address: Address) => Promise<BenchConnection>
  /** What went over them since this was asked last; nothing is counted on those without a wire. */
  readonly counted: () => Traffic
  readonly end: () => Promise<void>
}

const keyOf = ({ connection: { host, port, user }, database }: Address): string =>
  [host, port, user, database].join(' ')

/** Connections straight to the server. */
export const directConnections = ({ driver, checkout }: Build): BenchConnections => {
  const connections = new Map<string, BenchConnection>()
  return {
    at: async (address) => {
      const open = connections.get(keyOf(address))
      if (open !== undefined) return open
      const connection = openConnection(driver, address, checkout)
      connections.set(keyOf(address), connection)
      // The first call on a pool asks which version the server is.
      await connection.pgsr.planRoles([])
      return connection
    },
    counted: () => ({ roundTrips: 0, batches: 0 }),
    end: async () => {
      for (const connection of connections.values()) await connection.end()
    },
  }
}

/** Connections over wires. */
export const wiredConnections = (build: Build, latency: number): BenchConnections => {
  const direct = directConnections(build)
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
