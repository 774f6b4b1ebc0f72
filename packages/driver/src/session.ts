import * as Context from 'effect/Context'
import * as Effect from 'effect/Effect'
import * as Exit from 'effect/Exit'
import type * as Scope from 'effect/Scope'
import { type DatabaseError, StatementError } from './errors.ts'

/** The first column of every row of a text’s statements, in order, as the server sent them. */
export type Cells = readonly (string | null)[]

/** What a driver does with one connection that nobody else uses meanwhile. */
export interface Wire {
  /** The pool or client the connection came from. What was learned of its server is remembered by it. */
  readonly connection: object
  /** Whether it is the caller’s to hold, so that a transaction of the caller’s may be open on it. */
  readonly isHeld: boolean
  /** Sends one text, which may hold several statements, as one message of the simple protocol. */
  readonly query: (text: string) => Promise<Cells>
  /**
   * Asks the server, by another connection, to cancel what it is running; fulfilled when the server has been told.
   * Without it, what runs is waited for a moment, and then given up with the connection.
   */
  readonly cancel?: () => Promise<unknown>
  /** Closes the connection at once, whatever runs on it; a pool must not get it back. */
  readonly close: () => void
}

/** How a text is sent. */
export interface Sending {
  /** How long to wait for the answer before the connection is given up, in milliseconds; for ever unless given. */
  readonly within?: number
  /** It is not cancelled, but waited for: cancelled, it would spoil the transaction that it is in. */
  readonly isUncancelled?: boolean
  /** Called when the server has answered and refused nothing, even when nobody waits for that any more. */
  readonly onAnswer?: () => void
}

/** One connection that nobody else uses for as long as it is held. */
export interface SessionShape extends Pick<Wire, 'connection' | 'isHeld'> {
  /**
   * Sends one text and answers its cells. Interrupted, it cancels on the server what is running, and ends when the server
   * has answered; where that does not answer in time, the connection is closed.
   */
  readonly send: (text: string, sending?: Sending) => Effect.Effect<Cells, StatementError>
}

/** The connection that a call runs on. */
export class Session extends Context.Service<Session, SessionShape>()('@pgsr/Session') {}

/** Acquires a session with a scope, at whose end its connection is given back. */
export type Acquire = Effect.Effect<SessionShape, DatabaseError, Scope.Scope>

/**
 * Where each call gets a session of its own: from a pool its own connection; on one connection calls wait for each
 * other.
 */
export class Sessions extends Context.Service<Sessions, { readonly acquire: Acquire }>()('@pgsr/Sessions') {}

/** Does some work on a session of its own, whose connection is given back when the work ends, however it does. */
export const onSession =
  (acquire: Acquire) =>
  <A, E>(work: Effect.Effect<A, E, Session>): Effect.Effect<A, E | DatabaseError> =>
    Effect.scoped(Effect.flatMap(acquire, (session) => Effect.provideService(work, Session, session)))

/** How long a server may take to end what it is told to end, in milliseconds. */
export const grace = 2000

/** How long a server is left alone that has been told to cancel, in milliseconds. */
const pause = 200

const unanswered = new StatementError({ message: 'the server does not answer', sqlState: undefined })

const closed = new StatementError({ message: 'the connection is closed', sqlState: undefined })

/** Whether the work is done in time. */
const isDoneIn = async (milliseconds: number, work: Promise<unknown>): Promise<boolean> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  const done = work.then(
    () => true,
    () => true,
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}

/** What became of a text. */
const settled = async (answer: Promise<Cells>): Promise<Exit.Exit<Cells, StatementError>> => {
  try {
    return Exit.succeed(await answer)
  } catch (error) {
    return Exit.fail(error as StatementError)
  }
}

/** Makes a session of what a driver does. */
export const sessionOver = (wire: Wire): SessionShape => {
  let isClosed = false
  const close = (): void => {
    isClosed = true
    wire.close()
  }
  // A cancel request that arrives late would hit whatever runs then: so it is waited for, too. One that overtakes the text
  // is lost, for then nothing runs yet: so it is told again.
  const cancel = async (answer: Promise<unknown>): Promise<void> => {
    do await Promise.resolve(wire.cancel?.()).catch(() => undefined)
    while (!(await isDoneIn(pause, answer)))
  }
  const stop = async (answer: Promise<unknown>, { isUncancelled = false }: Sending): Promise<void> => {
    if (!(await isDoneIn(grace, isUncancelled ? answer : cancel(answer)))) close()
  }
  const answered = async (answer: Promise<Cells>, { within, onAnswer }: Sending): Promise<Cells> => {
    if (within !== undefined && !(await isDoneIn(within, answer))) {
      close()
      throw unanswered
    }
    const cells = await answer
    onAnswer?.()
    return cells
  }
  return {
    connection: wire.connection,
    isHeld: wire.isHeld,
    send: (text, sending = {}) =>
      Effect.callback((resume) => {
        if (isClosed) {
          resume(Effect.fail(closed))
          return
        }
        const answer = answered(wire.query(text), sending)
        const deliver = async (): Promise<void> => resume(await settled(answer))
        void deliver()
        return Effect.promise(() => stop(answer, sending))
      }),
  }
}
