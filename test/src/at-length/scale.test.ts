import { Grant, operationsOf } from '@pgsr/node-postgres'
import { describe, expect, inject, test } from 'vitest'
import { type Driver, drivers } from '../../harness/drivers/drivers.ts'
import { inMessages } from '../../harness/texts/in-messages.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import { pairingInTurn } from '../../harness/drivers/pairings.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'

/** Large things are tried where they are hardest: the oldest server has the shortest rows, the newest the most locks. */
const oldest = inject('servers').at(0)!
const newest = inject('servers').at(-1)!
const [firstDriver] = drivers as readonly [Driver]

const inSandbox = async (box: Sandbox, check: () => Promise<void>): Promise<void> => {
  try {
    await check()
  } finally {
    await box.end()
  }
}

const forEach = async (
  box: Sandbox,
  names: readonly string[],
  statement: (name: string) => string,
): Promise<void> => {
  for (const text of inMessages(names.map(statement))) await box.admin(text)
}

describe.for([oldest])('$name', (server) => {
  test(
    'two thousand roles may connect to one database and read one table',
    { timeout: 300_000 },
    async () => {
      const box = await openSandbox(server, firstDriver)
      await inSandbox(box, async () => {
        const schema = box.name('s')
        await box.run(
          `revoke connect on database ${box.database} from public; create schema ${schema}; create table ${schema}.t ()`,
        )
        const roles = numbered(2000, box.name('r'))
        const grants = [
          Grant.databaseConnect(box.database),
          Grant.schemaUsage(schema),
          Grant.tableSelect(schema, 't'),
        ]
        const desired = roles.map((role) => ({ role, grants }))
        for (let start = 0; start < roles.length; start += 1000)
          await box.pool.syncRoles(desired.slice(start, start + 1000), { timeout: 0 })
        const allowed = await box.run(
          `select count(*)::int from pg_roles where rolname ~ '^${roles[0]!.replace(/0$/, '')}'
         and has_database_privilege(oid, '${box.database}', 'CONNECT')
         and has_schema_privilege(oid, '${schema}', 'USAGE') and has_table_privilege(oid, '${schema}.t', 'SELECT')`,
        )
        expect(allowed).toEqual([[roles.length]])
        expect(await box.pool.syncRoles(desired)).toMatchObject({ changed: false })
        await forEach(box, roles, (role) => `drop role ${role}`)
      })
    },
  )
})

describe.for([newest])('$name', (server) => {
  test('a pattern matches three thousand tables', { timeout: 300_000 }, async () => {
    const box = await openSandbox(server, firstDriver)
    await inSandbox(box, async () => {
      const [role, schema] = [box.name('r'), box.name('s')]
      await box.run(`create schema ${schema}`)
      const tables = numbered(3_000, 't')
      await forEach(box, tables, (table) => `create table ${schema}.${table} ()`)
      const desired = {
        role,
        grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, /^t_/)],
      }
      const { plan } = await box.pool.syncRoles(desired, { timeout: 0 })
      expect(plan.transactions.length).toBeGreaterThan(1)
      const readable = await box.run(
        `select count(*)::int from pg_class where relnamespace = '${schema}'::regnamespace and has_table_privilege('${role}', oid, 'SELECT')`,
      )
      expect(readable).toEqual([[tables.length]])
      expect(await box.pool.syncRoles(desired)).toMatchObject({ changed: false })
      const made = operationsOf(plan).flatMap((operation) =>
        operation.kind === 'createRole' && operation.provides ? [operation.role] : [],
      )
      // While they hold something: roles that hold nothing are dropped by other tests, which may be at it just now.
      await forEach(box, made, (name) => `drop owned by "${name}"; drop role "${name}"`)
      await forEach(box, tables, (table) => `drop table ${schema}.${table}`)
    })
  })
})

describe.for([...new Set([oldest, newest])])('$name', (server) => {
  test.for(pairingInTurn('fifty syncs at once')(server))(
    'fifty syncs of overlapping roles at once, with $name',
    { timeout: 300_000 },
    async ({ driver, kind }) => {
      const box = await openSandbox(server, driver, kind)
      const pool = driver.pool(box.connection, box.database, 50)
      await inSandbox(box, async () => {
        const schema = box.name('s')
        const roles = numbered(10, box.name('r'))
        const tables = numbered(50, 't')
        await box.run(
          `create schema ${schema}; ${tables.map((table) => `create table ${schema}.${table} ()`).join(';')}`,
        )
        // Each sync is of three roles in a row, and gives them a table that no other sync gives.
        const rolesOf = (index: number): readonly string[] =>
          [0, 1, 2].map((offset) => roles[(index + offset) % roles.length]!)
        await Promise.all(
          tables.map((table, index) =>
            pool.syncRoles(
              rolesOf(index).map((role) => ({
                role,
                grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, table)],
              })),
              { lockTimeout: 60_000, timeout: 0 },
            ),
          ),
        )
        for (const [position, role] of roles.entries()) {
          const readable = await box.admin(
            `select relname from pg_class where relnamespace = '${schema}'::regnamespace and has_table_privilege('${role}', oid, 'SELECT')`,
          )
          // Exactly what one of the syncs gave it, the last one.
          expect(readable).toHaveLength(1)
          const given = tables.filter((_, index) => rolesOf(index).includes(roles[position]!))
          expect(given).toContain(readable[0]![0])
        }
      }).finally(() => pool.end())
    },
  )
})
