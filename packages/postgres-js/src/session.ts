import {
  type Cells,
  exclusively,
  sessionOver,
  type SessionShape,
  type StatementError,
  statementError,
} from '@pgsr/driver'
import * as Effect from 'effect/Effect'
import type * as Scope from 'effect/Scope'
import type { ReservedSql, Sql, TransactionSql } from 'postgres'

/**
 * What a caller may give: a `postgres()`, of which a connection is reserved, a reserved connection of its own, or the
 * `sql` of a transaction.
 */
export type Connection = Sql | ReservedSql | TransactionSql

const isFromServer = (error: unknown): boolean => error instanceof Error && error.name === 'PostgresError'

const errorOf = (error: unknown): StatementError => statementError(error, isFromServer(error))

type RawRow = readonly (Uint8Array | null)[]
type RawResult = readonly RawRow[] & { readonly command: string }

const utf8 = new TextDecoder()

const firstColumns = (answer: unknown): Cells => {
  const results = ('command' in (answer as object) ? [answer] : answer) as readonly RawResult[]
  return results.flatMap((rows) => [...rows].map(([value]) => (value ? utf8.decode(value) : null)))
}

/** What a query does when it is cancelled; its own `cancel` does not say when the server has been told. */
interface Cancellable {
  readonly active: boolean
  readonly canceller: (query: Cancellable) => Promise<unknown>
}

/** A call of `unsafe`, and what postgres.js has of it without saying so in its types. */
type Query = ReturnType<Sql['unsafe']> & Cancellable & { handler: (query: Query) => unknown }

/** What postgres.js has of a connection without saying so in its types. */
interface Line {
  /** `null` when the connection is closed, or not reserved any more. */
  reserved: unknown
  /** Where the pool keeps it. */
  readonly queue: { readonly remove: (line: Line) => unknown }
  readonly execute: (query: Query) => unknown
  readonly terminate: () => void
}

/** A text, to be told of the connection that it is sent on: answered whether that is to be left as it is. */
const textTo = (
  sql: Sql | ReservedSql | TransactionSql,
  text: string,
  onexecute?: (line: Line) => boolean,
): Query => sql.unsafe(text, [], { onexecute } as object).simple() as unknown as Query

/** A failure is pgsr’s to deal with: the transaction of a `begin` would be rolled back for it, handled or not. */
const handled = <T>(query: PromiseLike<T>): Promise<T> => {
  Object.assign(query, { catch: () => query })
  return Promise.resolve(query)
}

/** By what we reserve a connection: postgres.js calls it when the connection has answered, and we are still to hold it. */
interface Reserver {
  (): void
  /** Else postgres.js gives the connection back as soon as it has answered outside of a transaction. */
  release: boolean
  isClosed: boolean
}

/** A connection, and by what it is reserved: closed, or given back, it is not reserved by that any more. */
interface Reservation<By = unknown> {
  readonly line: Line
  readonly by: By
}

const stands = ({ line, by }: Reservation): boolean => line.reserved === by

const closedError = statementError(new Error('the connection is closed'), false)

/** What one call holds. */
interface Held {
  /** Waits for a connection where none is held, and makes a text a query of it; fails where it is closed. */
  readonly ready: () => Promise<(text: string) => Query>
  /** Waits no longer. */
  readonly forsake: () => void
  /** Ends the connection, if it is still held. */
  readonly end: () => void
}

type OwnSql = ReservedSql | TransactionSql

const behind = new WeakMap<OwnSql, { found?: Reservation }>()

/**
 * Finds out about the connection behind the caller’s own, by an empty text that goes before the first one, in the same
 * packet: postgres.js breaks when it is to send on a connection that is closed, and says nowhere whether one is.
 */
const lookBehind = (sql: OwnSql): { found?: Reservation } => {
  const known = behind.get(sql)
  if (known !== undefined) return known
  const looked: { found?: Reservation } = {}
  behind.set(sql, looked)
  const look = textTo(sql, '', (line) => {
    looked.found = { line, by: line.reserved }
    return true
  })
  void handled(look).catch(() => undefined)
  return looked
}

const callersOwn = (sql: OwnSql): Held => {
  const looked = lookBehind(sql)
  return {
    ready: async () => {
      if (looked.found !== undefined && !stands(looked.found)) throw closedError
      return (text) => textTo(sql, text)
    },
    forsake: () => undefined,
    end: () => {
      if (looked.found !== undefined && stands(looked.found)) looked.found.line.terminate()
    },
  }
}

