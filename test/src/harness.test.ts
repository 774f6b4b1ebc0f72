import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, inject, test } from 'vitest'
import { findPsql, psql } from '../harness/psql.ts'
import { connectionTo } from '../harness/servers.ts'

const program = await findPsql()

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

  test.skipIf(program === undefined)('runs a script in psql, up to its first error', async () => {
    await expect(psql(server, 'postgres', '\\t on\nselect 6 * 7;')).resolves.toContain(' 42\n')
    await expect(psql(server, 'postgres', 'select 1 / 0; select 1;')).rejects.toThrow('division by zero')
  })
})
