import type { Promises } from '@pgsr/driver/api'
import type { Sessions } from '@pgsr/driver/effect'
import * as nodePostgres from '@pgsr/node-postgres'
import * as nodePostgresEffect from '@pgsr/node-postgres/effect'
import * as postgresJs from '@pgsr/postgres-js'
import * as postgresJsEffect from '@pgsr/postgres-js/effect'
import type * as Effect from 'effect/Effect'
import type * as Layer from 'effect/Layer'
import * as ManagedRuntime from 'effect/ManagedRuntime'
import pg from 'pg'
import postgres from 'postgres'
import { connectionTo, type TestConnection } from '../servers/servers.ts'

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

/** The libraries that have a driver. */
export type Library = 'pg' | 'postgres.js'

/** A driver as the conformance suite sees it, by one of its two doors. */
export interface Driver {
  readonly name: string
  readonly library: Library
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

/** How an application gets at the functions: those that return promises, or Effects. */
type Door<Connection> = (connection: Connection, rest: Pick<Connected, 'run' | 'end'>) => Connected

const promises =
  <Connection>(functions: Promises<Connection>): Door<Connection> =>
  (connection, rest) => ({
    syncRoles: (desired, options) => functions.syncRoles(connection, desired, options),
    planRoles: (desired, options) => functions.planRoles(connection, desired, options),
    executePlan: (plan, options) => functions.executePlan(connection, plan, options),
    dropUnusedRoles: (options) => functions.dropUnusedRoles(connection, options),
    planDropUnusedRoles: (options) => functions.planDropUnusedRoles(connection, options),
    describeRoles: (options) => functions.describeRoles(connection, options),
    explain: (question, options) => functions.explain(connection, question, options),
    whoCan: (question, options) => functions.whoCan(connection, question, options),
    accessOf: (role, options) => functions.accessOf(connection, role, options),
    accessDifference: (plan, options) => functions.accessDifference(connection, plan, options),
    introspectAccess: (options) => functions.introspectAccess(connection, options),
    introspect: (desired, options) => functions.introspect(connection, desired, options),
    ...rest,
  })

type Effects = Pick<typeof nodePostgresEffect, keyof Promises<never>>

/** One layer for all calls, as an application has it. An aborted call ends as where promises are returned. */
const effects =
  <Connection>(
    functions: Effects,
    layer: (connection: Connection) => Layer.Layer<Sessions>,
  ): Door<Connection> =>
  (connection, { run, end }) => {
    const runtime = ManagedRuntime.make(layer(connection))
    const ran = async <A, E>(work: Effect.Effect<A, E, Sessions>): Promise<A> => {
      try {
        return await runtime.runPromise(work)
      } catch (error) {
        throw error instanceof nodePostgres.AbortedError ? error.reason : error
      }
    }
    return {
      syncRoles: (desired, options) => ran(functions.syncRoles(desired, options)),
      planRoles: (desired, options) => ran(functions.planRoles(desired, options)),
      executePlan: (plan, options) => ran(functions.executePlan(plan, options)),
      dropUnusedRoles: (options) => ran(functions.dropUnusedRoles(options)),
      planDropUnusedRoles: (options) => ran(functions.planDropUnusedRoles(options)),
      describeRoles: (options) => ran(functions.describeRoles(options)),
      explain: (question, options) => ran(functions.explain(question, options)),
      whoCan: (question, options) => ran(functions.whoCan(question, options)),
      accessOf: (role, options) => ran(functions.accessOf(role, options)),
      accessDifference: (plan, options) => ran(functions.accessDifference(plan, options)),
      introspectAccess: (options) => ran(functions.introspectAccess(options)),
      introspect: (desired, options) => ran(functions.introspect(desired, options)),
      run,
      end: async () => {
        await runtime.dispose()
        await end()
      },
    }
  }

const pgDriver = (name: string, connected: Door<nodePostgres.Connection>): Driver => {
  const driver: Driver = {
    name,
    library: 'pg',
    pool: (server, database, connections = 4, onNotice = () => undefined) => {
      const pool = new pg.Pool({ ...connectionTo(server, database), max: connections, idleTimeoutMillis: 0 })
      pool.on('connect', (client) => client.on('notice', ({ message }) => onNotice(message ?? '')))
      // As every application has to: here pg tells of connections that are lost while nobody uses them.
      pool.on('error', () => undefined)
      return connected(pool, { run: (text) => pool.query(text), end: () => pool.end() })
    },
    client: async (server, database) => {
      const client = new pg.Client(connectionTo(server, database))
      await client.connect()
      return connected(client, { run: (text) => client.query(text), end: () => client.end() })
    },
    transaction: async (server, database, work) => {
      const client = await driver.client(server, database)
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
  return driver
}

const quiet = (server: TestConnection, database: string) => ({
  ...connectionTo(server, database),
  onnotice: () => undefined,
  // A user's transforms must not reach what pgsr reads.
  transform: postgres.camel,
})

const postgresJsDriver = (
  name: string,
  connected: Door<postgresJs.Connection>,
  options: postgres.Options<Record<string, postgres.PostgresType>> = {},
): Driver => {
  return {
    name,
    library: 'postgres.js',
    pool: (server, database, connections = 4, onNotice = () => undefined) => {
      const sql = postgres({
        ...quiet(server, database),
        ...options,
        max: connections,
        onnotice: ({ message }) => onNotice(message ?? ''),
      })
      return connected(sql, {
        run: (text) => sql.unsafe(text),
        // Without a timeout it waits for ever after a `reserve` that could not connect.
        end: () => sql.end({ timeout: 1 }),
      })
    },
    client: async (server, database) => {
      const sql = postgres({ ...quiet(server, database), max: 1 })
      const reserved = await sql.reserve()
      return connected(reserved, {
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
            connected(transaction, {
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
}

/** The drivers with some build’s functions, by the door that returns promises. */
export const driversOf = (
  ofNodePostgres: Promises<nodePostgres.Connection>,
  ofPostgresJs: Promises<postgresJs.Connection>,
): readonly Driver[] => [
  pgDriver('pg', promises(ofNodePostgres)),
  postgresJsDriver('postgres.js', promises(ofPostgresJs)),
]

export const drivers = driversOf(nodePostgres, postgresJs)

/** All doors of all drivers, which the conformance suite goes through. */
export const doors: readonly Driver[] = [
  ...drivers,
  pgDriver('pg effect', effects(nodePostgresEffect, nodePostgresEffect.layer)),
  // As behind a pooler: then postgres.js connects in another way.
  postgresJsDriver('postgres.js effect', effects(postgresJsEffect, postgresJsEffect.layer), {
    fetch_types: false,
  }),
]
