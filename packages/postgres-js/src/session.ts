import {
  exclusively,
  type SessionShape,
  type StatementError,
  statementError,
  TransactionOpenError,
} from '@pgsr/driver'
import * as Effect from 'effect/Effect'
import type * as Scope from 'effect/Scope'
import type { ReservedSql, Sql, TransactionSql } from 'postgres'

/** What a caller may give: a `postgres()`, of which a connection is reserved, or a reserved connection of its own. */
export type Connection = Sql | ReservedSql

const errorOf = (error: unknown): StatementError =>
  statementError(error, error instanceof Error && error.name === 'PostgresError')

type RawRow = readonly (Uint8Array | null)[]
type RawResult = readonly RawRow[] & { readonly command: string }

const utf8 = new TextDecoder()

const firstColumns = (answer: unknown): readonly (string | null)[] => {
  const results = ('command' in (answer as object) ? [answer] : answer) as readonly RawResult[]
  return results.flatMap((rows) => [...rows].map(([value]) => (value ? utf8.decode(value) : null)))
}

/** Values as the server sent them, whatever types and transforms the application has set. */
const send = (
  sql: Sql | ReservedSql,
  statements: string,
): Effect.Effect<readonly (string | null)[], StatementError> =>
  Effect.tryPromise({
    try: async () => firstColumns(await sql.unsafe(statements).simple().raw()),
    catch: errorOf,
  })

const isTransaction = (sql: object): sql is TransactionSql => 'savepoint' in sql

const isPool = (sql: object): sql is Sql => 'reserve' in sql

/** One connection of the pool, or the caller’s own. */
export const hold = (
  connection: Connection,
): Effect.Effect<SessionShape, StatementError | TransactionOpenError, Scope.Scope> => {
  if (typeof (connection as Partial<Connection> | undefined)?.unsafe !== 'function')
    return Effect.die(
      new TypeError('cannot use the connection: it is neither a postgres() nor a reserved connection of one'),
    )
  if (isTransaction(connection)) return Effect.fail(new TransactionOpenError())
  if (!isPool(connection))
    return Effect.as(exclusively(connection), {
      connection,
      send: (statements: string) => send(connection, statements),
    })
  const reserved = Effect.acquireRelease(
    Effect.tryPromise({ try: () => connection.reserve(), catch: errorOf }),
    (sql) => Effect.sync(() => sql.release()),
  )
  return Effect.map(reserved, (sql) => ({ connection, send: (statements: string) => send(sql, statements) }))
}
