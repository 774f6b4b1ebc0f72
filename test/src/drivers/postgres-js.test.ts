import { Grant, planRoles, syncRoles } from '@pgsr/postgres-js'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { drivers } from '../../harness/drivers/drivers.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

/** Behind a pooler, and without one. */
const waysToConnect = [{ fetch_types: false }, { fetch_types: true }]

/** Every connection that the pool may have can be used. */
const expectAllFree = async (sql: postgres.Sql): Promise<void> => {
  const { max } = sql.options
  const pids = await Promise.all(
    Array.from({ length: max }, async () => {
      const reserved = await Promise.race([
        sql.begin(
          async (one) => (await one`select pg_backend_pid() as pid, pg_sleep(0.3)`)[0]?.['pid'] as number,
        ),
        sleep(30_000, undefined, { ref: false }),
      ])
      return reserved
    }),
  )
  expect(pids).not.toContain(undefined)
  expect(new Set(pids).size).toBe(max)
}

describe.for(inject('servers').slice(-1))('$name', (server) => {
  let box: Sandbox
  beforeAll(async () => {
    box = await openSandbox(server, drivers[0]!)
  })
  afterAll(() => box.end())

  const desired = () => ({ role: box.name('r'), grants: [Grant.databaseConnect(box.database)] })

  const sync = async (sql: postgres.Sql): Promise<void> => {
    expect((await syncRoles(sql, desired())).changed).toBe(true)
  }

  describe.for(waysToConnect)('postgres() with fetch_types: $fetch_types', (way) => {
    const withSql = async (
      options: { readonly max?: number; readonly idle_timeout?: number },
      work: (sql: postgres.Sql) => Promise<void>,
    ): Promise<void> => {
      const sql = postgres({ ...connectionTo(server, box.database), ...way, ...options })
      try {
        await work(sql)
      } finally {
        await sql.end({ timeout: 5 })
      }
    }
    test.for([1, 3])('a sync works on a pool of %i that has no connection yet', (max) =>
      withSql({ max }, async (sql) => {
        await sync(sql)
        await sync(sql)
        await expectAllFree(sql)
      }),
    )

    test.for([1, 3])('two calls at a time work on a pool of %i', (max) =>
      withSql({ max }, async (sql) => {
        await Promise.all([sync(sql), sync(sql)])
        await Promise.all([sync(sql), sql`select 1`, sync(sql), sync(sql)])
        await expectAllFree(sql)
      }),
    )

    test.for([1, 2])('a sync works on a pool of %i whose connections are busy', (max) =>
      withSql({ max }, async (sql) => {
        const busy = Array.from({ length: max }, () => sql`select pg_sleep(0.5)`.execute())
        await Promise.all([sync(sql), sync(sql), ...busy])
        // The application’s own transactions wait, as does pgsr.
        await Promise.all([sql.begin((one) => one`select pg_sleep(0.3)`), sync(sql), sync(sql)])
        await expectAllFree(sql)
      }),
    )

    test('a sync works on a pool whose connections were closed because nobody used them', () =>
      withSql({ max: 2, idle_timeout: 1 }, async (sql) => {
        await sync(sql)
        while (
          (
            await box.admin(
              `select from pg_stat_activity where datname = '${box.database}' and application_name = 'postgres.js'`,
            )
          ).length > 0
        )
          await sleep(50)
        await sync(sql)
        await expectAllFree(sql)
      }))

    test('a call that gives up waiting for a connection leaves it to others', () =>
      withSql({ max: 1 }, async (sql) => {
        await sync(sql)
        const busy = sql`select pg_sleep(1)`.execute()
        await expect(planRoles(sql, desired(), { timeout: 100 })).rejects.toThrow(
          'while waiting for a connection',
        )
        // What others do on the pool goes on.
        await expect(busy).resolves.toHaveLength(1)
        await sync(sql)
        await expectAllFree(sql)
      }))

    test('a call fails if the server cannot be reached, and a later call works once it can', async () => {
      const connection = connectionTo(server, box.database)
      const sql = postgres({ ...connection, ...way, max: 1, database: `${box.database}_no` })
      await expect(planRoles(sql, desired())).rejects.toMatchObject({
        _tag: 'DatabaseError',
        operation: 'connect',
      })
      await box.admin(`create database ${box.database}_no`)
      await planRoles(sql, desired())
      await sql.end({ timeout: 5 })
      await box.admin(`drop database ${box.database}_no`)
    })
  })
})
