import {
  Grant,
  type ObjectKind,
  objectKinds,
  type PatternScope,
  type Scope,
  scopeOf,
} from '@pgsr/node-postgres'
import { describe, expect, inject, test } from 'vitest'
import pg from 'pg'
import { introspectionQuery } from '../../../packages/driver/src/introspection/query.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

const marker = `it's a \\ "marker" $1 $2`
const scope = scopeOf({ role: marker, grants: [Grant.schemaUsage('s')] })

const kinds = Object.keys(objectKinds) as ObjectKind[]

/** Asks for something of every kind, by name and by pattern. */
const everything: Scope = {
  ...scope,
  objects: kinds.map((kind) => ({ kind, name: objectKinds[kind].parts.map(() => '1') })),
  patterns: kinds.flatMap((kind) =>
    objectKinds[kind].matchable === true ? [{ kind, schema: 's', column: 'c' } as PatternScope] : [],
  ),
  defaultsOf: ['o'],
}

/** Catalogs with an owner or an ACL that are not of objects: roles, what is to be, what was, and what has no ALTER … OWNER. */
const others = new Set(['pg_authid', 'pg_default_acl', 'pg_init_privs', 'pg_extension', 'pg_pltemplate'])

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
        introspectionQuery(server.version, everything)
          .replace(/^select pg_catalog\.set_config[^;]*;/, '')
          .replace(/^/, `set enable_seqscan = off; set search_path = pg_catalog, pg_temp; explain `),
      )
      .then((results) => (results as unknown as pg.QueryResult<{ 'QUERY PLAN': string }>[]).at(-1)!)
    await client.end()
    const scanned = rows.flatMap((row) => /Seq Scan on (\w+)/.exec(row['QUERY PLAN'])?.[1] ?? [])
    expect(scanned.filter((name) => !['pg_database', 'pg_default_acl'].includes(name))).toEqual([])
  })

  test('it knows every catalog that has an owner or an ACL', async () => {
    const client = new pg.Client(connectionTo(server))
    await client.connect()
    const { rows } = await client.query<{ catalog: string }>(`
      select distinct c.relname::text as catalog from pg_class as c join pg_attribute as a on a.attrelid = c.oid
      where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r'
      and (a.atttypid = 'aclitem[]'::regtype or a.attname ~ 'owner$|dba$')`)
    await client.end()
    const text = introspectionQuery(server.version, everything)
    const unknown = rows
      .map(({ catalog }) => catalog)
      .filter((catalog) => !others.has(catalog) && !text.includes(`pg_catalog.${catalog}`))
    expect(unknown.filter((catalog) => !text.includes(`"pg_catalog"."${catalog}"`))).toEqual([])
    expect(rows.length).toBeGreaterThan(20)
  })
})
