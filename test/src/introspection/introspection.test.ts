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
import {
  type Needs,
  needsOf,
  rarities,
  withFound,
  withPurpose,
} from '../../../packages/driver/src/introspection/needs.ts'
import { introspectionStatements } from '../../../packages/driver/src/introspection/statements.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

const marker = `it's a \\ "marker" $1 $2`
const scope = scopeOf({ role: marker, grants: [Grant.schemaUsage('s')] })

const withProperties: Scope = { ...scope, properties: [marker], settings: [marker] }

const kinds = Object.keys(objectKinds) as ObjectKind[]

/** Asks for something of every kind, by name and by pattern. */
const everything: Scope = {
  ...scope,
  objects: kinds.map((kind) => ({ kind, name: objectKinds[kind].parts.map(() => '1') })),
  patterns: kinds.flatMap((kind) =>
    objectKinds[kind].parts[0] === 'schema' && objectKinds[kind].parts.length > 1
      ? [{ kind, schema: 's', column: 'c', owned: true } as PatternScope]
      : [],
  ),
  defaultsOf: ['o'],
}

/** What the catalogs may show to be there, all of it. */
const found = {
  isSuperuser: false,
  hasMany: true,
  catalogs: new Set<string>(),
  rare: new Set(rarities),
}

const withDependents = (needs: Needs): Needs =>
  withFound(needs, {
    isSuperuser: false,
    hasMany: false,
    catalogs: new Set(['pg_class']),
    rare: new Set(['dependents']),
  })

/** Readings that have different statements. Before 12 those for another purpose are the same. */
const readings: readonly (readonly [what: string, scope: Scope, needs: Needs])[] = [
  ['what is usual, as a superuser', scope, needsOf(scope, true)],
  ['what is usual, as another role', scope, needsOf(scope, false)],
  ['what roles have besides', scope, withDependents(needsOf(scope, false))],
  ['what shows that nothing is to be done', scope, withPurpose(needsOf(scope, false), 'compare', 120000)],
  ['limits, comments and settings', withProperties, needsOf(withProperties, false)],
  ['what proves a plan', scope, withPurpose(withDependents(needsOf(scope, false)), 'prove', 120000)],
  ['everything', everything, withFound(needsOf(everything, false), found)],
]

/** Catalogs with an owner or an ACL that are not of objects: roles, what is to be, what was, and what has no ALTER … OWNER. */
const others = new Set(['pg_authid', 'pg_default_acl', 'pg_init_privs', 'pg_extension', 'pg_pltemplate'])

/** Catalogs that are small, or have no index by which few of their rows could be found. */
const readWhole: ReadonlySet<string> = new Set(['pg_database', 'pg_default_acl', 'pg_db_role_setting'])

const settings = 'set enable_seqscan = off; set search_path = pg_catalog, pg_temp'

describe.for(inject('servers'))('$name', (server) => {
  test.for(readings)(
    'the statements that read %s have what is asked for only in literals',
    ([, asked, needs]) => {
      const text = introspectionStatements(server.version, asked, needs).join(';')
      const literal = / E'(?:[^'\\]|''|\\.)*'/g
      expect(text.match(literal)?.every((one) => one.includes('marker'))).toBe(true)
      const rest = text.replaceAll(literal, '')
      expect(rest).not.toContain('marker')
      expect(rest).not.toMatch(/\$\d/)
    },
  )

  test.for(readings)(
    'the statements that read %s do no sequential scan of a catalog that grows with the database',
    async ([, asked, needs]) => {
      const client = new pg.Client(connectionTo(server))
      await client.connect()
      await client.query(`begin; ${settings}`)
      const scanned: string[] = []
      for (const statement of introspectionStatements(server.version, asked, needs)) {
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${statement}`)
        for (const row of rows) scanned.push(...(/Seq Scan on (\w+)/.exec(row['QUERY PLAN'])?.slice(1) ?? []))
        // A later statement uses what this one hands on.
        await client.query(statement)
      }
      await client.end()
      expect(scanned.filter((name) => !readWhole.has(name))).toEqual([])
    },
  )

  test('every catalog that has an owner or an ACL is read', async () => {
    const client = new pg.Client(connectionTo(server))
    await client.connect()
    const { rows } = await client.query<{ catalog: string }>(`
      select distinct c.relname::text as catalog from pg_class as c join pg_attribute as a on a.attrelid = c.oid
      where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r'
      and (a.atttypid = 'aclitem[]'::regtype or a.attname ~ 'owner$|dba$')`)
    await client.end()
    const needs = withFound(needsOf(everything, false), found)
    const text = introspectionStatements(server.version, everything, needs).join(';')
    const unknown = rows
      .map(({ catalog }) => catalog)
      .filter((catalog) => !others.has(catalog) && !text.includes(`pg_catalog.${catalog}`))
    expect(unknown.filter((catalog) => !text.includes(`"pg_catalog"."${catalog}"`))).toEqual([])
    expect(rows.length).toBeGreaterThan(20)
  })
})
