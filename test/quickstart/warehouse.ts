import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Cluster } from '../harness/servers/cluster.ts'
import { connectionTo } from '../harness/servers/servers.ts'

const sample = `
create schema sales;
create schema hr;

create table sales.customers (id int primary key, name text, country text);
insert into sales.customers values
  (1, 'Nordlicht GmbH', 'DE'), (2, 'Atelier Dubois', 'FR'), (3, 'Fjord & Co', 'NO');

create table sales.orders_2025 (id int primary key, customer int references sales.customers, item text, price int);
insert into sales.orders_2025 values (1, 1, 'lantern', 120), (2, 3, 'rope', 35);
create table sales.orders_2026 (id int primary key, customer int references sales.customers, item text, price int);
insert into sales.orders_2026 values (1, 2, 'easel', 210), (2, 1, 'lens', 480), (3, 3, 'compass', 95);

create table hr.employees (name text primary key, desk text, salary int);
insert into hr.employees values ('Ada', 'B2', 9100), ('Linus', 'A7', 8700);
create view hr.directory as select name, desk from hr.employees;

-- By default everybody may connect to every database, and then to be granted it would mean nothing.
revoke connect on database warehouse from public;
`

/** The sample database. */
export interface Warehouse {
  readonly pool: pg.Pool
  /** How often the server has said that it is ready for the next query: once per round trip. */
  readonly roundTrips: () => number
}

/** A connection that is lost shows in its next query; an `error` event nobody listens to would end the process. */
const ignore = (): void => undefined

const connect = async (config: pg.ClientConfig): Promise<pg.Client> => {
  const client = new pg.Client(config).on('error', ignore)
  await client.connect()
  return client
}

/** Logs in to the sample database. */
export const logIn = (cluster: Cluster, user: string, password: string): Promise<pg.Client> =>
  connect({ ...connectionTo(cluster, 'warehouse'), user, password })

const asSuperuser = async (cluster: Cluster, statement: string): Promise<void> => {
  const client = await connect(connectionTo(cluster))
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Creates the sample database, and a pool of connections to it. */
export const loadWarehouse = async (cluster: Cluster): Promise<Warehouse> => {
  await asSuperuser(cluster, 'create database warehouse')
  let count = 0
  const pool = new pg.Pool(connectionTo(cluster, 'warehouse')).on('error', ignore)
  pool.on('connect', (client) => {
    // The protocol beneath a client, which the types of pg leave out.
    const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter }
    connection.on('readyForQuery', () => (count += 1))
  })
  await pool.query(sample)
  return { pool, roundTrips: () => count }
}

/** PostgreSQL’s own words for why it refuses something. Not to be refused, or for another reason, is an error. */
export const refusalOf = async (sqlState: string, asked: Promise<unknown>): Promise<string> => {
  try {
    await asked
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === sqlState) return error.message
    throw error
  }
  throw new Error(`PostgreSQL should have refused this with SQLSTATE ${sqlState}, and did not`)
}

/**
 * Asks everybody but the superuser for a password. The server of the tests trusts everybody, and then a login would
 * show nothing.
 */
export const demandPasswords = async (cluster: Cluster): Promise<void> => {
  const rules = `local all ${cluster.user} trust\nlocal all all scram-sha-256\n`
  await writeFile(join(cluster.host, 'data', 'pg_hba.conf'), rules)
  await asSuperuser(cluster, 'select pg_reload_conf()')
  // The server reads the rules a moment later; until then a role that does not exist is told so without a password.
  for (const deadline = Date.now() + 10_000; ; await sleep(10)) {
    const error = await logIn(cluster, 'stranger', 'guess').then(ignore, (reason: unknown) => reason)
    if (error instanceof pg.DatabaseError && error.code === '28P01') return
    if (Date.now() > deadline) throw new Error('the server does not ask for passwords', { cause: error })
  }
}
