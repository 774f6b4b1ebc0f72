import { exclusively, type SessionShape, type StatementError, statementError } from '@pgsr/driver'
import * as Effect from 'effect/Effect'
import type * as Scope from 'effect/Scope'
import type { ClientBase, Pool, PoolClient, QueryArrayConfig, QueryArrayResult } from 'pg'

/** What a caller may give: a pool, of which a connection is borrowed, or a connected client of its own. */
export type Connection = Pool | ClientBase

/** The server’s errors have a severity; others have codes of Node’s. */
const isFromServer = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'severity' in error

const errorOf = (error: unknown): StatementError => statementError(error, isFromServer(error))

/** Values as the server sent them, whatever type parsers the application has set. */
const types = { getTypeParser: () => (value: string) => value } as unknown as NonNullable<
  QueryArrayConfig['types']
>

type Cell = string | null

const firstColumns = (results: QueryArrayResult | readonly QueryArrayResult[]): readonly Cell[] =>
  ('rows' in results ? [results] : results).flatMap(({ rows }) => rows.map((row) => row[0] as Cell))

const isPool = (connection: Connection): connection is Pool => 'totalCount' in connection

const take = (connection: Connection): Effect.Effect<ClientBase, StatementError, Scope.Scope> =>
  isPool(connection)
    ? Effect.tryPromise({ try: () => connection.connect(), catch: errorOf })
    : Effect.as(exclusively(connection), connection)

/** Such a client would never answer. What pg knows of it has no public name, and where it has none at all, it may. */
const isUnconnected = (connection: object): boolean => {
  const { _connected, _connecting } = connection as { _connected?: unknown; _connecting?: unknown }
  return _connected === false && _connecting === false
}

/** One connection of a pool, or the caller’s own. A pool gets back only a connection that works. */
export const hold = (connection: Connection): Effect.Effect<SessionShape, StatementError, Scope.Scope> =>
  Effect.gen(function* () {
    if (typeof (connection as Partial<Connection> | undefined)?.query !== 'function')
      return yield* Effect.die(
        new TypeError('cannot use the connection: it is neither a Pool nor a Client of pg'),
      )
    if (isUnconnected(connection))
      return yield* Effect.die(new TypeError('cannot use the connection: the client is not connected'))
    let broken: unknown
    // What breaks a connection is told once, and as an event that ends the process where nobody listens.
    const remember = (error: unknown): void => {
      broken ??= error
    }
    const client = yield* Effect.acquireRelease(take(connection), (taken) =>
      Effect.sync(() => {
        if (broken === undefined) taken.off('error', remember)
        if (isPool(connection)) (taken as PoolClient).release(broken !== undefined)
      }),
    )
    client.on('error', remember)
    return {
      connection,
      send: (text) =>
        Effect.tryPromise({
          try: async () => firstColumns(await client.query<unknown[]>({ text, rowMode: 'array', types })),
          catch: (error) => {
            if (isFromServer(error)) return errorOf(error)
            remember(error)
            return errorOf(broken)
          },
        }),
    }
  })
