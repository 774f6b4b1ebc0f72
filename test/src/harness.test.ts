import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, inject, test } from 'vitest'
import { type Driver, drivers } from '../harness/drivers/drivers.ts'
import { psql } from '../harness/servers/psql.ts'
import { openSandbox } from '../harness/sandbox/sandbox.ts'
import { connectionTo } from '../harness/servers/servers.ts'

describe.for(inject('servers'))('$name', (server) => {
  test('answers pg', async () => {
    const client = new pg.Client(connectionTo(server))
    await client.connect()
    const { rows } = await client.query('show server_version_num')
    await client.end()
    expect(rows).toEqual([{ server_version_num: String(server.version) }])
  })

  test('answers postgres.js', async () => {
    const sql = postgres(connectionTo(server, 'template1'))
    const rows = await sql`show server_version_num`
    await sql.end()
    expect([...rows]).toEqual([{ server_version_num: String(server.version) }])
  })

  test.for(['succeeds', 'fails'])(
    'the harness notices a sync that keeps what it borrowed and %s',
    async (how) => {
      // Not named like the roles of sandboxes, which may come from any test.
      const owner = `borrowed_${how}${process.pid}`
      const [driver] = drivers as readonly [Driver]
      const keeping: Driver = {
        ...driver,
        pool: (connection, database) => {
          const pool = driver.pool(connection, database)
          return {
            ...pool,
            syncRoles: async (desired, options) => {
              await pool.run(`grant ${owner} to current_user`)
              if (how === 'fails') throw new Error('for another reason')
              return pool.syncRoles(desired, options)
            },
          }
        },
      }
      const box = await openSandbox(server, keeping, 'database owner')
      await box.run(`create role ${owner}`)
      await expect(box.pool.syncRoles({ role: box.name('r'), grants: [] })).rejects.toThrow('gives back')
      await box.run(`drop role ${owner}`)
      await box.end()
    },
  )

  test('runs a script up to its first error', async () => {
    await psql(server, 'postgres', "set work_mem = '1MB'; select 1;")
    await expect(psql(server, 'postgres', 'select 1 / 0; select 1;')).rejects.toThrow('division by zero')
  })
})
