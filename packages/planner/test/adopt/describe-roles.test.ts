import { access, Grant, operationsOf, plan, type Snapshot, snapshot, Target } from '@pgsr/planner'
import * as internal from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { forEveryInput } from '../arbitrary/desired.ts'
import { isIntermediate } from '../support/holdings.ts'

const describeRoles = (before: Snapshot, ...roles: readonly string[]) =>
  internal.describeSnapshot(before, roles, true)

const sales = snapshot()
  .role('reader')
  .role('writer')
  .role('migrator')
  .schema('sales', { privileges: { reader: ['USAGE'], writer: ['USAGE', 'CREATE'] } })
  .table('sales', 'orders', {
    privileges: { reader: ['SELECT'], writer: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] },
  })

/** The same with a second table. */
const twoTables = sales.table('sales', 'returns', {
  privileges: { reader: ['SELECT'], writer: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] },
})

const grantsIn = (before: Snapshot, role: string) => describeRoles(before, role).desired[0]?.grants

describe('access levels', () => {
  test('are recognised, with what the role has besides', () =>
    expect(describeRoles(twoTables, 'reader', 'writer')).toEqual({
      desired: [
        { role: 'reader', grants: access.readOnly('sales') },
        {
          role: 'writer',
          grants: [
            ...access.readWrite('sales'),
            Grant.schemaCreate('sales', { direct: true }),
            Grant.privilege(Target.allTables('sales'), ['TRUNCATE'], { direct: true }),
          ],
        },
      ],
      unsaid: [],
    }))

  test('are not recognised by the only table, which is named, unless default privileges give the same on the next', () => {
    const usage = Grant.schemaUsage('sales', { direct: true })
    expect(grantsIn(sales, 'reader')).toEqual([usage, Grant.tableSelect('sales', 'orders', { direct: true })])
    expect(grantsIn(sales, 'writer')?.slice(1)).toEqual([
      Grant.privilege(Target.table('sales', 'orders'), ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'], {
        direct: true,
      }),
    ])
    const inAnySchema = sales.defaultPrivilege({
      owner: 'migrator',
      on: 'tables',
      privileges: { reader: ['SELECT'], writer: ['SELECT'] },
    })
    expect(grantsIn(inAnySchema, 'reader')).toEqual([
      ...access.readOnly('sales'),
      Grant.defaultPrivilege({ owner: 'migrator', on: 'tables' }, ['SELECT']),
    ])
    expect(grantsIn(sales.function('sales', 'f', [], { acl: ['reader=X/postgres'] }), 'reader')).toEqual([
      usage,
      Grant.tableSelect('sales', 'orders', { direct: true }),
      Grant.privilege(Target.function('sales', 'f', []), ['EXECUTE'], { direct: true }),
    ])
    expect(
      grantsIn(twoTables.sequence('sales', 'numbers', { privileges: { reader: ['SELECT'] } }), 'reader'),
    ).toEqual(access.readOnly('sales'))
  })

  test('extend to what others will create if they do so in every respect', () => {
    const withDefaults = sales.defaultPrivilege({
      owner: 'migrator',
      schema: 'sales',
      on: 'tables',
      privileges: { reader: ['SELECT'] },
    })
    expect(grantsIn(withDefaults, 'reader')).toEqual([
      ...access.readOnly('sales'),
      Grant.defaultPrivilege({ owner: 'migrator', schema: 'sales', on: 'tables' }, ['SELECT']),
    ])
    const whole = withDefaults.defaultPrivilege({
      owner: 'migrator',
      schema: 'sales',
      on: 'sequences',
      privileges: { reader: ['SELECT'] },
    })
    expect(grantsIn(whole, 'reader')).toEqual(access.readOnly('sales', { future: 'migrator' }))
  })

  test.for<[string, Snapshot]>([
    ['a table is missing', sales.table('sales', 'secrets')],
    ['a sequence is missing', sales.sequence('sales', 'numbers')],
    ['one privilege can be passed on', sales.table('sales', 'more', { acl: ['reader=r*/postgres'] })],
  ])('are not recognised if %s', ([, before]) => {
    const level = new Set(access.readOnly('sales').map((grant) => JSON.stringify(grant)))
    expect(grantsIn(before, 'reader')?.every((grant) => level.has(JSON.stringify(grant)))).toBe(false)
  })

  test('of owners need the schema and all that is in it', () => {
    const owned = snapshot().role('o').schema('s', { owner: 'o' }).table('s', 't', { owner: 'o' })
    expect(grantsIn(owned, 'o')).toEqual(access.owner('s'))
    expect(grantsIn(owned.function('s', 'f', []), 'o')).toEqual([
      Grant.schemaOwnership('s'),
      Grant.ownership(Target.allTables('s')),
    ])
    expect(grantsIn(owned.function('s', 'f', [], { part: true }), 'o')).toEqual(access.owner('s'))
  })
})

