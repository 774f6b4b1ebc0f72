import {
  type AbsentRole,
  type DesiredRole,
  isIntermediateName,
  type Plan,
  type PlanRolesOptions,
  type SyncResult,
  type SyncRolesOptions,
} from '@pgsr/node-postgres'
import pg from 'pg'
import { expect } from 'vitest'
import { type ActorKind, createOwner } from './actor.ts'
import type { Connected, Driver } from '../drivers/drivers.ts'
import { describeEffect } from '../holdings/effects.ts'
import { type Holdings, holdingsOf } from '../holdings/holdings.ts'
import { connectionTo, type TestConnection, type TestServer } from '../servers/servers.ts'
import { watched } from '../drivers/role-state.ts'

/** What a sync may be asked for. */
type Desired = DesiredRole | AbsentRole | readonly (DesiredRole | AbsentRole)[]

/** A database of its own, with roles whose names nobody else uses. */
export interface Sandbox {
  readonly server: TestServer
  readonly database: string
  /** The acting role: it connects, so it is what syncs. */
  readonly actor: string
  readonly isSuperuser: boolean
  /** How the acting role connects. */
  readonly connection: TestConnection
  readonly driver: Driver
  /** The driver under test, over a pool of the acting role’s. */
  readonly pool: Connected
  /** A name that no other test uses: roles belong to the whole cluster. Dropped roles are the test’s own business. */
  readonly name: (base: string) => string
  /**
   * Runs statements as the acting role, and gives back the rows of the last one, each an array. What a test sets up is
   * made by this: from 16 on a role can only be administered by who created it, or a superuser.
   */
  readonly run: (text: string) => Promise<readonly (readonly unknown[])[]>
  /** The same as a superuser, for what the acting role may not do itself. */
  readonly admin: (text: string) => Promise<readonly (readonly unknown[])[]>
  /** Runs a statement as a role; rejects where that role may not. */
  readonly as: (role: string, text: string) => Promise<readonly (readonly unknown[])[]>
  /** The roles of this sandbox that exist now, without intermediate roles. */
  readonly roles: () => Promise<readonly string[]>
  readonly holdings: (roles: readonly string[]) => Promise<Holdings>
  /**
   * Syncs through the pool, and holds every sync to what is true of all: other roles gain and lose what the plan’s
   * effects say and nothing else, and the same sync again finds nothing to do.
   */
  readonly sync: (desired: Desired, options?: SyncRolesOptions) => Promise<SyncResult>
  readonly plan: (desired: Desired, options?: PlanRolesOptions) => Promise<Plan>
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

/**
 * Whether a role that the acting role made, and so administers, may just have been dropped: it should not exist; or it is
 * an intermediate role that holds nothing any more, its object having been dropped, which is any other test’s to drop at
 * any time. That the acting role gives nothing of its own away is held to elsewhere, for all roles that are still there.
 */
const isOfDropped = (thing: string, actor: string, absent: readonly string[]): boolean =>
  ['_pgsr_', ...absent].some((role) => thing.startsWith(`${actor}: member of ${role}`)) &&
  thing.endsWith('admin t, inherit f, set f')

/** Before 16, a membership stays that a role granted which is dropped, by nobody then. */
const withoutDropped = (line: string, absent: readonly string[]): string =>
  line.replace(/ by (unknown \(OID=\d+\)|[^ ]+), admin/, (text, grantor: string) =>
    grantor.startsWith('unknown (') || absent.includes(grantor) ? ' by a dropped role, admin' : text,
  )

const connect = async (connection: TestConnection, database?: string): Promise<pg.Client> => {
  const client = new pg.Client(connectionTo(connection, database))
  await client.connect()
  return client
}

const superusers = new Map<string, pg.Pool>()

/** For what concerns the whole cluster: one connection for all files of a worker, which ends with the worker or the server. */
const superuserOf = (server: TestServer): pg.Pool => {
  const existing = superusers.get(server.name)
  if (existing !== undefined) return existing
  const pool = new pg.Pool({ ...connectionTo(server), max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true })
  pool.on('error', () => undefined)
  superusers.set(server.name, pool)
  return pool
}

const withoutRequest = (plan: Plan): unknown => ({ ...plan, request: undefined })

/** Makes a database on a server and connects to it with a driver. */
export const openSandbox = async (
  server: TestServer,
  unwatched: Driver,
  kind: ActorKind = 'superuser',
): Promise<Sandbox> => {
  const tag = `${process.pid.toString(36)}${(++sandboxes).toString(36)}`
  const database = `pgsr_${tag}`
  let names = 0
  const name: Sandbox['name'] = (base) => `${base}_${(++names).toString(36)}_${tag}`

  const cluster = superuserOf(server)
  await cluster.query(`create database ${database}`)
  const isSuperuser = kind === 'superuser'
  const connection = isSuperuser ? server : await createOwner(cluster, server, database, name('owner'))

  const superuser = await connect(server, database)
  const client = await connect(connection, database)
  const isOfOtherTests = (role: string): boolean =>
    !/^(_pgsr|pg_)/.test(role) && /_[0-9a-z]+_[0-9a-z]+$/.test(role) && !role.endsWith(`_${tag}`)
  const driver = watched(unwatched, cluster, (role) => !isOfOtherTests(role))
  const pool = driver.pool(connection, database)
  const actor = connection.user

  const admin: Sandbox['admin'] = (text) => rowsOf(superuser, text)
  const roles: Sandbox['roles'] = async () => {
    const rows = await admin(`select rolname::text from pg_roles where rolname like '%\\_${tag}'`)
    return rows.map(([role]) => role as string).filter((role) => !isIntermediateName(role))
  }
  const holdings: Sandbox['holdings'] = (of) => holdingsOf(superuser, server.version, of)
  // All tests share the superuser, and may make it a member of roles of theirs.
  const isOfOthersMembership = (line: string): boolean =>
    line.startsWith(`${server.user}: member of `) && line.split(/[ ,]/).some(isOfOtherTests)

  const bystanders = async (desired: readonly { readonly role: string }[]): Promise<readonly string[]> => {
    const all = await roles()
    return [...all, server.user].filter((other) => !desired.some(({ role }) => role === other))
  }

  const sync: Sandbox['sync'] = async (desired, options) => {
    const list = [desired].flat()
    const absent = list.flatMap((one) => ('absent' in one ? [one.role] : []))
    const others = await bystanders(list)
    const named = (line: string): string => withoutDropped(line, absent)
    const heldBy = async (some: readonly string[]): Promise<ReadonlySet<string>> =>
      new Set([...(await holdings(some))].filter((line) => !isOfOthersMembership(line)).map(named))
    const before = await heldBy(others)
    const result = await pool.syncRoles(desired, options)
    const after = await heldBy(others)
    const lost = [...before]
      .filter((thing) => !after.has(thing) && !isOfDropped(thing, actor, absent))
      .map((thing) => `loses ${thing}`)
    const gained = [...after].filter((thing) => !before.has(thing)).map((thing) => `gains ${thing}`)
    // It is not an effect to become an owner, or to administer the roles that one creates.
    const became = gained.filter(
      (line) => !/^gains [^:]*: owns /.test(line) && !line.startsWith(`gains ${actor}: member of `),
    )
    const isOthers = (role: string): boolean =>
      !isIntermediateName(role) && list.every((one) => one.role !== role)
    const effects = result.plan.effects
      .filter(({ role }) => isOthers(role))
      .map((effect) => named(describeEffect(effect, server.version)))
    expect([...lost, ...became].sort(), 'what other roles gain and lose is what the plan says').toEqual(
      effects.sort(),
    )
    const withoutPasswords = list.map((one) =>
      'absent' in one
        ? one
        : {
            ...one,
            grants: one.grants.map((grant) =>
              grant.kind === 'attribute' ? { ...grant, password: 'keep' as const } : grant,
            ),
          },
    )
    // What a plan says does not depend on the driver, so it is enough to ask one.
    if (driver.name === 'pg') {
      // What an acting role that is no superuser may need goes last: only the next plan gives what made a cycle with it.
      const isInCycle = !isSuperuser && result.plan.skipped.some(({ reason }) => reason === 'cycle')
      if (isInCycle) await pool.syncRoles(withoutPasswords, options)
      const again = await pool.planRoles(withoutPasswords, options)
      expect(again.transactions, 'the same sync again finds nothing to do').toEqual([])
      // A sync reads less than a plan, as long as it finds nothing to do.
      const repeated = await pool.syncRoles(withoutPasswords, options)
      expect(withoutRequest(repeated.plan), 'and says the same as a plan').toEqual(withoutRequest(again))
    }
    return result
  }

  return {
    server,
    database,
    actor,
    isSuperuser,
    connection,
    driver,
    pool,
    name,
    run: (text) => rowsOf(client, text),
    admin,
    as: async (role, text) => {
      await superuser.query(`begin; set local role ${ident(role)}`)
      try {
        return await rowsOf(superuser, text)
      } finally {
        await superuser.query('rollback')
      }
    },
    roles,
    holdings,
    sync,
    plan: (desired, options) => pool.planRoles(desired, options),
    end: async () => {
      await pool.end()
      await client.end()
      await superuser.end()
    },
  }
}
