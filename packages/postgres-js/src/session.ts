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

const errorOf = (error: unknown): StatementError =>
  statementError(error, error instanceof Error && error.name === 'PostgresError')

type RawRow = readonly (Uint8Array | null)[]
type RawResult = readonly RawRow[] & { readonly command: string }

const utf8 = new TextDecoder()

const firstColumns = (answer: unknown): Cells => {
  const results = ('command' in (answer as object) ? [answer] : answer) as readonly RawResult[]
  return results.flatMap((rows) => [...rows].map(([value]) => (value ? utf8.decode(value) : null)))
}

/** What postgres.js has of a connection without saying so in its types. */
interface Line {
  /** `null` when the connection is closed, or not reserved any more. */
  readonly reserved: unknown
  readonly terminate: () => void
}

const isPool = (sql: object): sql is Sql => 'reserve' in sql

/** What a query does when it is cancelled; its own `cancel` does not say when the server has been told. */
interface Cancellable {
  readonly active: boolean
  readonly canceller: (query: Cancellable) => Promise<unknown>
}

/** The connection behind a reserved `sql`, as soon as that has run anything. */
interface Behind {
  line?: Line
}

const behind = new WeakMap<object, Behind>()

/**
 * Finds out about the connection behind a reserved one, by an empty text that goes before the first one, in the same
 * packet: postgres.js breaks when it is to send on a connection that is closed, and says nowhere whether one is.
 */
const lookBehind = (sql: ReservedSql | TransactionSql): Behind => {
  const known = behind.get(sql)
  if (known !== undefined) return known
  const found: Behind = {}
  behind.set(sql, found)
  const onexecute = (line: Line): true => {
    found.line = line
    return true
  }
  void handled(sql.unsafe('', [], { onexecute } as object).simple()).catch(() => undefined)
  return found
}

/** A failure is pgsr’s to deal with: the transaction of a `begin` would be rolled back for it, handled or not. */
const handled = <T>(query: PromiseLike<T>): Promise<T> => {
  Object.assign(query, { catch: () => query })
  return Promise.resolve(query)
}

interface Reserved {
  readonly sql: ReservedSql | TransactionSql
  readonly behind: Behind
  /** It failed, or was given up. */
  isBroken: boolean
}

const reserved = (sql: ReservedSql | TransactionSql): Reserved => ({
  sql,
  behind: lookBehind(sql),
  isBroken: false,
})

const isOpen = ({ isBroken, behind: { line } }: Reserved): boolean => !isBroken && line?.reserved !== null

/** A connection that comes when nobody waits for it any more goes back at once. */
const reserve = (pool: Sql): Effect.Effect<Reserved & { readonly sql: ReservedSql }, StatementError> =>
  Effect.callback((resume) => {
    const coming = pool.reserve()
    coming.then(
      (sql) => resume(Effect.succeed({ ...reserved(sql), sql })),
      (error: unknown) => resume(Effect.fail(errorOf(error))),
    )
    return Effect.sync(() => {
      coming.then(
        (sql) => sql.release(),
        () => undefined,
      )
    })
  })

const closedError = statementError(new Error('the connection is closed'), false)

const isSurvived = (error: unknown): boolean => {
  const { name, severity_local, severity } = error as Readonly<Record<string, unknown>>
  return name === 'PostgresError' && !/^(FATAL|PANIC)$/.test(String(severity ?? severity_local))
}

const sessionOn = (connection: Connection, on: Reserved): SessionShape => {
  let running: Cancellable | undefined
  return sessionOver({
    connection,
    isHeld: !isPool(connection),
    query: async (text) => {
      if (!isOpen(on)) throw closedError
      // Values as the server sent them, whatever types and transforms the application has set.
      const query = on.sql.unsafe(text).simple().raw()
      running = query as unknown as Cancellable
      try {
        return firstColumns(await handled(query))
      } catch (error) {
        if (!isSurvived(error)) on.isBroken = true
        throw errorOf(error)
      }
    },
    cancel: async () => (running?.active === true ? running.canceller(running) : undefined),
    close: () => {
      on.isBroken = true
      on.behind.line?.terminate()
    },
  })
}

/** One connection of the pool, or the caller’s own. The pool gets back only a connection that works. */
export const hold = (connection: Connection): Effect.Effect<SessionShape, StatementError, Scope.Scope> => {
  if (typeof (connection as Partial<Connection> | undefined)?.unsafe !== 'function')
    return Effect.die(
      new TypeError('cannot use the connection: it is neither a postgres() nor a reserved connection of one'),
    )
  if (!isPool(connection))
    return Effect.map(exclusively(connection), () => sessionOn(connection, reserved(connection)))
  return Effect.acquireRelease(
    reserve(connection),
    (one) => Effect.sync(() => (isOpen(one) ? one.sql.release() : undefined)),
    { interruptible: true },
  ).pipe(Effect.map((one) => sessionOn(connection, one)))
}
