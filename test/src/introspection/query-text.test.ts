import {
  Grant,
  type ObjectKind,
  objectKinds,
  type PatternScope,
  type Scope,
  scopeOf,
  syncRoles,
} from '@pgsr/node-postgres'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { describe, expect, inject, test } from 'vitest'
import {
  needsOf,
  purposes,
  rarities,
  withFound,
  withPurpose,
} from '../../../packages/driver/src/introspection/needs.ts'
import { introspectionStatements } from '../../../packages/driver/src/introspection/statements.ts'
import { type CatalogContents, historyIn, listOf } from '../../harness/texts/catalog-history.ts'
import { connectionTo } from '../../harness/servers/servers.ts'
import { problemsOn } from '../../harness/texts/sql-text.ts'

const history = historyIn(readFileSync(new URL('../../fixtures/pg-catalog.txt', import.meta.url), 'utf8'))

const kinds = Object.keys(objectKinds) as ObjectKind[]

const nothing: Scope = scopeOf([])

const object = (kind: ObjectKind) => ({ kind, name: objectKinds[kind].parts.map(() => '1') })

/** All objects of a kind in a schema, and the same to be owned. */
const patterns = (kind: ObjectKind): readonly PatternScope[] => {
  const { parts, ownerKeyword } = objectKinds[kind]
  if (parts[0] !== 'schema' || parts.length === 1) return []
  const pattern = { kind, schema: 's', column: 'c' } as PatternScope
  return [pattern, ...(ownerKeyword === undefined ? [] : [{ ...pattern, owned: true as const }])]
}

/** What a reading may have to contain: what the scope asks for, and one rare thing or all of them. */
const needsFor = (scope: Scope, version: number) =>
  [true, false].flatMap((isSuperuser) =>
    [[], ...rarities.map((one) => [one]), rarities].flatMap((rare) => {
      const needs = withFound(needsOf(scope, isSuperuser), {
        isSuperuser,
        hasMany: rare.length > 1,
        catalogs: new Set(rare.length > 1 ? ['pg_default_acl', 'pg_foreign_server'] : []),
        rare: new Set(rare),
      })
      return purposes.map((purpose) => withPurpose(needs, purpose, version))
    }),
  )

/** Every part that the statements may have, in one or another. */
const scopes: readonly Scope[] = [
  scopeOf({ role: 'r', grants: [Grant.schemaUsage('s')] }),
  { ...nothing, objects: kinds.map(object), owned: kinds.map(object) },
  { ...nothing, patterns: kinds.flatMap(patterns), defaultsOf: ['o'] },
  { ...nothing, patterns: kinds.flatMap(patterns).filter(({ owned }) => owned !== true) },
  { ...nothing, unusedRoles: true },
  { ...nothing, absent: ['r'] },
  { ...nothing, access: { roles: 'all', objects: 'all' } },
  { ...nothing, access: { roles: 'holders', objects: kinds.map(object) } },
  { ...nothing, access: { roles: ['r'], objects: kinds.map(object) } },
]

/** Whether a statement is one of those that read the catalogs, which depend on the version. */
const readsCatalogs = (text: string): boolean =>
  /'pgsr\.|pg_catalog\.pg_(?:database|namespace|class)\b/.test(text)

describe.for([...history])('for %i', ([version, contents]) => {
  test('the statements that read the catalogs name only what exists', () => {
    // Many scopes have the same statements.
    const texts = new Set([
      ...scopes.flatMap((scope) =>
        needsFor(scope, version).flatMap((needs) => introspectionStatements(version, scope, needs)),
      ),
      ...introspectionStatements(version, nothing, needsOf(nothing, false), true),
    ])
    expect(new Set([...texts].flatMap((text) => problemsOn(text, version, contents)))).toEqual(new Set())
  })
})

test('what does not exist is noticed', () => {
  const oldest = history.get(90600)!
  const seen = (text: string): readonly string[] => problemsOn(text, 90600, oldest)
  expect(
    seen(`select 'schema' as kind, null as wrapper from a union all select n.oid, null from b as n`),
  ).toEqual([`the column 'schema' has no type`, 'the column null has no type'])
  expect(seen('select c.relispartition from pg_catalog.pg_class as c')).toEqual([
    'pg_class has no column relispartition',
  ])
  expect(seen('select 1 from (select s.oid from "pg_catalog"."pg_publication" as "s") as s')).toEqual([
    'there is no relation pg_publication',
  ])
  expect(seen(`select 'pg_catalog.pg_sequence'::regclass`)).toEqual(['there is no relation pg_sequence'])
  expect(seen('with a as materialized (select pg_catalog.starts_with(x)) select sha256(x)')).toEqual([
    'there is no function starts_with',
    'there is no function sha256',
    'materialized is newer',
  ])
  expect(
    seen(`select a.x::text, coalesce(null, 'x') as y, 'a'::text from pg_catalog.aclexplode(z) as a`),
  ).toEqual([])
})

const asked = { role: `query_text_${process.pid}`, grants: [Grant.login({ password: 'p' })] }

describe.for(inject('servers'))('$name', (server) => {
  const major = Math.floor(server.version / (server.version < 100000 ? 100 : 10000))

  test('the list of what its catalogs have is right', async () => {
    const { relations, functions } = history.get(major * (server.version < 100000 ? 100 : 10000))!
    const listed = new Map(await listOf(server))
    const has = { functions: listed.get('()'), relations: listed }
    listed.delete('()')
    // Of 9.6 it is derived from that of 10: what was dropped then is not there.
    if (server.version >= 100000) expect({ functions, relations }).toEqual(has)
    else
      for (const [name, columns] of relations)
        expect([...(listed.get(name) ?? [])]).toEqual(expect.arrayContaining([...columns]))
  })

  test('all other statements name only what exists in every version', async () => {
    const client = new pg.Client(connectionTo(server))
    await client.connect()
    const texts: string[] = []
    const query = client.query.bind(client) as (...given: unknown[]) => unknown
    Object.assign(client, {
      query: (...given: unknown[]) => {
        const [config] = given as [string | { readonly text: string }]
        texts.push(typeof config === 'string' ? config : config.text)
        return query(...given)
      },
    })
    await syncRoles(client, asked)
    await client.query('begin')
    await syncRoles(client, { ...asked, grants: [] })
    await client.query('commit')
    await syncRoles(client, { role: asked.role, absent: true, terminateSessions: true })
    await client.end()
    const oldest = history.get(90600)!
    const others = texts.flatMap((text) => text.split(';')).filter((text) => !readsCatalogs(text))
    expect(others.length).toBeGreaterThan(20)
    expect(others.flatMap((text) => problemsOn(text, 90600, oldest satisfies CatalogContents))).toEqual([])
  })
})
