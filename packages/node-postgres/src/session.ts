import { type SessionShape, type StatementError, statementError } from '@pgsr/driver'
import * as Effect from 'effect/Effect'
import type * as Scope from 'effect/Scope'
import type { ClientBase, Pool, QueryArrayConfig, QueryArrayResult } from 'pg'

/** What a caller may give: a pool, of which a connection is borrowed, or a connected client of its own. */
export type Connection = Pool | ClientBase

/** The server’s errors have a severity; others have codes of Node’s. */
const errorOf = (error: unknown): StatementError =>
  statementError(error, typeof error === 'object' && error !== null && 'severity' in error)

/** Values as the server sent them, whatever type parsers the application has set. */
const types = { getTypeParser: () => (value: string) => value } as unknown as NonNullable<
  QueryArrayConfig['types']
>

type Cell = string | null

const firstColumns = (results: QueryArrayResult | readonly QueryArrayResult[]): readonly Cell[] =>
  ('rows' in results ? [results] : results).flatMap(({ rows }) => rows.map((row) => row[0] as Cell))

const send = (client: ClientBase, text: string): Effect.Effect<readonly Cell[], StatementError> =>
  Effect.tryPromise({
    try: async () => firstColumns(await client.query<unknown[]>({ text, rowMode: 'array', types })),
    catch: errorOf,
  })

const isPool = (connection: Connection): connection is Pool => 'totalCount' in connection

/** A lost connection shows in the next statement; an `error` event nobody listens to would end the process. */
const ignore = (): void => undefined

/** One connection of a pool, or the caller’s own. A pool gets back only a connection that works. */
export const hold = (connection: Connection): Effect.Effect<SessionShape, StatementError, Scope.Scope> => {
  if (!isPool(connection)) return Effect.succeed({ connection, send: (text) => send(connection, text) })
  let failed = false
  const borrowed = Effect.acquireRelease(
    Effect.map(Effect.tryPromise({ try: () => connection.connect(), catch: errorOf }), (client) =>
      client.on('error', ignore),
    ),
    (client) => Effect.sync(() => client.off('error', ignore).release(failed)),
  )
  return Effect.map(borrowed, (client) => ({
    connection,
    send: (text: string) =>
      send(client, text).pipe(
        Effect.tapError(({ sqlState }) => Effect.sync(() => void (failed ||= sqlState === undefined))),
      ),
  }))
}
