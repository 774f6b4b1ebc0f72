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
import type { Connection } from './connection.ts'

/** Errors of the server have a severity. Other errors have codes of Node.js. */
const severityOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'severity' in error ? error.severity : undefined

const errorOf = (error: unknown): StatementError => statementError(error, severityOf(error) !== undefined)

/** Whether a connection still works after an error. The server ends it after some errors. */
const isRecoverable = (error: unknown): boolean => {
  const severity = severityOf(error)
  return severity !== undefined && severity !== 'FATAL' && severity !== 'PANIC'
}

/** Returns values as the server sent them, whatever type parsers the application has set. */
const types = { getTypeParser: () => (value: string) => value } as unknown as NonNullable<
  QueryArrayConfig['types']
>

const firstColumns = (results: QueryArrayResult | readonly QueryArrayResult[]): Cells =>
  ('rows' in results ? [results] : results).flatMap(({ rows }) => rows.map((row) => row[0] as string | null))

const isPool = (connection: Connection): connection is Pool => 'totalCount' in connection

/** Methods that pools and clients of other libraries, and wrappers around those of pg, do not all have. */
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
 * Takes a connection from a pool. When a connection breaks, it emits an `error` event, which ends the process if nobody
 * listens, so that it has a listener as soon as the pool stops listening. A connection that nobody waits for any more goes
 * back at once.
 */
const takeFrom = (pool: Pool, onError: (error: unknown) => void): Effect.Effect<PoolClient, StatementError> =>
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

/** A broken connection keeps its listener, since it may emit more errors. */
const giveBack = (client: PoolClient, onError: (error: unknown) => void, isBroken: boolean): void => {
  if (!isBroken) client.off('error', onError)
  client.release(isBroken)
}

/** Reserves the caller’s client, and listens to its errors. */
const reserve = (
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

/** Whether a client was never connected, so that it would never answer. The fields are private, and some versions lack them. */
const isUnconnected = (connection: object): boolean => {
  const { _connected, _connecting } = connection as { _connected?: unknown; _connecting?: unknown }
  return _connected === false && _connecting === false
}

/** Acquires a connection of a pool, or the caller’s client. A broken connection does not go back to the pool. */
export const acquireSession = (
  connection: Connection,
): Effect.Effect<SessionShape, StatementError, Scope.Scope> =>
  Effect.gen(function* () {
    if (!isConnection(connection))
      return yield* Effect.die(
        new TypeError(
          'cannot use the connection: it is neither a Pool nor a Client of pg; from a library that uses pg, pass the pool that it was created with',
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
          takeFrom(connection, remember),
          (taken) => Effect.sync(() => giveBack(taken, remember, broken !== undefined)),
          { interruptible: true },
        )
      : reserve(connection, remember, () => broken !== undefined)
    return sessionOver({
      connection,
      isHeld: !isPool(connection),
      query: async (text) => {
        try {
          return firstColumns(await client.query<unknown[]>({ text, rowMode: 'array', types }))
        } catch (error) {
          if (!isRecoverable(error)) remember(error)
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