test('who can become a superuser is left out, unless it is named', () => {
  const before = snapshot()
    .role('super', { superuser: true })
    .role('admin')
    .role('alice')
    .role('bob')
    .membership({ role: 'super', member: 'admin' })
    .membership({ role: 'admin', member: 'alice' })
  const all = internal.describeSnapshot(before, ['super', 'admin', 'alice', 'bob', 'pg_monitor'], false)
  expect(all.desired).toEqual([{ role: 'bob', grants: [] }])
  expect(all.unsaid.map(({ message }) => message)).toEqual([
    'role "admin" is not described: it is a member of superuser "super"; name it to describe it all the same',
    'role "alice" is not described: it is a member of superuser "super"; name it to describe it all the same',
    'role "super" is not described: it is a superuser; name it to describe it all the same',
  ])
  expect(grantsIn(before, 'alice')).toEqual([Grant.roleMembership('admin')])
})

test('a role that no statement can name is left out', () => {
  const { desired, unsaid } = internal.describeSnapshot(snapshot(), ['\uDCFF', 'dropped meanwhile'], false)
  expect(desired).toEqual([])
  expect(unsaid.map(({ message }) => message)).toEqual([
    'role "\\udcff" is not described: no statement can name role "\\udcff" here: its name is not valid in the encoding of the database',
  ])
})

test('properties that no desired role can have stay as they are', () => {
  const before = snapshot().role('alice').role('bob').role('carol')
  const properties = [
    { role: 'alice', property: 'comment', value: '\uDCFF' },
    { role: 'alice', property: 'setting', setting: 'work_mem', value: '1MB' },
    { role: 'bob', property: 'setting', setting: 'work_mem', value: '1MB' },
    { role: 'bob', property: 'setting', setting: 'a.b c', value: '1' },
    { role: 'bob', property: 'connection limit', value: '3' },
    { role: 'carol', property: 'setting', setting: 'x.y', database: 'ö'.repeat(40), value: '1' },
    { role: 'carol', property: 'setting', setting: 'x.z', value: '\uDCFF' },
  ] as const
  const { desired, unsaid } = describeRoles({ ...before, properties }, 'alice', 'bob', 'carol')
  expect(desired).toEqual([
    { role: 'alice', grants: [], settings: { work_mem: '1MB' } },
    { role: 'bob', grants: [], connectionLimit: 3 },
    { role: 'carol', grants: [] },
  ])
  expect(unsaid.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
    'left as it is: role "alice" has a comment, and its value is not valid in the encoding of the database; it is left out, and stays as it is',
    'left as it is: role "bob" has setting "a.b c", and no desired role can have a setting of this name; its settings are left out, and stay as they are',
    `left as it is: role "carol" has setting "x.y" in database "${'ö'.repeat(40)}", and the name of the database is 80 bytes long, and PostgreSQL truncates names to 63 bytes; its settings are left out, and stay as they are`,
    'left as it is: role "carol" has setting "x.z", and its value is not valid in the encoding of the database; its settings are left out, and stay as they are',
  ])
})

test('only what was read whole is asked for as a whole', () => {
  const { objects } = sales
  const scope = internal.scopeOfRoles(['reader'])
  expect(grantsIn({ ...sales, objects, scope }, 'reader')).toEqual([
    Grant.schemaUsage('sales', { direct: true }),
    Grant.tableSelect('sales', 'orders', { direct: true }),
  ])
  expect(internal.scopeOfDescription(['reader'], sales).patterns).toEqual(
    ['function', 'procedure', 'sequence', 'table'].map((kind) => ({ kind, schema: 'sales' })),
  )
})

test('whatever a plan for described roles does is said', () =>
  forEveryInput(({ snapshot: before }) => {
    const roles = before.roles.flatMap(({ name }) => (isIntermediate(name) ? [] : [name]))
    const { desired, unsaid } = describeRoles(before, ...roles)
    const { scope: _, ...whole } = before
    const made = plan(whole, desired, { allowSelf: true, allowSuperuser: true })
    const told = new Set(unsaid.map(({ role }) => role))
    const isTold = ({ reason }: (typeof made.transactions)[number][number]): boolean =>
      told.has(reason.role) || reason.temporary !== undefined
    expect(operationsOf(made).filter((operation) => !isTold(operation))).toEqual([])
  }, 200))
