import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, inject, test } from 'vitest'
import { psql } from '../harness/psql.ts'
import { connectionTo } from '../harness/servers.ts'

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

  test('runs a script up to its first error', async () => {
    await psql(server, 'postgres', "set work_mem = '1MB'; select 1;")
    await expect(psql(server, 'postgres', 'select 1 / 0; select 1;')).rejects.toThrow('division by zero')
  })
})
