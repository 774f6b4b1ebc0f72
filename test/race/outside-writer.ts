import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { above, type RaceFixture, connect } from './race-fixture.ts'
import type { Random } from './random.ts'
import { attributes } from './request.ts'
import type { TestConnection } from '../harness/servers/servers.ts'

/** Any role that could be met: those that are synced, their groups, and intermediate roles of these databases. */
const anyRole = async (client: pg.Client, random: Random, fixture: RaceFixture): Promise<string> => {
  if (random.chance(0.6)) return random.pick([...fixture.roles, ...fixture.groups])
  const { rows } = await client.query<{ readonly role: string }>({
    name: 'intermediate roles',
    text: `
      select rolname as role from pg_roles where rolname like '\\_pgsr\\_local\\_' || (select oid from pg_database where datname = current_database()) || '\\_%'
      union all select rolname from pg_roles as r, pg_database as d, aclexplode(d.datacl) as a
      where datname = any($1::name[]) and r.oid = a.grantee and rolname like '\\_pgsr\\_global\\_%' order by role`,
    values: [fixture.databases],
  })
  return rows.length > 0 ? random.pick(rows).role : random.pick(fixture.roles)
}

type Draw = (random: Random, fixture: RaceFixture, role: string) => string

const table = (random: Random, { schemas, tables }: RaceFixture): string =>
  `${random.pick(schemas)}.${random.pick(tables)}`

const option = (random: Random): string => (random.chance(0.2) ? ' with grant option' : '')

const groupOf = (random: Random, fixture: RaceFixture, role: string): string =>
  random.pick(above(fixture, role).length > 0 ? above(fixture, role) : fixture.groups)

/** What somebody does who knows nothing of pgsr, to whatever it is about. */
const statements: readonly Draw[] = [
  (random, fixture, role) =>
    `grant select, insert on ${table(random, fixture)} to "${role}"${option(random)}`,
  (random, fixture, role) => `revoke all on ${table(random, fixture)} from "${role}" cascade`,
  (random, { schemas }, role) => `grant all on schema ${random.pick(schemas)} to "${role}"${option(random)}`,
  (random, { schemas }, role) => `revoke all on schema ${random.pick(schemas)} from "${role}" cascade`,
  (random, { databases }, role) =>
    `grant connect on database ${random.pick(databases)} to "${role}"${option(random)}`,
  (random, { databases }, role) =>
    `revoke connect on database ${random.pick(databases)} from "${role}" cascade`,
  // Passed on by somebody who may not keep it.
  (random, fixture, role) => {
    const name = table(random, fixture)
    const from = random.pick(fixture.roles)
    return `grant select on ${name} to ${from} with grant option; set role ${from}; grant select on ${name} to "${role}"; reset role`
  },
  (random, fixture, role) =>
    `grant ${groupOf(random, fixture, role)} to "${role}"${random.chance(0.2) ? ' with admin option' : ''}`,
  (random, fixture, role) => `revoke ${groupOf(random, fixture, role)} from "${role}"`,
  (random, fixture, role) => `grant "${role}" to ${random.pick(fixture.roles)}`,
  (random, fixture, role) => `revoke "${role}" from ${random.pick(fixture.roles)}`,
  (random, _, role) =>
    `alter role "${role}" ${random.chance(0.5) ? 'no' : ''}${random.pick([...attributes, 'login'])}`,
  (random, fixture, role) => `alter table ${table(random, fixture)} owner to "${role}"`,
  (random, { schemas }, role) => `alter schema ${random.pick(schemas)} owner to "${role}"`,
  (random, fixture) => {
    const name = table(random, fixture)
    return `drop table if exists ${name}; create table ${name} (id int)`
  },
  (random, fixture) => `drop table ${table(random, fixture)}`,
  (random, fixture) => `create table ${table(random, fixture)} (id int)`,
  (random, { schemas }) => `drop schema ${random.pick(schemas)} cascade`,
  (random, { schemas }) => `create schema ${random.pick(schemas)}`,
  (_, __, role) => `drop owned by "${role}" cascade; drop role "${role}"`,
  (_, __, role) => `drop role "${role}"`,
  (_, __, role) => `create role "${role}"`,
]

/** What an outside writer has changed by hand. */
export interface ChangesByHand {
  readonly count: number
  /** The transactions that did it, as `xmin` of a row says them. */
  readonly transactions: readonly string[]
}

/**
 * Changes roles and objects of one database by hand, without the advisory lock, until it is stopped. What PostgreSQL
 * refuses is not done.
 */
export const runOutsideWriter = async (
  server: TestConnection,
  database: string,
  random: Random,
  fixture: RaceFixture,
  signal: AbortSignal,
): Promise<ChangesByHand> => {
  const client = await connect(server, database)
  const transactions: string[] = []
  while (!signal.aborted) {
    const role = await anyRole(client, random, fixture)
    const statement = random.pick(statements)(random, fixture, role)
    // One message is one transaction.
    const results = await client.query(`${statement}; select txid_current() as transaction`).then(
      (answer) => answer as unknown as readonly pg.QueryResult<{ readonly transaction: string }>[],
      () => [],
    )
    transactions.push(...results.slice(-1).map(({ rows }) => rows[0]!.transaction))
    await sleep(random.number() * 20)
  }
  await client.end()
  return { count: transactions.length, transactions }
}
