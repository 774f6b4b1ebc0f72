import pg from 'pg'
import { connectionTo, type TestConnection } from '../harness/servers/servers.ts'

/** What syncs compete for: two databases of one cluster, the same schemas and tables in both, and roles that are in both. */
export interface RaceFixture {
  readonly databases: readonly string[]
  /** Those that are synced. */
  readonly roles: readonly string[]
  /** Those that they may be members of. */
  readonly groups: readonly string[]
  readonly schemas: readonly string[]
  readonly tables: readonly string[]
}

export const fixtureOf = (tag: string): RaceFixture => ({
  databases: ['a', 'b'].map((name) => `race_${tag}_${name}`),
  roles: ['r1', 'r2', 'r3', 'r4'].map((name) => `race_${tag}_${name}`),
  groups: ['g1', 'g2'].map((name) => `race_${tag}_${name}`),
  schemas: ['one', 'two'],
  tables: ['orders', 'orders_old', 'customers'],
})

export const connect = async (server: TestConnection, database?: string): Promise<pg.Client> => {
  // A connection that is lost shows in its next query.
  const client = new pg.Client(connectionTo(server, database)).on('error', () => undefined)
  await client.connect()
  return client
}

/** Makes what is missing of the objects in a database. */
export const furnish = async (client: pg.Client, { schemas, tables }: RaceFixture): Promise<void> => {
  for (const schema of schemas) {
    await client.query(`create schema if not exists ${schema}`)
    for (const table of tables) await client.query(`create table if not exists ${schema}.${table} (id int)`)
  }
}

const inDatabases = async (
  server: TestConnection,
  { databases }: RaceFixture,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> => {
  for (const database of databases) {
    const client = await connect(server, database)
    await work(client).finally(() => client.end())
  }
}

/** Makes databases in which nobody may do anything. */
export const build = async (server: TestConnection, fixture: RaceFixture): Promise<void> => {
  const client = await connect(server)
  for (const database of fixture.databases) {
    await client.query(`create database ${database}`)
    await client.query(`revoke all on database ${database} from public`)
  }
  await client.end()
  await inDatabases(server, fixture, (one) => furnish(one, fixture))
}

/** Of the roles that a role may be asked to be a member of, none is asked to be a member of it. */
export const above = ({ roles, groups }: RaceFixture, role: string): readonly string[] => {
  const all = [...roles, ...groups]
  return all.slice(all.indexOf(role) + 1)
}

/** Drops the roles that are in a membership with a role that no longer exists: no other statement ends such a membership. */
const dropVanished = async (server: TestConnection, fixture: RaceFixture): Promise<void> => {
  const client = await connect(server)
  const { rows } = await client.query<{ readonly role: string }>(
    `select distinct r.rolname as role from pg_roles as r join pg_auth_members as m on r.oid in (m.roleid, m.member)
     where r.rolname = any($1::name[]) and (m.roleid not in (select oid from pg_roles) or m.member not in (select oid from pg_roles))`,
    [[...fixture.roles, ...fixture.groups]],
  )
  for (const { role } of rows) {
    await inDatabases(server, fixture, (one) => one.query(`drop owned by "${role}" cascade`))
    await client.query(`drop role "${role}"`)
  }
  await client.end()
}

/** Makes again what somebody has dropped, and ends memberships that are in the way of those that are asked for. */
export const repair = async (server: TestConnection, fixture: RaceFixture): Promise<void> => {
  await dropVanished(server, fixture)
  await inDatabases(server, fixture, (client) => furnish(client, fixture))
  const client = await connect(server)
  const { rows } = await client.query<{ readonly role: string; readonly member: string }>(
    `select g.rolname as role, r.rolname as member from pg_auth_members as m
     join pg_roles as g on g.oid = m.roleid join pg_roles as r on r.oid = m.member
     where r.rolname = any($1::name[])`,
    [[...fixture.roles, ...fixture.groups]],
  )
  for (const { role, member } of rows)
    if (above(fixture, role).includes(member)) await client.query(`revoke "${role}" from "${member}"`)
  await client.end()
}

/** Drops databases and roles; the intermediate roles hold nothing then, and are anybody’s to drop. */
export const tearDown = async (
  server: TestConnection,
  { databases, roles, groups }: RaceFixture,
): Promise<void> => {
  const client = await connect(server)
  for (const database of databases) await client.query(`drop database ${database}`)
  for (const role of [...roles, ...groups]) await client.query(`drop role if exists ${role}`)
  await client.end()
}
