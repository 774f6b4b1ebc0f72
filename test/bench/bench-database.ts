import pg from 'pg'
import { type ActorKind, createOwner } from '../harness/sandbox/actor.ts'
import type { Driver } from '../harness/drivers/drivers.ts'
import { inMessages } from '../harness/texts/in-messages.ts'
import { connectionTo, type TestConnection } from '../harness/servers/servers.ts'
import type { Address } from './bench-connection.ts'

/** What a scenario is done with. */
export interface Combination {
  readonly major: number
  readonly role: ActorKind
  readonly driver: Driver
}

/** A fresh database of a server that nobody else uses, and whoever syncs there. */
export interface BenchDatabase extends Combination {
  /** Who syncs. */
  readonly actor: Address
  readonly superuser: Address
  /** Runs statements as who syncs, to set up what is its own. */
  readonly run: (...statements: readonly string[]) => Promise<void>
  /** The same as a superuser; what it gives back are the first columns of the rows of the last one. */
  readonly admin: (...statements: readonly string[]) => Promise<readonly string[]>
  /** Leaves nothing dead in the catalogs that syncs write to: with autovacuum, too, it would not pile up. */
  readonly vacuum: () => Promise<unknown>
  /** Drops all roles but who syncs, the superuser and those named, with what they hold. */
  readonly dropRolesBut: (...kept: readonly string[]) => Promise<void>
  /** Ends its connections. */
  readonly close: () => Promise<void>
  /** Leaves the server as it was before. */
  readonly end: () => Promise<void>
}

const connect = async ({ connection, database }: Address): Promise<pg.Client> => {
  const client = new pg.Client(connectionTo(connection, database))
  await client.connect()
  return client
}

const runAll = async (client: pg.Client, statements: readonly string[]): Promise<readonly string[]> => {
  let last: readonly string[] = []
  for (const text of inMessages(statements)) {
    const answer = (await client.query<string[]>({ text, rowMode: 'array' })) as
      | pg.QueryArrayResult<string[]>
      | pg.QueryArrayResult<string[]>[]
    const result = Array.isArray(answer) ? answer.at(-1) : answer
    last = result?.rows.map(([value]) => value!) ?? []
  }
  return last
}

const vacuumStatement = 'vacuum pg_authid, pg_auth_members, pg_shdepend, pg_class, pg_namespace, pg_database'

const otherRoles = (kept: readonly string[]): string =>
  `select rolname::text from pg_roles where rolname !~ '^pg_' and rolname <> all('{${kept.join(',')}}'::text[])`

const dropRoles = (roles: readonly string[]): readonly string[] => {
  const list = roles.map((role) => pg.escapeIdentifier(role)).join(',')
  return [`drop owned by ${list}`, `drop role ${list}`]
}

/** How many roles one statement drops: some locks each. */
const droppedTogether = 500

export const openBenchDatabase = async (
  server: TestConnection,
  combination: Combination,
): Promise<BenchDatabase> => {
  const database = 'bench'
  const cluster = new pg.Pool({ ...connectionTo(server), max: 1, idleTimeoutMillis: 0 })
  // Its end does not wait for the server’s, which may say so.
  cluster.on('error', () => undefined)
  await cluster.query(`create database ${database}`)
  const superuser = { connection: server, database }
  const actor =
    combination.role === 'superuser'
      ? superuser
      : { connection: await createOwner(cluster, server, database, 'service'), database }
  const [adminClient, actorClient] = [await connect(superuser), await connect(actor)]
  const admin: BenchDatabase['admin'] = (...statements) => runAll(adminClient, statements)
  const vacuum = () => admin(vacuumStatement)
  const dropRolesBut: BenchDatabase['dropRolesBut'] = async (...kept) => {
    const roles = await admin(otherRoles([server.user, actor.connection.user, ...kept]))
    for (let start = 0; start < roles.length; start += droppedTogether)
      await admin(...dropRoles(roles.slice(start, start + droppedTogether)))
    await vacuum()
  }
  const leave = async (): Promise<void> => {
    for (const client of [actorClient, adminClient]) await client.end()
  }
  return {
    ...combination,
    actor,
    superuser,
    run: async (...statements) => void (await runAll(actorClient, statements)),
    admin,
    vacuum,
    dropRolesBut,
    close: async () => {
      await leave()
      await cluster.end()
    },
    end: async () => {
      await dropRolesBut()
      await leave()
      await cluster.query(`drop database ${database} with (force)`)
      if (actor !== superuser) await cluster.query(`drop role ${actor.connection.user}`)
      await cluster.end()
    },
  }
}
