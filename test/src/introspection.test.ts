import { Grant, scopeOf } from '@pgsr/node-postgres'
import { describe, expect, inject, test } from 'vitest'
import pg from 'pg'
import { introspectionQuery } from '../../packages/driver/src/introspection/query.ts'
import { connectionTo } from '../harness/servers.ts'

const marker = `it's a \\ "marker" $1 $2`
const scope = scopeOf({ role: marker, grants: [Grant.schemaUsage('s')] })

describe.for(inject('servers'))('$name', (server) => {
  test('the query that reads the catalogs has one parameter, the scope', () => {
    const text = introspectionQuery(server.version, scope)
    const literal = / E'(?:[^'\\]|''|\\.)*'/g
    expect(text.match(literal)).toHaveLength(1)
    expect(text).not.toContain(marker)
    expect(text.replaceAll(literal, '')).not.toMatch(/\$\d/)
  })

  test('it reads no catalog as a whole that grows with the database', async () => {
    const client = new pg.Client(connectionTo(server))
    await client.connect()
    const { rows } = await client
      .query<{ 'QUERY PLAN': string }>(
        introspectionQuery(server.version, scope)
          .replace(/^select pg_catalog\.set_config[^;]*;/, '')
          .replace(/^/, `set enable_seqscan = off; set search_path = pg_catalog, pg_temp; explain `),
      )
      .then((results) => (results as unknown as pg.QueryResult<{ 'QUERY PLAN': string }>[]).at(-1)!)
    await client.end()
    const scanned = rows.flatMap((row) => /Seq Scan on (\w+)/.exec(row['QUERY PLAN'])?.[1] ?? [])
    expect(scanned.filter((name) => !['pg_database', 'pg_default_acl'].includes(name))).toEqual([])
  })
})
