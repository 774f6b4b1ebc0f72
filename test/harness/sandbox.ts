import {
  type DesiredRole,
  isIntermediateName,
  type Plan,
  type PlanRolesOptions,
  type SyncResult,
  type SyncRolesOptions,
} from '@pgsr/node-postgres'
import pg from 'pg'
import { expect } from 'vitest'
import type { Connected, Driver } from './drivers.ts'
import { describeEffect } from './effects.ts'
import { type Holdings, holdingsOf } from './holdings.ts'
import { connectionTo, type TestServer } from './servers.ts'

/** A database of its own, with roles whose names nobody else uses. */
export interface Sandbox {
  readonly server: TestServer
  readonly database: string
  /** The superuser that connects. */
  readonly superuser: string
  readonly driver: Driver
  /** The driver under test, over a pool. */
  readonly pool: Connected
  /** A name that no other test uses: roles belong to the whole cluster. Dropped roles are the test’s own business. */
  readonly name: (base: string) => string
  /** Runs statements as the superuser, and gives back the rows of the last one, each an array. */
  readonly run: (text: string) => Promise<readonly (readonly unknown[])[]>
  /** Runs a statement as a role; rejects where that role may not. */
  readonly as: (role: string, text: string) => Promise<readonly (readonly unknown[])[]>
  /** The roles of this sandbox that are no intermediate roles, as they are now. */
  readonly roles: () => Promise<readonly string[]>
  readonly holdings: (roles: readonly string[]) => Promise<Holdings>
  /**
   * Syncs through the pool, and holds every sync to what is true of all: other roles gain and lose what the plan’s
   * effects say and nothing else, and the same sync again finds nothing to do.
   */
  readonly sync: (
    desired: DesiredRole | readonly DesiredRole[],
    options?: SyncRolesOptions,
  ) => Promise<SyncResult>
  readonly plan: (desired: DesiredRole | readonly DesiredRole[], options?: PlanRolesOptions) => Promise<Plan>
  readonly end: () => Promise<void>
}

const ident = (name: string): string => pg.escapeIdentifier(name)

const rowsOf = async (client: pg.ClientBase, text: string): Promise<readonly (readonly unknown[])[]> => {
  const result = (await client.query<unknown[]>({ text, rowMode: 'array' })) as
    | pg.QueryArrayResult
    | pg.QueryArrayResult[]
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
}

let sandboxes = 0

/** Makes a database on a server and connects to it with a driver. */
export const openSandbox = async (server: TestServer, driver: Driver): Promise<Sandbox> => {
  const tag = `${process.pid.toString(36)}${(++sandboxes).toString(36)}`
  const database = `pgsr_${tag}`
  const admin = new pg.Client(connectionTo(server))
  await admin.connect()
  await admin.query(`create database ${database}`)
  await admin.end()
  const client = new pg.Client(connectionTo(server, database))
  await client.connect()
  const pool = driver.pool(server, database)
  let names = 0

  const run: Sandbox['run'] = (text) => rowsOf(client, text)
  const roles: Sandbox['roles'] = async () => {
    const rows = await run(`select rolname::text from pg_roles where rolname like '%\\_${tag}'`)
    return rows.map(([name]) => name as string).filter((name) => !isIntermediateName(name))
  }
  const holdings: Sandbox['holdings'] = (of) => holdingsOf(client, server.version, of)

  const bystanders = async (desired: readonly DesiredRole[]): Promise<readonly string[]> => {
    const all = await roles()
    return [...all, server.user].filter((name) => !desired.some(({ role }) => role === name))
  }

  const sync: Sandbox['sync'] = async (desired, options) => {
    const list: readonly DesiredRole[] = Array.isArray(desired) ? desired : [desired as DesiredRole]
    const others = await bystanders(list)
    const before = await holdings(others)
    const result = await pool.syncRoles(desired, options)
    const after = await holdings(others)
    const lost = [...before].filter((thing) => !after.has(thing)).map((thing) => `loses ${thing}`)
    const gained = [...after].filter((thing) => !before.has(thing)).map((thing) => `gains ${thing}`)
    const became = gained.filter((line) => !/^gains [^:]*: owns /.test(line))
    const effects = result.plan.effects.map((effect) => describeEffect(effect, server.version))
    expect([...lost, ...became].sort(), 'what other roles gain and lose is what the plan says').toEqual(
      effects.sort(),
    )
    const withoutPasswords = list.map((one) => ({
      ...one,
      grants: one.grants.map((grant) =>
        grant.kind === 'attribute' ? { ...grant, password: 'keep' as const } : grant,
      ),
    }))
    const again = await pool.planRoles(withoutPasswords, options)
    expect(again.transactions, 'the same sync again finds nothing to do').toEqual([])
    return result
  }

  return {
    server,
    database,
    superuser: server.user,
    driver,
    pool,
    name: (base) => `${base}_${(++names).toString(36)}_${tag}`,
    run,
    as: async (role, text) => {
      await client.query(`begin; set local role ${ident(role)}`)
      try {
        return await rowsOf(client, text)
      } finally {
        await client.query('rollback')
      }
    },
    roles,
    holdings,
    sync,
    plan: (desired, options) => pool.planRoles(desired, options),
    end: async () => {
      await pool.end()
      await client.end()
    },
  }
}
