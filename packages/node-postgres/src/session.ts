import { exclusively, type Results, type StatementError, statementError, type Wire } from '@pgsr/driver'
import type { ClientBase, Pool, QueryArrayConfig, QueryArrayResult } from 'pg'
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

type ArrayResult = QueryArrayResult<(string | null)[]>

const resultsOf = (answer: ArrayResult | readonly ArrayResult[]): Results =>
  ('rows' in answer ? [answer] : answer).filter(({ fields }) => fields.length > 0).map(({ rows }) => rows)

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

/** A connection for one call, whose errors are listened to, and what gives it back. */
interface Held {
  readonly client: ClientBase
  readonly giveBack: (isBroken: boolean) => void
}

/**
 * Takes a connection from a pool. When a connection breaks, it emits an `error` event, which ends the process if nobody
 * listens. So it gets a listener as soon as the pool stops listening.
 */
const takenFrom = (pool: Pool, onError: (error: unknown) => void): Promise<Held> =>
  new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(errorOf(error))
        return
      }
      client.on('error', onError)
      resolve({ client, giveBack: (isBroken) => client.release(isBroken) })
    })
  })

/** Reserves the caller’s client. */
const reserved = async (client: ClientBase, onError: (error: unknown) => void): Promise<Held> => {
  const giveBack = await exclusively(client)
  client.on('error', onError)
  return { client, giveBack }
}

/** Whether a client was never connected, so that it would never answer. The fields are private, and some versions lack them. */
const isUnconnected = (connection: object): boolean => {
  const { _connected, _connecting } = connection as { _connected?: unknown; _connecting?: unknown }
  return _connected === false && _connecting === false
}

/**
 * Acquires a connection of a pool, or the caller’s client. A broken connection does not go back to the pool. It keeps its
 * listener, since it may emit more errors.
 */
export const acquireWire = async (connection: Connection): Promise<Wire> => {
  if (!isConnection(connection))
    throw new TypeError(
      'cannot use the connection: it is neither a Pool nor a Client of pg; if you use a library on top of pg, pass the pool that it was created with',
    )
  if (isUnconnected(connection)) throw new TypeError('cannot use the connection: the client is not connected')
  let broken: unknown
  const remember = (error: unknown): void => {
    broken ??= error
  }
  const { client, giveBack } = isPool(connection)
    ? await takenFrom(connection, remember)
    : await reserved(connection, remember)
  return {
    connection,
    isHeld: !isPool(connection),
    query: async (text) => {
      try {
        return resultsOf(await client.query<(string | null)[]>({ text, rowMode: 'array', types }))
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
    release: () => {
      if (broken === undefined) client.off('error', remember)
      giveBack(broken !== undefined)
    },
  }
}
