import * as nodePostgres from '@pgsr/node-postgres'
import * as nodePostgresEffect from '@pgsr/node-postgres/effect'
import * as postgresJs from '@pgsr/postgres-js'
import * as Effect from 'effect/Effect'
import pg from 'pg'
import postgres from 'postgres'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { connectionTo, type TestConnection } from '../servers/servers.ts'

type Desired = nodePostgres.DesiredInDatabases
type Options = nodePostgres.SyncDatabasesOptions

/** The functions for several databases, on connections of one driver, by one of its doors. */
export interface Databases {
  readonly sync: (desired: Desired, options?: Options) => Promise<nodePostgres.DatabasesResult>
  readonly plan: (
    desired: Desired,
    options?: nodePostgres.PlanDatabasesOptions,
  ) => Promise<nodePostgres.DatabasesPlans>
  readonly end: () => Promise<unknown>
}

/** Where connections for some names lead. */
export type Places = readonly (readonly [name: string, at: TestConnection, database?: string])[]

const poolsTo = (places: Places) =>
  places.map(([name, at, database = name]) => {
    const pool = new pg.Pool({ ...connectionTo(at, database), max: 2 })
    pool.on('error', () => undefined)
    return [name, pool] as const
  })

const withPg = (places: Places): Databases => {
  const pools = poolsTo(places)
  const connections = Object.fromEntries(pools)
  return {
    sync: (desired, options) => nodePostgres.syncDatabases(connections, desired, options),
    plan: (desired, options) => nodePostgres.planDatabases(connections, desired, options),
    end: () => Promise.all(pools.map(([, pool]) => pool.end())),
  }
}

const withEffect = (places: Places): Databases => {
  const pools = poolsTo(places)
  const layers = Object.fromEntries(pools.map(([name, pool]) => [name, nodePostgresEffect.layer(pool)]))
  return {
    sync: (desired, options) => Effect.runPromise(nodePostgresEffect.syncDatabases(layers, desired, options)),
    plan: (desired, options) => Effect.runPromise(nodePostgresEffect.planDatabases(layers, desired, options)),
    end: () => Promise.all(pools.map(([, pool]) => pool.end())),
  }
}

const withPostgresJs = (places: Places): Databases => {
  const all = places.map(
    ([name, at, database = name]) => [name, postgres({ ...connectionTo(at, database), max: 2 })] as const,
  )
  const connections = Object.fromEntries(all)
  return {
    sync: (desired, options) => postgresJs.syncDatabases(connections, desired, options),
    plan: (desired, options) => postgresJs.planDatabases(connections, desired, options),
    // Without a timeout it waits for ever after a `reserve` that could not connect.
    end: () => Promise.all(all.map(([, sql]) => sql.end({ timeout: 0.1 }))),
  }
}

/** How the driver of a sandbox gets at the functions. */
export const doorOf = ({ driver }: Sandbox) => {
  if (driver.library === 'postgres.js') return withPostgresJs
  return driver.name.includes('Effect') ? withEffect : withPg
}

/** Makes more databases with a schema and a table, beside that of the sandbox, and drops them in the end. */
export const inDatabases = async (
  box: Sandbox,
  count: number,
  work: (databases: readonly string[]) => Promise<void>,
): Promise<void> => {
  const names = Array.from({ length: count }, () => `${box.database}_${box.name('db')}`)
  for (const name of names) await box.admin(`create database ${name}`)
  try {
    for (const name of names) {
      await box.admin(`alter database ${name} owner to ${box.actor}`)
      await inside(
        box,
        name,
        `create schema app authorization ${box.actor}; set role ${box.actor}; create table app.t (); reset role`,
      )
    }
    await work(names)
  } finally {
    for (const name of names) await box.admin(`drop database if exists ${name}`)
  }
}

/** Runs a text in a database as the superuser. */
export const inside = async ({ server }: Sandbox, database: string, text: string): Promise<unknown[][]> => {
  const client = new pg.Client(connectionTo(server, database))
  await client.connect()
  try {
    const answer = await client.query({ text, rowMode: 'array' })
    return [answer].flat().at(-1)!.rows
  } finally {
    await client.end()
  }
}

/** Does some work with the functions for several databases. */
export const using = async (
  box: Sandbox,
  databases: readonly string[],
  work: (all: Databases) => Promise<void>,
  at: (database: string) => TestConnection = () => box.connection,
): Promise<void> => {
  const all = doorOf(box)(databases.map((database) => [database, at(database)]))
  try {
    await work(all)
  } finally {
    await all.end()
  }
}
