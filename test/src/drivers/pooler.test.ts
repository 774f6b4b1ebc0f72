import { Grant, Target } from '@pgsr/node-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Connected, drivers } from '../../harness/drivers/drivers.ts'
import { findPooler, startPooler } from '../../harness/servers/pooler.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import {
  connectionTo,
  oldestAndNewest,
  type TestConnection,
  type TestServer,
} from '../../harness/servers/servers.ts'

const program = await findPooler()
if (program === undefined)
  // oxlint-disable-next-line no-console -- whoever runs it should know
  console.warn(
    'There is no PgBouncer here: name one by PGSR_TEST_PGBOUNCER. What is tested through it is tested without.',
  )

interface Way {
  readonly connection: TestConnection
  readonly stop: () => Promise<void>
}

/** Through the pooler; if there is none, directly to the server. */
const wayTo = async (server: TestServer): Promise<Way> =>
  program === undefined ? { connection: server, stop: () => Promise.resolve() } : startPooler(program, server)

const query = `
  select pg_backend_pid() as session, session_user, current_user, current_schemas(true)::text as schemas,
    array(select name || '=' || setting from pg_settings where name in ('search_path', 'role', 'client_encoding') order by 1) as settings,
    -- The pooler itself sets these for each of its clients.
    array(select name || '=' || setting from pg_settings where source = 'session'
      and name not in ('application_name', 'client_encoding', 'DateStyle', 'IntervalStyle', 'standard_conforming_strings', 'TimeZone') order by 1) as set,
    -- The types that there are is what postgres.js asks itself, when it connects.
    array(select statement from pg_prepared_statements where statement not like '%typarray%') as prepared,
    array(select objid::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as advisory`

describe.for(oldestAndNewest(inject('servers')))('$name', (server) => {
  describe.for(drivers)(
    `${program === undefined ? 'without a pooler' : 'through PgBouncer in transaction mode'}, with $name`,
    (driver) => {
      let box: Sandbox
      let way: Way
      let pool: Connected
      let watchers: readonly pg.Client[]

      beforeAll(async () => {
        box = await openSandbox(server, driver)
        way = await wayTo(server)
        pool = driver.pool(way.connection, box.database, 8)
        watchers = [1, 2].map(() => new pg.Client(connectionTo(way.connection, box.database)))
        await Promise.all(watchers.map((watcher) => watcher.connect()))
      })
      afterAll(async () => {
        await Promise.all(watchers.map((watcher) => watcher.end()))
        await pool.end()
        await way.stop()
        await box.end()
      })

      /** What the sessions are that the pooler has with the server: two transactions at once have both. */
      const sessions = async (): Promise<readonly unknown[]> => {
        await Promise.all(watchers.map((watcher) => watcher.query('begin')))
        const found = await Promise.all(watchers.map((watcher) => watcher.query<{ session: number }>(query)))
        await Promise.all(watchers.map((watcher) => watcher.query('commit')))
        return found.map(({ rows }) => rows[0]!).sort((one, other) => one.session - other.session)
      }

      test('many calls at once succeed, and leave nothing in a session', async () => {
        const [schema, group] = [box.name('s'), box.name('g')]
        const tables = ['one', 'two', 'three', 'four']
        await box.run(
          `create schema ${schema}; ${tables.map((table) => `create table ${schema}.${table} ()`).join(';')}`,
        )
        const roles = ['r', 'r', 'r'].map(box.name)
        const before = await sessions()
        const syncs = tables.map((table) =>
          pool.syncRoles(
            roles.map((role) => ({
              role,
              grants: [
                Grant.login({ password: 'of no account' }),
                Grant.roleMembership(group),
                Grant.tableSelect(schema, table),
              ],
            })),
            { attempts: 20, lockTimeout: 0, timeout: 0 },
          ),
        )
        const reviewed = tables.map(async (table) => {
          const role = box.name('p')
          const grants = [Grant.privilege(Target.table(schema, table), ['INSERT'], { direct: true })]
          const plan = await pool.planRoles({ role, grants }, { timeout: 0 })
          return pool.executePlan(plan, { attempts: 20, lockTimeout: 0, timeout: 0 })
        })
        const drops = [1, 2].map(() => pool.dropUnusedRoles({ attempts: 20, lockTimeout: 0, timeout: 0 }))
        const done = await Promise.all([...syncs, ...reviewed])
        await Promise.all(drops)

        expect(done.filter(({ changed }) => changed).length).toBeGreaterThanOrEqual(1 + tables.length)
        const readable = await box.admin(
          `select r.rolname, array_agg(c.relname::text) from pg_roles as r, pg_class as c
           where r.rolname in (${roles.map((role) => `'${role}'`).join()}) and c.relnamespace = '${schema}'::regnamespace
             and has_table_privilege(r.oid, c.oid, 'SELECT') and pg_has_role(r.oid, '${group}', 'MEMBER') group by 1`,
        )
        expect(readable.map(([, names]) => names)).toEqual(roles.map(() => [expect.any(String)]))
        expect(await sessions()).toEqual(before)
      })

      test.for(['an abort', 'a timeout'])('%s leaves nothing in a session', async (how) => {
        const role = box.name('r')
        const before = await sessions()
        await box.admin('select pg_advisory_lock(1)')
        const controller = new AbortController()
        const { signal } = controller
        const waiting = pool.syncRoles(
          { role, grants: [] },
          {
            lockTimeout: 0,
            ...(how === 'a timeout'
              ? { timeout: 500 }
              : {
                  timeout: 0,
                  signal,
                  onEvent: ({ kind }) => {
                    if (kind === 'lockRequested') setTimeout(() => controller.abort(new Error('enough')), 200)
                  },
                }),
          },
        )
        await expect(waiting).rejects.toThrow(how === 'a timeout' ? 'timeout of ' : 'enough')
        expect(await sessions()).toEqual(before)
        await box.admin('select pg_advisory_unlock(1)')
        expect(await pool.syncRoles({ role, grants: [] })).toMatchObject({ changed: true })
        expect(await sessions()).toEqual(before)
      })
    },
  )
})
