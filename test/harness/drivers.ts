import type { Promises } from '@pgsr/driver'
import * as nodePostgres from '@pgsr/node-postgres'
import * as postgresJs from '@pgsr/postgres-js'
import pg from 'pg'
import postgres from 'postgres'
import { connectionTo, type TestConnection } from './servers.ts'

/** What a function is once its connection is given. */
type Bound<F> = F extends (connection: never, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never

/** A driver’s functions, on one connection or pool of it. */
export type Connected = {
  readonly [Name in keyof Promises<never>]: Bound<Promises<never>[Name]>
} & {
  /** Runs a text on the same connection or pool, as the application that owns it would. */
  readonly run: (text: string) => Promise<unknown>
  readonly end: () => Promise<void>
}

/** A driver as the conformance suite sees it. */
export interface Driver {
  readonly name: string
  /** A pool of a few connections, four unless told otherwise. */
  readonly pool: (
    server: TestConnection,
    database: string,
    connections?: number,
    onNotice?: (message: string) => void,
  ) => Connected
  /** One connection that the caller holds. */
  readonly client: (server: TestConnection, database: string) => Promise<Connected>
  /** Does some work in a transaction of the application’s, as the driver has it: it commits unless the work rejects. */
  readonly transaction: <T>(
    server: TestConnection,
    database: string,
    work: (connected: Connected) => Promise<T>,
  ) => Promise<T>
}

const connected = <Connection>(
  functions: Promises<Connection>,
  connection: Connection,
  rest: Pick<Connected, 'run' | 'end'>,
): Connected => ({
  syncRoles: (desired, options) => functions.syncRoles(connection, desired, options),
  planRoles: (desired, options) => functions.planRoles(connection, desired, options),
  executePlan: (plan, options) => functions.executePlan(connection, plan, options),
  dropUnusedRoles: (options) => functions.dropUnusedRoles(connection, options),
  planDropUnusedRoles: (options) => functions.planDropUnusedRoles(connection, options),
  introspect: (desired, options) => functions.introspect(connection, desired, options),
  ...rest,
})

const quiet = (server: TestConnection, database: string) => ({
  ...connectionTo(server, database),
  onnotice: () => undefined,
  // A user's transforms must not reach what pgsr reads.
  transform: postgres.camel,
})

const pgDriver: Driver = {
  name: 'pg',
  pool: (server, database, connections = 4, onNotice = () => undefined) => {
    const pool = new pg.Pool({ ...connectionTo(server, database), max: connections, idleTimeoutMillis: 0 })
    pool.on('connect', (client) => client.on('notice', ({ message }) => onNotice(message ?? '')))
    // As every application has to: here pg tells of connections that are lost while nobody uses them.
    pool.on('error', () => undefined)
    return connected(nodePostgres, pool, { run: (text) => pool.query(text), end: () => pool.end() })
  },
  client: async (server, database) => {
    const client = new pg.Client(connectionTo(server, database))
    await client.connect()
    return connected(nodePostgres, client, { run: (text) => client.query(text), end: () => client.end() })
  },
  transaction: async (server, database, work) => {
    const client = await pgDriver.client(server, database)
    try {
      await client.run('begin')
      const result = await work(client)
      await client.run('commit')
      return result
    } catch (error) {
      await client.run('rollback')
      throw error
    } finally {
      await client.end()
    }
  },
}

const postgresJsDriver: Driver = {
  name: 'postgres.js',
  pool: (server, database, connections = 4, onNotice = () => undefined) => {
    const sql = postgres({
      ...quiet(server, database),
      max: connections,
      onnotice: ({ message }) => onNotice(message ?? ''),
    })
    return connected(postgresJs, sql, {
      run: (text) => sql.unsafe(text),
      // Without a timeout it waits for ever after a `reserve` that could not connect.
      end: () => sql.end({ timeout: 1 }),
    })
  },
  client: async (server, database) => {
    const sql = postgres({ ...quiet(server, database), max: 1 })
    const reserved = await sql.reserve()
    return connected(postgresJs, reserved, {
      run: (text) => reserved.unsafe(text),
      end: async () => {
        reserved.release()
        await sql.end()
      },
    })
  },
  transaction: async (server, database, work) => {
    const sql = postgres({ ...quiet(server, database), max: 1 })
    try {
      let result: Awaited<ReturnType<typeof work>> | undefined
      await sql.begin(async (transaction) => {
        result = await work(
          connected(postgresJs, transaction, {
            run: (text) => transaction.unsafe(text),
            end: () => Promise.resolve(),
          }),
        )
      })
      return result as Awaited<ReturnType<typeof work>>
    } finally {
      await sql.end({ timeout: 1 })
    }
  },
}

/** The drivers that the conformance suite runs with. */
export const drivers: readonly Driver[] = [pgDriver, postgresJsDriver]