/** Where a connection is kept that the pool is not to use. */
const nowhere = { remove: () => undefined }

/** Reserves a connection that a text is sent on, so that the pool sends nothing more there. */
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

/** The pool takes a connection back that is reserved no more, when it has answered. */
const giveBack = (pool: Sql, { line }: Reservation): void => {
  line.reserved = null
  void handled(queryOn(pool, line, '')).catch(() => undefined)
}

/** What a server says when it ends a session: the first one hears it, too, who uses the connection that comes next. */
const isLastWord = (error: unknown): boolean => /^(57P|25P)/.test(errorOf(error).sqlState ?? '')

/**
 * Takes one connection from the pool, by an empty text that the pool sends on one. Its own `reserve` never comes back from
 * a new connection where `fetch_types` is false, and loses one for ever where the last that was there has been killed.
 * @returns what to call when nobody waits any longer
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
      // Else it has not answered what others have sent there before.
      if (first.active) finish(taken)
      return false
    })
    try {
      await handled(first)
    } catch (error) {
      if (taken === undefined && isLastWord(error) && others > 0) return attempt(others - 1)
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

/**
 * A connection of the pool, for as long as a transaction takes: outside of one each text may go to another, as in
 * postgres.js itself, which gives a connection back when a transaction is over.
 */
const pooled = (pool: Sql, first: Reservation<Reserver>): Held & { readonly giveBack: () => void } => {
  let held = first
  let forsake: (() => void) | undefined
  return {
    ready: async () => {
      if (held.by.isClosed) throw closedError
      if (!stands(held))
        held = await new Promise<Reservation<Reserver>>((resolve, reject) => {
          const stop = take(pool, resolve, reject)
          forsake = () => {
            stop()
            reject(closedError)
          }
        })
      held.by.release = false
      return (text) => queryOn(pool, held.line, text)
    },
    forsake: () => forsake?.(),
    end: () => {
      if (stands(held)) held.line.terminate()
    },
    giveBack: () => {
      if (stands(held)) giveBack(pool, held)
    },
  }
}

const isSurvived = (error: unknown): boolean => {
  const { severity_local, severity } = error as Readonly<Record<string, unknown>>
  return isFromServer(error) && !/^(FATAL|PANIC)$/.test(String(severity ?? severity_local))
}

const sessionOn = (connection: Connection, held: Held): SessionShape => {
  let isBroken = false
  let running: Cancellable | undefined
  const breaking = (): void => {
    isBroken = true
    held.end()
  }
  return sessionOver({
    connection,
    isHeld: !isPool(connection),
    query: async (text) => {
      if (isBroken) throw closedError
      const queryOf = await held.ready()
      // Values as the server sent them, whatever types and transforms the application has set.
      const query = queryOf(text)
      void query.raw()
      running = query
      try {
        return firstColumns(await handled(query))
      } catch (error) {
        if (!isSurvived(error)) breaking()
        throw errorOf(error)
      }
    },
    cancel: async () => {
      held.forsake()
      return running?.active === true ? running.canceller(running) : undefined
    },
    close: breaking,
  })
}

const isPool = (sql: Connection): sql is Sql => 'reserve' in sql

/** Others have an `unsafe` too. */
const isConnection = (given: Partial<Connection> | null | undefined): boolean =>
  typeof given?.unsafe === 'function' && typeof given.typed === 'function'

/** The sessions of a pool, or one on the caller’s own connection. The pool gets back only a connection that works. */
export const hold = (connection: Connection): Effect.Effect<SessionShape, StatementError, Scope.Scope> => {
  if (!isConnection(connection))
    return Effect.die(
      new TypeError(
        'cannot use the connection: it is neither a postgres() of postgres.js nor a reserved connection of one; of a library that uses postgres.js, give the sql that it was made with',
      ),
    )
  if (!isPool(connection))
    return Effect.map(exclusively(connection), () => sessionOn(connection, callersOwn(connection)))
  const taking: Effect.Effect<Reservation<Reserver>, StatementError> = Effect.callback((resume) => {
    const stop = take(
      connection,
      (taken) => resume(Effect.succeed(taken)),
      (error) => resume(Effect.fail(error)),
    )
    return Effect.sync(stop)
  })
  return Effect.acquireRelease(
    Effect.map(taking, (taken) => pooled(connection, taken)),
    (held) => Effect.sync(held.giveBack),
    { interruptible: true },
  ).pipe(Effect.map((held) => sessionOn(connection, held)))
}
