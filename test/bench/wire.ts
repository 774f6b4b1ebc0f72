import { messagesFrom } from '../harness/servers/messages.ts'
import { type Pair, startRelay } from '../harness/servers/relay.ts'
import type { TestConnection } from '../harness/servers/servers.ts'

/** What went over a wire. */
export interface Traffic {
  /** How often the client sent something and waited; what it sends before the answer to that is under way with it. */
  readonly roundTrips: number
  /** How many of those sent statements that change something. */
  readonly batches: number
}

/** A wire between a driver and a server, which is slow and counts. */
export interface Wire {
  /** How to connect through it. */
  readonly connection: TestConnection
  /** What went over it since this was asked last. */
  readonly counted: () => Traffic
  readonly end: () => Promise<void>
}

/** Of the simple protocol a query, of the extended one the word that the server is to answer now. */
const awaitsAnswer: ReadonlySet<string> = new Set(['Q', 'S'])

/** As pgsr spells what it executes; what only reads has no capitals. */
const change = /\b(?:CREATE|ALTER|DROP|GRANT|REVOKE) /

/** How the last six bytes begin of what a server says when it waits for the next query. */
const readyForQuery = 'Z\0\0\0\u0005'

/**
 * Listens on a port of its own for what is to go to a server.
 * @param latency how long everything is under way in each direction, in milliseconds
 */
export const layWire = async (server: TestConnection, latency: number): Promise<Wire> => {
  let traffic: Traffic = { roundTrips: 0, batches: 0 }

  const later = (work: () => unknown): unknown => setTimeout(work, latency)

  const relay = ({ frontend, backend, cut }: Pair): void => {
    let isWaiting = false
    let lastBytes = ''
    const count = (type: string, bytes: Buffer): void => {
      if (!awaitsAnswer.has(type)) return
      const roundTrips = traffic.roundTrips + (isWaiting ? 0 : 1)
      const batches = traffic.batches + (change.test(bytes.toString('utf8')) ? 1 : 0)
      traffic = { roundTrips, batches }
      isWaiting = true
    }
    const hear = (chunk: Buffer): void => {
      lastBytes = `${lastBytes}${chunk.subarray(-6).toString('latin1')}`.slice(-6)
      if (lastBytes.startsWith(readyForQuery)) isWaiting = false
    }
    const carry = async (): Promise<void> => {
      for await (const [type, bytes] of messagesFrom(frontend, 'frontend')) {
        count(type, bytes)
        later(() => backend.write(bytes))
      }
      later(() => backend.end())
    }
    carry().catch(cut)
    backend
      .on('data', (chunk: Buffer) => {
        hear(chunk)
        later(() => frontend.write(chunk))
      })
      .on('end', () => later(() => frontend.end()))
  }

  const { connection, end } = await startRelay(server, relay, { noDelay: true })
  return {
    connection,
    counted: () => {
      const passed = traffic
      traffic = { roundTrips: 0, batches: 0 }
      return passed
    },
    end,
  }
}
