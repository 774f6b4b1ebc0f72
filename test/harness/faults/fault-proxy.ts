import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { isCancelRequest, messagesFrom, type Sender } from '../servers/messages.ts'
import { type Pair, startRelay } from '../servers/relay.ts'
import type { TestConnection } from '../servers/servers.ts'

/** A message of PostgreSQL’s protocol on its way. */
export interface Message {
  readonly sender: Sender
  /** The frontend’s are counted; the backend’s, by type within an answer: how many rows there are may vary. */
  readonly number: number
  /** Which of the frontend’s it is, or answers: the last one that was counted. */
  readonly turn: number
  /** The letter of its type; a frontend’s first one has none. */
  readonly type: string
  readonly bytes: Buffer
}

/** What a network does about a message. */
export type Fault =
  /** The connection ends before the message, after half of it, or after all of it. */
  | 'cut before'
  | 'truncate'
  | 'cut after'
  /** From this message on nothing arrives on any connection, and none ends: from either side, or from one. */
  | 'stall'
  | 'stall frontend'
  | 'stall backend'

/** What befalls a message: a fault, or something that is done while it and all others on its connection wait. */
export interface Incident {
  readonly at: (message: Message) => boolean
  readonly happens: Fault | ((backendProcess: number) => unknown)
}

/** A network between a driver and a server, which fails when it is told to. */
export interface FaultProxy {
  /** How to connect through it. */
  readonly connection: TestConnection
  /** Begins to count, and lets the incident happen once. */
  readonly expect: (incident?: Incident) => void
  /** Whether it has happened. */
  readonly hasHappened: () => boolean
  /** What has passed since the count began. */
  readonly passed: () => readonly Message[]
  /** The processes of the server that were ever reached through it. */
  readonly backendProcesses: () => readonly number[]
  /** What was stalled arrives, also that a side has closed its connection; nothing more happens. */
  readonly heal: () => void
  readonly end: () => Promise<void>
}

/**
 * Whether a message is not counted: a request to cancel what another connection runs, which is the only message of its own
 * connection; or the message by which a client ends a connection, which may come at any time.
 */
const isAside = (sender: Sender, type: string, bytes: Buffer): boolean =>
  sender === 'frontend' && (type === 'X' || (type === '' && isCancelRequest(bytes)))

/**
 * Neither is the answer to an empty text: postgres.js sends one before another, and which of the two is on its way when it
 * comes differs from time to time.
 */
const answersNothing = (): ((sender: Sender, type: string) => boolean) => {
  let isAnswering = false
  return (sender, type) => {
    if (sender === 'frontend') return false
    const isPart = type === 'I' || (isAnswering && type === 'Z')
    isAnswering = type === 'I'
    return isPart
  }
}

const written = (to: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    to.write(bytes, () => resolve())
  })

/** What is sent to a side next arrives in one piece, as what was late on a network does. */
const arriveTogether = (to: Socket): void => {
  to.cork()
  setTimeout(() => to.uncork(), 10)
}

/** Listens on a port of its own for what is to go to a server. */
export const startFaultProxy = async (server: TestConnection): Promise<FaultProxy> => {
  let incident: Incident | undefined
  let happened = false
  let passed: Message[] = []
  let count = { frontend: 0, backend: new Map<string, number>() }

  const numberOf = (sender: Sender, type: string): number => {
    if (sender === 'frontend') {
      count.backend.clear()
      return count.frontend++
    }
    const number = count.backend.get(type) ?? 0
    count.backend.set(type, number + 1)
    return number
  }

  const healing = new EventEmitter().setMaxListeners(0)
  const stalled = new Set<Sender>()
  const backendProcesses: number[] = []

  const stall = async (...senders: readonly Sender[]): Promise<void> => {
    for (const sender of senders) stalled.add(sender)
  }

  const relay = ({ frontend, backend, cut }: Pair): void => {
    let backendProcess = 0
    const isOfNothing = answersNothing()
    let free: Promise<unknown> = Promise.resolve()

    const faults: Readonly<Record<Fault, (bytes: Buffer, to: Socket) => Promise<void>>> = {
      'cut before': async () => cut(),
      truncate: (bytes, to) => written(to, bytes.subarray(0, bytes.length / 2)).then(cut),
      'cut after': (bytes, to) => written(to, bytes).then(cut),
      stall: () => stall('frontend', 'backend'),
      'stall frontend': () => stall('frontend'),
      'stall backend': () => stall('backend'),
    }

    /** Whether the message is still to be sent. */
    const befalls = async (message: Message, to: Socket): Promise<boolean> => {
      if (happened || !incident?.at(message)) return true
      happened = true
      const { happens } = incident
      if (typeof happens === 'string') {
        await faults[happens](message.bytes, to)
        return happens.startsWith('stall')
      }
      free = Promise.resolve(happens(backendProcess)).then(() => arriveTogether(to))
      return true
    }

    const carry = async (sender: Sender, from: Socket, to: Socket): Promise<void> => {
      const mayPass = async (): Promise<void> => {
        await free
        while (stalled.has(sender)) await once(healing, 'healed')
      }
      for await (const [type, bytes] of messagesFrom(from, sender)) {
        await mayPass()
        if (type === 'K') backendProcess = bytes.readInt32BE(5)
        if (type === 'K') backendProcesses.push(backendProcess)
        if (!isAside(sender, type, bytes) && !isOfNothing(sender, type)) {
          const number = numberOf(sender, type)
          const message = { sender, number, turn: count.frontend - 1, type, bytes }
          if (!(await befalls(message, to))) return
          passed.push(message)
          await mayPass()
        }
        to.write(bytes)
      }
      await mayPass()
      to.end()
    }
    // What one side closes is told the other; a connection that breaks, breaks on both sides.
    carry('frontend', frontend, backend).catch(cut)
    carry('backend', backend, frontend).catch(cut)
  }

  const { connection, end } = await startRelay(server, relay)
  return {
    connection,
    expect: (next) => {
      incident = next
      happened = false
      passed = []
      count = { frontend: 0, backend: new Map() }
    },
    hasHappened: () => happened,
    passed: () => passed,
    backendProcesses: () => backendProcesses,
    heal: () => {
      incident = undefined
      stalled.clear()
      healing.emit('healed')
    },
    end,
  }
}
