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
import type { ClientBase, Pool, PoolClient, QueryArrayConfig, QueryArrayResult } from 'pg'
import { cancel, destroy } from './cancel.ts'

/** What a caller may give: a pool, of which a connection is borrowed, or a connected client of its own. */
export type Connection = Pool | ClientBase

/** The server’s errors have a severity; others have codes of Node’s. */
const severityOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'severity' in error ? error.severity : undefined

const errorOf = (error: unknown): StatementError => statementError(error, severityOf(error) !== undefined)

/** Whether a connection is still good after an error: one that the server has ended is not. */
const isSurvived = (error: unknown): boolean => {
  const severity = severityOf(error)
  return severity !== undefined && severity !== 'FATAL' && severity !== 'PANIC'
}

/** Values as the server sent them, whatever type parsers the application has set. */
const types = { getTypeParser: () => (value: string) => value } as unknown as NonNullable<
  QueryArrayConfig['types']
>

const firstColumns = (results: QueryArrayResult | readonly QueryArrayResult[]): Cells =>
  ('rows' in results ? [results] : results).flatMap(({ rows }) => rows.map((row) => row[0] as string | null))

const isPool = (connection: Connection): connection is Pool => 'totalCount' in connection

/** What neither other libraries’ pools and clients have all of, nor what wraps those of pg. */
const methods = {
  pool: ['connect', 'query', 'on'],
  client: ['connect', 'query', 'on', 'getTypeParser'],
} as const

const isConnection = (given: Connection | null | undefined): boolean => {
  if (typeof given !== 'object' || given === null) return false
  const has = given as unknown as Readonly<Record<string, unknown>>
  return methods[isPool(given) ? 'pool' : 'client'].every((name) => typeof has[name] === 'function')
}

/**
 * Borrows a connection. What breaks one is told once, and as an event that ends the process where nobody listens: so it is
 * listened to from the moment on that the pool no longer does. One that comes when nobody waits for it goes back at once.
 */
const borrow = (pool: Pool, onError: (error: unknown) => void): Effect.Effect<PoolClient, StatementError> =>
  Effect.callback((resume) => {
    let isAwaited = true
    pool.connect((error, client) => {
      if (client === undefined) {
        resume(Effect.fail(errorOf(error)))
        return
      }
      client.on('error', onError)
      if (isAwaited) resume(Effect.succeed(client))
      else giveBack(client, onError, false)
    })
    return Effect.sync(() => {
      isAwaited = false
    })
  })

/** A broken connection is listened to for ever: more may be told of it. */
const giveBack = (client: PoolClient, onError: (error: unknown) => void, isBroken: boolean): void => {
  if (!isBroken) client.off('error', onError)
  client.release(isBroken)
}

/** Keeps the caller’s own client to itself. */
const listening = (
  client: ClientBase,
  onError: (error: unknown) => void,
  isBroken: () => boolean,
): Effect.Effect<ClientBase, never, Scope.Scope> =>
  Effect.andThen(
    exclusively(client),
    Effect.acquireRelease(
      Effect.sync(() => {
        client.on('error', onError)
        return client
      }),
      () =>
        Effect.sync(() => {
          if (!isBroken()) client.off('error', onError)
        }),
    ),
  )

/** Such a client would never answer. What pg knows of it has no public name, and where it has none at all, it may. */
const isUnconnected = (connection: object): boolean => {
  const { _connected, _connecting } = connection as { _connected?: unknown; _connecting?: unknown }
  return _connected === false && _connecting === false
}

/** One connection of a pool, or the caller’s own. A pool gets back only a connection that works. */
export const hold = (connection: Connection): Effect.Effect<SessionShape, StatementError, Scope.Scope> =>
  Effect.gen(function* () {
    if (!isConnection(connection))
      return yield* Effect.die(
        new TypeError(
          'cannot use the connection: it is neither a Pool nor a Client of pg; of a library that uses pg, give the pool that it was made with',
        ),
      )
    if (isUnconnected(connection))
      return yield* Effect.die(new TypeError('cannot use the connection: the client is not connected'))
    let broken: unknown
    const remember = (error: unknown): void => {
      broken ??= error
    }
    const client = yield* isPool(connection)
      ? Effect.acquireRelease(
          borrow(connection, remember),
          (borrowed) => Effect.sync(() => giveBack(borrowed, remember, broken !== undefined)),
          { interruptible: true },
        )
      : listening(connection, remember, () => broken !== undefined)
    return sessionOver({
      connection,
      isHeld: !isPool(connection),
      query: async (text) => {
        try {
          return firstColumns(await client.query<unknown[]>({ text, rowMode: 'array', types }))
        } catch (error) {
          if (!isSurvived(error)) remember(error)
          throw errorOf(severityOf(error) === undefined ? broken : error)
        }
      },
      cancel: () => cancel(client),
      close: () => {
        remember(new Error('the server did not answer'))
        destroy(client)
      },
    })
  })
