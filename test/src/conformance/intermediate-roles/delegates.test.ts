import { Grant, operationsOf } from '@pgsr/node-postgres'
import { isDelegateName } from '@pgsr/planner'
import { mostAdministered } from '@pgsr/planner/internal'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { drivers } from '../../../harness/drivers/drivers.ts'
import { openSandbox, type Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { oldestAndNewest } from '../../../harness/servers/servers.ts'

const tables = Array.from({ length: 2 * mostAdministered + 10 }, (_, index) => `t${index}`)

/** By whom roles are administered that the acting role, or what it has made, has created. */
const administrators = async ({ admin, actor }: Sandbox): Promise<ReadonlyMap<string, number>> => {
  const rows = await admin(`
    with recursive ours as (
      select oid from pg_roles where rolname = '${actor}'
      union select m.roleid from pg_auth_members as m join ours on ours.oid = m.member where m.admin_option
    )
    select pg_get_userbyid(m.member)::text, count(*)::int
    from pg_auth_members as m join ours on ours.oid = m.member where m.admin_option group by 1`)
  return new Map(rows as [string, number][])
}

const delegates = async (box: Sandbox): Promise<readonly string[]> =>
  [...(await administrators(box)).keys()].filter(isDelegateName)

/** How many of the tables a role may read. */
const readable = async ({ admin }: Sandbox, role: string, schema: string): Promise<number> => {
  const [row] = await admin(
    `select count(*)::int from pg_class where relnamespace = '${schema}'::regnamespace and has_table_privilege('${role}', oid, 'SELECT')`,
  )
  return row![0] as number
}

describe.for(oldestAndNewest(inject('servers')))('$name', (server) => {
  let box: Sandbox

  beforeAll(async () => {
    box = await openSandbox(server, drivers[0]!, 'database owner')
  })
  afterAll(() => box.end())

  test(
    'delegates administer the intermediate roles that would be too many for the acting role',
    { timeout: 120_000 },
    async () => {
      const [schema, first, second] = [box.name('s'), box.name('r'), box.name('r')]
      await box.run(`create schema ${schema}`)
      await box.run(tables.map((table) => `create table ${schema}.${table} ()`).join(';'))
      const grants = [Grant.tableSelect(schema, /^t/)]

      await box.sync({ role: first, grants })
      expect(await readable(box, first, schema)).toBe(tables.length)
      const made = await delegates(box)
      expect(made).toHaveLength(server.version >= 160000 ? 2 : 0)
      for (const [name, count] of await administrators(box))
        expect([name, count <= mostAdministered + made.length]).toEqual([name, true])

      await box.sync({ role: second, grants })
      expect(await readable(box, second, schema)).toBe(tables.length)
      expect(await delegates(box)).toEqual(made)

      await box.sync([
        { role: first, grants: [Grant.tableSelect(schema, 't1')] },
        { role: second, grants: [] },
      ])
      expect(await readable(box, first, schema)).toBe(1)
      expect(await readable(box, second, schema)).toBe(0)
      await box.sync({ role: first, grants: [] })
      expect(await readable(box, first, schema)).toBe(0)
      expect(await delegates(box)).toEqual(made)

      // Of other tests’ roles nothing is said here: they drop them, and theirs go with these.
      const drop = async (): Promise<readonly string[]> => {
        const { plan } = await box.pool.dropUnusedRoles()
        return operationsOf(plan).flatMap((operation) =>
          operation.kind === 'dropRole' ? [operation.role] : [],
        )
      }
      const exist = (names: readonly string[]) =>
        box.admin(`select from pg_roles where rolname = any('{${names.join(',')}}')`)
      const ours =
        await box.admin(`select rolname::text from pg_roles where rolname like '\\_pgsr\\_local\\_' ||
      (select oid from pg_database where datname = current_database()) || '\\_%'`)
      expect(ours).toHaveLength(tables.length)
      await drop()
      expect(await exist(ours.map(([name]) => name as string))).toEqual([])
      await drop()
      expect(await exist(made)).toEqual([])
    },
  )

  test('another role takes over delegates with the help of a superuser', { timeout: 120_000 }, async () => {
    if (server.version < 160000) return // there are none
    const other = await openSandbox(server, drivers[0]!, 'database owner')
    try {
      const [schema, role] = [other.name('s'), other.name('r')]
      await other.run(`create schema ${schema}; create table ${schema}.t ()`)
      for (let count = 0; count < mostAdministered; count++) await other.run(`create role ${other.name('o')}`)
      const name = `_pgsr_admin_0000${randomBytes(2).toString('hex')}`
      await box.run(
        `create role ${name} createrole; grant ${name} to ${box.actor} with inherit false, set true`,
      )
      const page = await readFile(new URL('../../../../docs/managed-databases.md', import.meta.url), 'utf8')
      const [statements = ''] = /^DO \$take_over\$[\s\S]*?^END \$take_over\$$/m.exec(page) ?? []
      await box.admin(
        statements.replace(`'service'`, `'${box.actor}'`).replace(`'other'`, `'${other.actor}'`),
      )
      const { plan } = await other.sync({ role, grants: [Grant.tableSelect(schema, 't')] })
      expect(operationsOf(plan).some(({ as }) => as === name)).toBe(true)
      expect(await readable(other, role, schema)).toBe(1)
      await other.sync({ role, grants: [] })
    } finally {
      await other.end()
    }
  })
})
