import {
  access,
  type DesiredRole,
  Grant,
  type ObjectKind,
  objectKinds,
  renderCode,
  type RenderCodeOptions,
  Target,
} from '@pgsr/planner'
import * as internal from '@pgsr/planner/internal'
import { transform } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { forEveryInput } from '../arbitrary/desired.ts'

/** Runs code, with the types left out, and returns what it exports. */
const exportedBy = async (code: string, name = 'roles'): Promise<unknown> => {
  const { code: script } = await transform(code, { loader: 'ts' })
  const url = `data:text/javascript,${encodeURIComponent(script)}`
  return ((await import(url)) as Readonly<Record<string, unknown>>)[name]
}

const module = import.meta.resolve('@pgsr/planner')

const sales = [
  ...access.readWrite('sales', { future: ['migrator', 'owner'] }),
  Grant.privilege(Target.table('sales', 'orders', { columns: ['a', 'b'] }), ['REFERENCES'], {
    direct: true,
    grantable: true,
  }),
]

const desired: readonly DesiredRole[] = [
  { role: 'alice', grants: [Grant.login(), Grant.roleMembership('analyst', { admin: true }), ...sales] },
  { role: 'analyst', grants: sales },
  { role: 'bob', grants: [] },
  {
    role: 'migrator',
    grants: [...access.owner('sales'), ...access.readOnly('hr', { direct: false }), Grant.schemaCreate('hr')],
    preserveExistingGrantsInSchemas: ['legacy'],
  },
  {
    role: 'o\'brien "x"\n',
    grants: [
      Grant.login({ validUntil: '2030-01-01T00:00:00Z' }),
      Grant.attribute('CREATEDB'),
      Grant.tableSelect('sales', /^orders\/_/i),
      Grant.tableOwnership('sales', 'mine'),
      Grant.defaultPrivilege({ owner: 'migrator', on: 'schemas' }, ['USAGE'], { grantable: true }),
    ],
  },
]

/** What roles ask for in canonical form, if that is possible. */
const requestOf = (roles: readonly DesiredRole[]): unknown => {
  try {
    return internal.requestOf(roles, {})
  } catch {
    return undefined
  }
}

describe('roles as code', () => {
  test('read as a person would write them', () =>
    expect(renderCode(desired))
      .toBe(`import { access, type DesiredRole, Grant, Target } from '@pgsr/node-postgres'

const salesGrants: readonly Grant[] = [
  ...access.readWrite('sales', { future: ['migrator', 'owner'] }),
  Grant.privilege(Target.table('sales', 'orders', { columns: ['a', 'b'] }), ['REFERENCES'], { direct: true, grantable: true }),
]

export const roles: readonly DesiredRole[] = [
  {
    role: 'alice',
    grants: [
      Grant.login(),
      Grant.roleMembership('analyst', { admin: true }),
      ...salesGrants,
    ],
  },
  { role: 'analyst', grants: salesGrants },
  { role: 'bob', grants: [] },
  {
    role: 'migrator',
    grants: [
      ...access.owner('sales'),
      ...access.readOnly('hr', { direct: false }),
      Grant.schemaCreate('hr'),
    ],
    preserveExistingGrantsInSchemas: ['legacy'],
  },
  {
    role: 'o\\'brien "x"\\n',
    grants: [
      Grant.login({ validUntil: '2030-01-01T00:00:00Z' }),
      Grant.attribute('CREATEDB'),
      Grant.tableSelect('sales', /^orders\\/_/i),
      Grant.tableOwnership('sales', 'mine'),
      Grant.defaultPrivilege({ owner: 'migrator', on: 'schemas' }, ['USAGE'], { grantable: true }),
    ],
  },
]
`))

  test('give the same roles when they are run', async () =>
    expect(await exportedBy(renderCode(desired, { module, name: 'all' }), 'all')).toEqual(desired))

  test('name every kind of object', async () => {
    const grants = (Object.keys(objectKinds) as ObjectKind[]).flatMap((kind): readonly Grant[] => {
      const { parts, more, ownerKeyword, privileges } = objectKinds[kind]
      const name = [
        ...parts.map((part) => (part === 'oid' ? '7' : 'x')),
        ...(more === undefined ? [] : ['integer']),
      ]
      const object = { kind, name } as never
      const all = { kind, schema: 's', all: true } as never
      const isInSchema = ownerKeyword !== undefined && parts[0] === 'schema' && kind !== 'schema'
      return [
        ...(ownerKeyword === undefined ? [] : [Grant.ownership(object)]),
        ...(isInSchema ? [Grant.ownership(all)] : []),
        ...(privileges.length === 0 ? [] : [Grant.privilege(object, [...privileges] as never[])]),
      ]
    })
    expect(await exportedBy(renderCode([{ role: 'r', grants }], { module }))).toEqual([{ role: 'r', grants }])
  })

  test('do not have passwords', () =>
    expect(renderCode([{ role: 'r', grants: [Grant.login({ password: 'hunter2' })] }])).toContain(
      "{ role: 'r', grants: [Grant.login() /* its password is not written down */] },",
    ))

  test('give the same roles whatever these are', async () => {
    const all: { readonly code: string; readonly asked: unknown }[] = []
    forEveryInput(({ desired: drawn }) => {
      const asked = drawn.map((one) => ({
        ...one,
        grants: one.grants.map((grant) =>
          grant.kind === 'attribute' && grant.attribute === 'LOGIN' ? Grant.login() : grant,
        ),
      }))
      const request = requestOf(asked)
      if (request !== undefined) all.push({ code: renderCode(asked, { module }), asked: request })
    }, 60)
    expect(all.length).toBeGreaterThan(10)
    for (const { code, asked } of all)
      expect(internal.requestOf((await exportedBy(code)) as readonly DesiredRole[], {})).toEqual(asked)
  })

  test.for([
    ['cannot write roles as code: "a b" is not a name that code can export', { name: 'a b' }],
    ['cannot write roles as code: unknown option "names"; expected one of module, name', { names: 'x' }],
  ] as const)('are refused: %s', ([message, options]) =>
    expect(() => renderCode([], options as RenderCodeOptions)).toThrow(message),
  )
})
