import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { type DesiredRole, Grant, operationsOf, planRoles, renderSql, syncRoles } from '@pgsr/node-postgres'
import type pg from 'pg'
import { startCluster, type Cluster } from '../harness/servers/cluster.ts'
import { heading, say, showCode, showQuery, showScript, tableOf, title } from './narrate.ts'
import { alice, analyst, password, sourceOfRoles, staff } from './roles.ts'
import { demandPasswords, loadWarehouse, logIn, refusalOf, type Warehouse } from './warehouse.ts'

/** Without a password to set: she keeps the one she has. */
const aliceAsSheIs = {
  role: 'alice',
  grants: [Grant.login(), Grant.databaseConnect('warehouse'), Grant.roleMembership('analyst')],
}

const analystWithoutOrders = {
  role: 'analyst',
  grants: [
    Grant.roleMembership('staff'),
    Grant.schemaUsage('sales'),
    Grant.tableSelect('sales', 'customers', { direct: true }),
  ],
}

const interrupted = new AbortController()

// Once: who presses Ctrl-C again does not want to wait, and then the watchdog of the server cleans up behind us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal]
    interrupted.abort()
  })

/** Begins the next part of the story, unless somebody wants it to end. */
const chapter = (text: string): void => {
  interrupted.signal.throwIfAborted()
  heading(text)
}

const showRows = async (client: pg.Client, query: string): Promise<void> => {
  const { rows } = await client.query<Record<string, unknown>>(query)
  showQuery('alice', query, tableOf(rows))
}

const showRefusal = async (client: pg.Client, query: string): Promise<void> =>
  showQuery('alice', query, [`ERROR:  ${await refusalOf('42501', client.query(query))}`])

const planAndSync = async ({ pool }: Warehouse): Promise<void> => {
  chapter('Say what three roles should have.')
  showCode(await sourceOfRoles())

  chapter('Look at the plan. This only reads.')
  showScript(renderSql(await planRoles(pool, [staff, analyst, alice])))
  say(
    'Each "_pgsr_…" role holds one privilege on one object, for everybody who is to have it.',
    '`direct` does without one. The password is not in the plan.',
  )

  chapter('Sync: make it true in one transaction, and prove it by reading the catalogs again.')
  const { changed, plan } = await syncRoles(pool, [staff, analyst, alice])
  assert(changed)
  say(
    `changed: ${changed}, ${operationsOf(plan).length} operations.`,
    'The digits at the end of a new "_pgsr_…" role are random, and others than in the plan above.',
  )
}

const syncAgain = async ({ pool, roundTrips }: Warehouse): Promise<void> => {
  chapter('Sync once more: there is nothing left to do.')
  const before = roundTrips()
  const { changed } = await syncRoles(pool, [staff, analyst, aliceAsSheIs])
  const count = roundTrips() - before
  assert(!changed)
  say(
    `changed: ${changed}, and to find that out took ${count} round trip${count === 1 ? '' : 's'}.`,
    'This time with `Grant.login()`, which keeps the password. One that is given is set, each time.',
  )
}

/** Shows what a sync will do, and does it. */
const shrink = async ({ pool }: Warehouse, desired: readonly DesiredRole[]): Promise<void> => {
  showScript(renderSql(await planRoles(pool, desired)))
  const { changed } = await syncRoles(pool, desired)
  assert(changed)
}

const useAndLose = async (cluster: Cluster, warehouse: Warehouse): Promise<void> => {
  const orders = 'select id, item, price from sales.orders_2026 order by id'
  const directory = 'select name, desk from hr.directory order by name'

  chapter('Log in as alice.')
  say(
    `With a wrong password: ${await refusalOf('28P01', logIn(cluster, 'alice', 'guess'))}.`,
    'With hers she is in. She reads what analysts may read, and what all staff may:',
  )
  const session = await logIn(cluster, 'alice', password)
  try {
    await showRows(session, orders)
    await showRows(session, directory)
    say('What she was not granted, she does not get:')
    await showRefusal(session, 'select name, salary from hr.employees')

    chapter('Sync a smaller set: analysts no longer have the orders.')
    await shrink(warehouse, [staff, analystWithoutOrders, aliceAsSheIs])
    say(
      'These are the two roles that hold SELECT on the orders.',
      'Alice is still connected, and asks again:',
    )
    await showRefusal(session, orders)
    await showRows(session, 'select name, country from sales.customers order by id')

    chapter('Alice leaves: sync her to nothing.')
    await shrink(warehouse, [{ role: 'alice', grants: [] }])
    say('That ends no connection, but hers is of no more use:')
    await showRefusal(session, directory)
    say(`And a new one she does not get: ${await refusalOf('28P01', logIn(cluster, 'alice', password))}.`)
  } finally {
    await session.end()
  }
}

const tell = async (cluster: Cluster): Promise<void> => {
  await demandPasswords(cluster)
  say(`It lives in ${cluster.host}`, 'and listens only there. Nothing else on this machine is touched.')

  chapter('Load a small warehouse.')
  const warehouse = await loadWarehouse(cluster)
  try {
    say(
      'Schema sales: the tables customers, orders_2025 and orders_2026.',
      'Schema hr: the table employees, and a view of it without the salaries, directory.',
    )
    await planAndSync(warehouse)
    await syncAgain(warehouse)
    await useAndLose(cluster, warehouse)
  } finally {
    await warehouse.pool.end()
  }
}

const main = async (): Promise<void> => {
  title('pgsr: says what a PostgreSQL role should have, shows the plan, makes exactly that true.')
  chapter('Start a PostgreSQL 18 for this only.')
  const cluster = await startCluster(18)
  try {
    await tell(cluster)
    chapter('Stop the server.')
  } finally {
    await cluster.stop()
  }
  say(`Nothing is left of ${cluster.host}`, 'The program you have seen is test/quickstart/main.ts.')
}

try {
  await main()
} catch (error) {
  if (interrupted.signal.aborted) {
    say('', 'Stopped. Nothing is left behind.')
  } else {
    console.error(error)
    process.exitCode = 1
  }
}
