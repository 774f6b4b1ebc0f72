import { exclusively, type Results, type StatementError, statementError, type Wire } from '@pgsr/driver'
import type { ReservedSql, Sql, TransactionSql } from 'postgres'
import type { Connection } from './connection.ts'

const isFromServer = (error: unknown): boolean => error instanceof Error && error.name === 'PostgresError'

const errorOf = (error: unknown): StatementError => statementError(error, isFromServer(error))

type RawRow = readonly (Buffer | null)[]
/** Only the result of a query has columns. */
type RawResult = readonly RawRow[] & { readonly command: string; readonly columns?: unknown }

const resultsOf = (answer: unknown): Results => {
  const results = ('command' in (answer as object) ? [answer] : answer) as readonly RawResult[]
  return results
    .filter(({ columns }) => columns)
    .map((rows) => Array.from(rows, (row) => row.map((value) => value && value.toString())))
}

/** How postgres.js cancels a query. The method `cancel` does not say when the server has been told. */
interface Cancellable {
  readonly active: boolean
  readonly canceller: (query: Cancellable) => Promise<unknown>
}

/** A call of `unsafe`, with private fields of postgres.js. */
type Query = ReturnType<Sql['unsafe']> & Cancellable & { handler: (query: Query) => unknown }

/** A connection of postgres.js, which its types do not declare. */
interface Line {
  /** `null` if the connection is closed or not reserved. */
  reserved: unknown
  /** The queue of the pool that the connection is in. */
  readonly queue: { readonly remove: (line: Line) => unknown }
  readonly execute: (query: Query) => unknown
  readonly terminate: () => void
}

/** A query. `onexecute` is called with the connection that it is sent on, and returns whether postgres.js keeps control of it. */
const textTo = (
  sql: Sql | ReservedSql | TransactionSql,
  text: string,
  onexecute?: (line: Line) => boolean,
): Query => sql.unsafe(text, [], { onexecute } as object).simple() as unknown as Query

/** Hides a failure from postgres.js, which would roll back the transaction of a `begin` even if pgsr handles the failure. */
const handled = <T>(query: PromiseLike<T>): Promise<T> => {
  Object.assign(query, { catch: () => query })
  return Promise.resolve(query)
}

/** Reserves a connection. postgres.js calls it when the connection has answered and stays reserved. */
interface Reserver {
  (): void
  /** If false, postgres.js releases the connection as soon as it has answered outside of a transaction. */
  release: boolean
  isClosed: boolean
}

/** A connection and what reserves it. When the connection is closed or given back, that no longer reserves it. */
interface Reservation<By = unknown> {
  readonly line: Line
  readonly by: By
}

const isReserved = ({ line, by }: Reservation): boolean => line.reserved === by

const closedError = statementError(new Error('the connection is closed'), false)

/** The connection of one call. */
interface Held {
  /**
   * Waits for a connection if none is held, and returns a function that makes a query on it. Fails if the connection is
   * closed.
   */
  readonly ready: () => Promise<(text: string) => Query>
  /** Stops waiting. */
  readonly stopWaiting: () => void
  /** Keeps the connection until the next query is made, even if it answers outside of a transaction. */
  readonly keep: () => void
  /** Closes the connection if it is still held. */
  readonly end: () => void
  readonly release: () => void
}

type OwnSql = ReservedSql | TransactionSql

const reservations = new WeakMap<OwnSql, { found?: Reservation }>()

/**
 * Finds the connection of the caller’s `sql` by an empty query before the first one, in the same packet. postgres.js fails
 * badly when it sends on a closed connection, and does not expose whether a connection is closed.
 */
const reservationOf = (sql: OwnSql): { found?: Reservation } => {
  const known = reservations.get(sql)
  if (known !== undefined) return known
  const reservation: { found?: Reservation } = {}
  reservations.set(sql, reservation)
  const query = textTo(sql, '', (line) => {
    reservation.found = { line, by: line.reserved }
    return true
  })
  void handled(query).catch(() => undefined)
  return reservation
}

const callersOwn = async (sql: OwnSql): Promise<Held> => {
  const release = await exclusively(sql)
  const reservation = reservationOf(sql)
  return {
    ready: async () => {
      if (reservation.found !== undefined && !isReserved(reservation.found)) throw closedError
      return (text) => textTo(sql, text)
    },
    stopWaiting: () => undefined,
    keep: () => undefined,
    end: () => {
      if (reservation.found !== undefined && isReserved(reservation.found)) reservation.found.line.terminate()
    },
    release,
  }
}

/** The queue of connections that the pool must not use. */
const nowhere = { remove: () => undefined }

/** Reserves a connection, so that the pool sends nothing else on it. */
const reserve = (line: Line): Reservation<Reserver> => {
  const by: Reserver = Object.assign(() => undefined, { release: true, isClosed: false })
  const onclose = (): void => {
    by.isClosed = true
  }
  line.queue.remove(line)
  Object.assign(line, { queue: nowhere, reserved: by, onclose })
  return { line, by }
}

const queryOn = (pool: Sql, line: Line, text: string): Query =>
  Object.assign(textTo(pool, text), { handler: (query: Query) => line.execute(query) })

