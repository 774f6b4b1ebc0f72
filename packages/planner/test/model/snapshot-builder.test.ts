import {
  Grant,
  hasDrift,
  type ObjectKind,
  objectKinds,
  operationsOf,
  plan,
  snapshot,
  type SnapshotBuilder,
  Target,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'

const warehouse = snapshot()
  .role('analyst')
  .role('alice', { login: true })
  .membership({ role: 'analyst', member: 'alice' })
  .schema('sales', { privileges: { analyst: ['USAGE'] } })
  .table('sales', 'orders', { privileges: { analyst: ['SELECT', 'DELETE'] }, acl: ['alice=a*/postgres'] })

const analyst = {
  role: 'analyst',
  grants: [
    Grant.schemaUsage('sales', { direct: true }),
    Grant.tableSelect('sales', 'orders', { direct: true }),
  ],
}

/** What new objects hold in their ACLs. */
const aclsIn = (version: number) =>
  snapshot({ version })
    .role('o')
    .database('d')
    .schema('s', { owner: 'o' })
    .table('s', 't', { owner: 'o' })
    .column('s', 't', 'c')
    .function('s', 'f', ['int'], { owner: 'o' })
    .objects.map(({ acl }) => acl.map(({ grantee, privileges }) => `${grantee}=${privileges}`).join(' '))

describe('a snapshot that is built for a test', () => {
  test('can be planned from', () =>
    expect(operationsOf(plan(warehouse, analyst))).toMatchObject([
      { kind: 'revokePrivilege', privilege: 'DELETE', grantee: 'analyst', grantor: 'postgres' },
    ]))

  test('is plain data', () => {
    const data = JSON.parse(JSON.stringify(warehouse)) as typeof warehouse
    expect(Object.keys(data)).toEqual([
      'format',
      'server',
      'roles',
      'memberships',
      'objects',
      'defaultPrivileges',
      'unmanaged',
    ])
    expect(plan(data, analyst)).toEqual(plan(warehouse, analyst))
    expect(structuredClone({ ...warehouse })).toEqual(data)
  })

  test('does not change when something is added', () => {
    const before = JSON.stringify(warehouse)
    const more = warehouse.role('bob').table('sales', 'customers')
    expect(JSON.stringify(warehouse)).toBe(before)
    expect([more.roles.length, more.objects.length]).toEqual([4, 3])
    expect(() => Object.assign(warehouse, { roles: [] })).toThrow(TypeError)
  })

  test('has what PostgreSQL grants on new objects, as far as the version has it', () => {
    expect(aclsIn(180000)).toEqual(['postgres=CTc public=Tc', 'o=UC', 'o=arwdDxtm', '', 'o=X public=X'])
    expect(aclsIn(160000)[2]).toBe('o=arwdDxt')
  })

  test('has default privileges with those that PostgreSQL has anyway, unless they are for one schema', () => {
    const { defaultPrivileges } = warehouse
      .defaultPrivilege({ owner: 'postgres', on: 'functions', privileges: { analyst: ['EXECUTE'] } })
      .defaultPrivilege({ owner: 'postgres', schema: 'sales', on: 'tables', acl: ['analyst=r/postgres'] })
    expect(defaultPrivileges.map(({ acl }) => acl.map(({ grantee }) => grantee))).toEqual([
      ['postgres', 'public', 'analyst'],
      ['analyst'],
    ])
  })

  test('a column belongs to its table, and routines take their argument types as they are written', () => {
    const { objects } = warehouse
      .column('sales', 'orders', 'id', { privileges: { analyst: ['UPDATE'] } })
      .function('sales', 'f', ['int', 'varchar(10)[]'])
    expect(objects.slice(-2)).toMatchObject([
      { owner: 'postgres', ownerFollows: { kind: 'table', name: ['sales', 'orders'] } },
      { kind: 'function', name: ['sales', 'f', 'integer', 'character varying[]'] },
    ])
  })

  test('can be of another acting role', () => {
    const limited = snapshot({ actingRole: 'service', databaseOwner: 'postgres' })
      .role('service', { createRole: true })
      .schema('sales')
    expect(hasDrift(plan(limited, { role: 'r', grants: [Grant.ownership(Target.schema('sales'))] }))).toBe(
      true,
    )
    expect(limited.server).toMatchObject({ actingRole: 'service', createsSchemas: false })
  })
})

const camel = (kind: string): string =>
  kind.replaceAll(/[ -](.)/g, (_, letter: string) => letter.toUpperCase())

test.for(Object.keys(objectKinds) as ObjectKind[])('there is a function that adds a %s', (kind) => {
  const { parts, more } = objectKinds[kind]
  const name =
    kind === 'column'
      ? ['sales', 'orders', 'c']
      : parts.map((part) => (part === 'schema' && kind !== 'schema' ? 'sales' : 'x'))
  const add = warehouse[camel(kind) as 'schema'] as (...given: unknown[]) => SnapshotBuilder
  const { objects } = add(...name, ...(more === undefined ? [] : [['integer']]), { oid: '7' })
  expect(objects.at(-1)).toMatchObject({
    kind,
    name: [...name, ...(more === undefined ? [] : ['integer'])],
    oid: '7',
  })
})

test.for<[string, () => unknown]>([
  ['role "nobody" does not exist; add it before', () => warehouse.schema('x', { owner: 'nobody' })],
  [
    'role "nobody" does not exist; add it before',
    () => warehouse.schema('x', { acl: ['nobody=U/postgres'] }),
  ],
  [
    'role "nobody" does not exist; add it before',
    () => warehouse.membership({ role: 'nobody', member: 'alice' }),
  ],
  ['schema "hr" does not exist; add it before', () => warehouse.table('hr', 'staff')],
  ['table "sales"."x" does not exist; add it before', () => warehouse.column('sales', 'x', 'c')],
  ['role "alice" is added twice', () => warehouse.role('alice')],
  ['schema "sales" is added twice', () => warehouse.schema('sales')],
  ['the name of a table is schema, table', () => (warehouse.table as (name: string) => unknown)('sales')],
  [
    'the name of a function is schema, function, its argument types',
    () => warehouse.function('sales', 'f', 'int' as never),
  ],
  [
    'what was given cannot be read',
    () => warehouse.table('sales', 'x', { privileges: { alice: 'SELECT' as never } }),
  ],
  [
    'unknown option "owner"; expected one of version, database, databaseOwner, actingRole',
    () => snapshot({ owner: 'x' } as never),
  ],
])('is refused: %s', ([problem, build]) => expect(build).toThrow(`cannot build a snapshot: ${problem}`))
