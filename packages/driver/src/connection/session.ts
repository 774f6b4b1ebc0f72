import { flatMap } from '@pgsr/planner/internal'
import * as Context from 'effect/Context'
import * as Effect from 'effect/Effect'
import * as Exit from 'effect/Exit'
import type * as Scope from 'effect/Scope'
import { type DatabaseError, databaseError, StatementError, UnexpectedCatalogError } from '../errors.ts'
import { inSpan } from '../span.ts'
import type { AcquireWire, Results, Row, Wire } from './wire.ts'

/** How a text is sent. */
export interface Sending {
  /** How long to wait for the answer before the connection is closed, in milliseconds. Default: no limit. */
  readonly within?: number
  /** The text is waited for instead of cancelled, since a cancelled statement would fail the transaction it is in. */
  readonly isUncancelled?: boolean
  /** Called when the server has answered without an error, even when nobody waits for the answer any more. */
  readonly onAnswer?: () => void
}

/** One connection, for the exclusive use of one call. */
export interface SessionShape extends Pick<Wire, 'connection' | 'isHeld'> {
  /**
   * Sends one text and returns its results. When it is interrupted, it cancels the running statement and waits for the
   * server’s answer; if none comes in time, it closes the connection.
   */
  readonly send: (text: string, sending?: Sending) => Effect.Effect<Results, StatementError>
}

/** The connection that a call runs on. */
export class Session extends Context.Service<Session, SessionShape>()('@pgsr/Session') {}

/** Acquires a session. Its connection is released with the scope. */
export type Acquire = Effect.Effect<SessionShape, DatabaseError, Scope.Scope>

/**
 * Gives each call a session: from a pool, a connection of its own; on a single connection, calls wait for each other.
 */
export class Sessions extends Context.Service<Sessions, { readonly acquire: Acquire }>()('@pgsr/Sessions') {}

/** Runs an effect on a session of its own, and releases the connection when the effect ends in any way. */
export const onSession =
  (acquire: Acquire) =>
  <A, E>(effect: Effect.Effect<A, E, Session>): Effect.Effect<A, E | DatabaseError> =>
    Effect.scoped(Effect.flatMap(acquire, (session) => Effect.provideService(effect, Session, session)))

/** The first value of each row of all results, in order. */
export const firstColumn = (results: Results): Row =>
  flatMap(results, (rows) => rows.map(([first]) => first ?? null))

/** Parses the value in the last row of some results. */
export const readLastCell = <A>(
  results: Results,
  parse: (text: string) => A,
): Effect.Effect<A, UnexpectedCatalogError> =>
  Effect.try({
    try: () => parse(firstColumn(results).at(-1) ?? ''),
    catch: (error) => new UnexpectedCatalogError((error as Error).message),
  })

/** How long the server may take to cancel or roll back, in milliseconds. */
export const stopTimeout = 2000

/** How long to wait between two cancel requests, in milliseconds. */
const cancelInterval = 200

const unanswered = new StatementError({ message: 'the server does not answer', sqlState: undefined })

const closed = new StatementError({ message: 'the connection is closed', sqlState: undefined })

/** Whether a promise settles in time. */
const settlesIn = async (milliseconds: number, promise: Promise<unknown>): Promise<boolean> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  const settled = promise.then(
    () => true,
    () => true,
  )
  return Promise.race([settled, late]).finally(() => clearTimeout(timer))
}

const exitOf = async <A>(answer: () => Promise<A>): Promise<Exit.Exit<A, StatementError>> => {
  try {
    return Exit.succeed(await answer())
  } catch (error) {
    return error instanceof StatementError ? Exit.fail(error) : Exit.die(error)
  }
}

/** Makes a session from what a driver can do with a connection. */
const sessionOver = (wire: Wire): SessionShape => {
  let isClosed = false
  const close = (): void => {
    isClosed = true
    wire.close()
  }
  // A late cancel request would cancel whatever statement runs then. So pgsr waits for each request. A request that overtakes
  // the text cancels nothing. So pgsr repeats it.
  const cancel = async (answer: Promise<unknown>): Promise<void> => {
    do await Promise.resolve(wire.cancel?.()).catch(() => undefined)
    while (!(await settlesIn(cancelInterval, answer)))
  }
  const stop = async (answer: Promise<unknown>, { isUncancelled = false }: Sending): Promise<void> => {
    if (!(await settlesIn(stopTimeout, isUncancelled ? answer : cancel(answer)))) close()
  }
  const received = async (answer: Promise<Results>, { within, onAnswer }: Sending): Promise<Results> => {
    if (within !== undefined && !(await settlesIn(within, answer))) {
      close()
      throw unanswered
    }
    const results = await answer
    onAnswer?.()
    return results
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
        const answer = received(wire.query(text), sending)
        const deliver = async (): Promise<void> => resume(await exitOf(() => answer))
        void deliver()
        return Effect.promise(() => stop(answer, sending))
      }),
  }
}

/** Acquires a session of a connection or pool. Its connection is released with the scope. */
export const acquireFrom = <Connection>(
  acquireWire: AcquireWire<Connection>,
  connection: Connection,
): Acquire =>
  Effect.acquireRelease(
    Effect.callback<Wire, StatementError>((resume, signal) => {
      const deliver = async (): Promise<void> => {
        const exit = await exitOf(() => acquireWire(connection, signal))
        if (!signal.aborted) resume(exit)
        else if (Exit.isSuccess(exit)) exit.value.release()
      }
      void deliver()
    }),
    (wire) => Effect.sync(() => wire.release()),
    { interruptible: true },
  ).pipe(Effect.map(sessionOver), Effect.mapError(databaseError('connect')), inSpan('pgsr.connect'))