/** Releases a connection. The pool takes it back when it has answered once more. */
const giveBack = (pool: Sql, { line }: Reservation): void => {
  line.reserved = null
  void handled(queryOn(pool, line, '')).catch(() => undefined)
}

/** Whether the server ended the session. The first query on the next connection gets this error, too. */
const isSessionEnd = (error: unknown): boolean => /^(57P|25P)/.test(errorOf(error).sqlState ?? '')

/**
 * Takes a connection from the pool by an empty query that the pool sends on one. The method `reserve` never returns for a new
 * connection if `fetch_types` is false, and loses a connection if the last one in the pool has been killed.
 * @returns a function to call when nobody waits any more
 */
const take = (
  pool: Sql,
  onTaken: (taken: Reservation<Reserver>) => void,
  onFailed: (error: StatementError) => void,
): (() => void) => {
  let isAwaited = true
  let taken: Reservation<Reserver> | undefined
  const finish = (reservation: Reservation<Reserver>): void => {
    if (!isAwaited) return
    isAwaited = false
    onTaken(reservation)
  }
  const attempt = async (others: number): Promise<void> => {
    const first = textTo(pool, '', (line) => {
      if (!isAwaited) return true
      taken = reserve(line)
      // Otherwise it has not yet answered what others sent on it before.
      if (first.active) finish(taken)
      return false
    })
    try {
      await handled(first)
    } catch (error) {
      if (taken === undefined && isSessionEnd(error) && others > 0) return attempt(others - 1)
      if (isAwaited) onFailed(errorOf(error))
      return
    }
    if (taken !== undefined) finish(taken)
    else if (isAwaited) await attempt(others)
  }
  void attempt(1)
  return () => {
    if (isAwaited && taken !== undefined) giveBack(pool, taken)
    isAwaited = false
  }
}

/** Takes a connection from the pool, until nobody waits any more. */
const takenFrom = (pool: Sql, signal: AbortSignal): Promise<Reservation<Reserver>> =>
  new Promise((resolve, reject) => {
    const stop = take(pool, resolve, reject)
    const abort = (): void => {
      stop()
      reject(closedError)
    }
    signal.addEventListener('abort', abort, { once: true })
  })

/**
 * A connection of the pool for the time of a transaction. As in postgres.js itself, each query outside of a transaction may
 * use another connection, since a connection is given back when a transaction ends.
 */
const pooled = (pool: Sql, first: Reservation<Reserver>): Held => {
  let held = first
  let waiting: AbortController | undefined
  return {
    ready: async () => {
      if (held.by.isClosed) throw closedError
      if (!isReserved(held)) {
        waiting = new AbortController()
        held = await takenFrom(pool, waiting.signal)
      }
      held.by.release = false
      return (text) => queryOn(pool, held.line, text)
    },
    stopWaiting: () => waiting?.abort(),
    keep: () => {
      held.by.release = true
    },
    end: () => {
      if (isReserved(held)) held.line.terminate()
    },
    release: () => {
      if (isReserved(held)) giveBack(pool, held)
    },
  }
}

const isRecoverable = (error: unknown): boolean => {
  const { severity_local, severity } = error as Readonly<Record<string, unknown>>
  return isFromServer(error) && !/^(FATAL|PANIC)$/.test(String(severity ?? severity_local))
}

const wireOn = (connection: Connection, held: Held): Wire => {
  let isBroken = false
  let running: Cancellable | undefined
  const breaking = (): void => {
    isBroken = true
    held.end()
  }
  return {
    connection,
    isHeld: !isPool(connection),
    query: async (text) => {
      if (isBroken) throw closedError
      const queryOf = await held.ready()
      // Returns values as the server sent them, whatever types and transforms the application has set.
      const query = queryOf(text)
      void query.raw()
      running = query
      try {
        return resultsOf(await handled(query))
      } catch (error) {
        if (!isRecoverable(error)) breaking()
        throw errorOf(error)
      }
    },
    cancel: async () => {
      held.stopWaiting()
      if (running?.active !== true) return
      // If the answer overtakes the request, the request must not cancel what the pool sends next on the connection.
      held.keep()
      await running.canceller(running)
    },
    close: breaking,
    release: held.release,
  }
}

const isPool = (sql: Connection): sql is Sql => 'reserve' in sql

/** Other libraries have an `unsafe` too. */
const isConnection = (given: Partial<Connection> | null | undefined): boolean =>
  typeof given?.unsafe === 'function' && typeof given.typed === 'function'

/** Acquires a connection of a pool, or the caller’s. A broken connection does not go back to the pool. */
export const acquireWire = async (connection: Connection, signal: AbortSignal): Promise<Wire> => {
  if (!isConnection(connection))
    throw new TypeError(
      'cannot use the connection: it is neither a postgres() of postgres.js nor a reserved connection of one; if you use a library on top of postgres.js, pass the sql that it was created with',
    )
  const held = isPool(connection)
    ? pooled(connection, await takenFrom(connection, signal))
    : await callersOwn(connection)
  return wireOn(connection, held)
}
