import { type DesiredRole, Grant, plan, renderSql, type Role, Target } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'
import { intermediate, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

const mode = 'additive'

test('an additive plan grants what is missing, and lists what the mode exact would take away', () => {
  const before = withOrders(
    { 't/owner': 'r*', 'g/t': 'r' },
    {
      memberships: [membership('t', 'b')],
      objects: [object('table', ['s', 'mine'], 't')],
    },
  )
  const desired = roleT([Grant.schemaUsage('s', { direct: true })])
  expect(scriptOf(before, desired, { mode, reassignOwnedTo: 'owner' })).toBe(
    [
      '-- kept: role "g" keeps SELECT on table "s"."orders", granted by "t": the mode is additive',
      '-- kept: role "t" keeps membership in role "b", granted by "postgres": the mode is additive',
      '-- kept: role "t" keeps ownership of table "s"."mine": the mode is additive',
      '-- kept: role "t" keeps SELECT on table "s"."orders" with grant option, granted by "owner": the mode is additive',
      'GRANT USAGE ON SCHEMA "s" TO "t";',
    ].join('\n'),
  )
  expect(plan(before, desired, { mode, seed: '' })).toMatchObject({ residue: [], effects: [] })
})

test('a plan that is exact keeps nothing', () =>
  expect(plan(withOrders({ 't/owner': 'r' }), roleT(), { seed: '' }).kept).toEqual([]))

describe('in an additive plan, ownership that another role has is skipped', () => {
  test.for<[string, Grant]>([
    ['of a named object', Grant.tableOwnership('s', 'orders')],
    ['of all in a schema', Grant.ownership(Target.allTables('s'))],
  ])('%s', ([, grant]) => {
    const made = plan(withOrders(), roleT([grant]), { mode, seed: '' })
    expect(made).toMatchObject({
      transactions: [],
      skipped: [
        {
          reason: 'takes away',
          message: expect.stringContaining(
            'table "s"."orders" belongs to role "owner", and the mode is additive',
          ),
        },
      ],
      kept: [{ role: 'owner', fact: { kind: 'ownership' } }],
    })
  })

  test('but a new schema is created', () =>
    expect(scriptOf(withOrders(), roleT([Grant.schemaOwnership('new')]), { mode })).toContain(
      'CREATE SCHEMA',
    ))
})

/** What is planned for a role with some attributes that asks for LOGIN. */
const planned = (attributes: Partial<Role>, options: Parameters<typeof Grant.login>[0]) => {
  const { transactions, skipped, kept } = plan(
    snapshot({ roles: [role('t', attributes)] }),
    { role: 't', grants: [Grant.login(options)] } satisfies DesiredRole,
    { mode, seed: '' },
  )
  return {
    operations: transactions.flat().flatMap(({ kind }) => (kind === 'lockRole' ? [] : [kind])),
    skipped: skipped.map(({ reason }) => reason),
    kept: kept.map(({ fact }) => (fact.kind === 'attribute' ? fact.attribute : '')),
  }
}

describe('in an additive plan, LOGIN', () => {
  const soon = '2027-06-30T00:00:00.000000Z'
  const nothing = { operations: [], skipped: [], kept: [] }

  test('of a role that has it replaces no password', () =>
    expect(planned({ login: true }, { password: 'p' })).toEqual({
      ...nothing,
      skipped: ['takes away'],
      kept: ['PASSWORD'],
    }))

  test('with the password that is stored is there already', () =>
    expect(planned({ login: true, passwordUnchanged: true }, { password: 'p' })).toEqual(nothing))

  test('does not end earlier than it does', () =>
    expect(planned({ login: true }, { validUntil: soon })).toEqual({
      ...nothing,
      kept: ['VALID UNTIL infinity'],
    }))

  test('may end later than it does', () =>
    expect(planned({ login: true, validUntil: soon }, {})).toEqual({
      ...nothing,
      operations: ['setValidUntil'],
    }))

  test('of a role that does not have it is as asked for, and lets no old password in', () =>
    expect(planned({ hasPassword: true }, { validUntil: soon })).toEqual({
      ...nothing,
      operations: ['clearPassword', 'setValidUntil', 'setAttribute'],
    }))
})

describe('in an additive plan, a membership', () => {
  test('loses no option, and gets the others', () =>
    expect(
      scriptOf(
        withOrders({}, { memberships: [membership('t', 'b', { admin: true, inherit: false })] }),
        roleT([Grant.roleMembership('b', { set: false })]),
        { mode },
      ),
    ).toContain('GRANT "b" TO "t" WITH INHERIT TRUE, SET TRUE'))

  test('in an intermediate role does not lose SET', () =>
    expect(
      scriptOf(
        withOrders(
          { [`${intermediate}/owner`]: 'r' },
          { roles: [role(intermediate)], memberships: [membership('t', intermediate, { inherit: false })] },
        ),
        roleT([Grant.tableSelect('s', 'orders')]),
        { mode },
      ),
    ).toContain(`GRANT "${intermediate}" TO "t" WITH INHERIT TRUE, SET TRUE`))
})

test('an additive plan lists as kept a membership without any option, which the mode exact would revoke', () => {
  const row = membership('t', 'b', { inherit: false, set: false })
  expect(plan(withOrders({}, { memberships: [row] }), roleT(), { mode, seed: '' }).kept).toMatchObject([
    { role: 't', fact: { kind: 'membership', role: 'b' } },
  ])
})

test('an additive plan goes through JSON and is planned again from its request', () => {
  const made = plan(withOrders({ 't/owner': 'r' }), roleT(), { mode, seed: '' })
  expect(made.request).toMatchObject({ options: { mode } })
  expect(renderSql(JSON.parse(JSON.stringify(made)))).toContain('-- kept: role "t" keeps SELECT')
})

test('in an additive plan, limits, comments and settings that a role has stay as they are', () => {
  const before = snapshot({
    roles: [role('t')],
    properties: [
      { role: 't', property: 'comment', value: 'old' },
      { role: 't', property: 'setting', setting: 'work_mem', value: '1MB' },
      { role: 't', property: 'setting', setting: 'lock_timeout', value: '1s' },
    ],
    settings: ['work_mem', 'lock_timeout', 'search_path'].map((setting) => ({
      setting,
      context: 'user',
      mayBeSet: true,
    })),
  })
  const { transactions, skipped, kept } = plan(
    before,
    {
      ...roleT(),
      comment: 'new',
      connectionLimit: 1,
      inherit: false,
      settings: { work_mem: '2MB', search_path: 's' },
    },
    { mode, seed: '' },
  )
  expect(transactions.flat().filter(({ kind }) => kind !== 'lockRole')).toMatchObject([
    { kind: 'setProperty', setting: 'search_path', value: '"s"' },
  ])
  expect(skipped.map(({ reason }) => reason)).toEqual(Array(4).fill('takes away'))
  expect(
    kept.map(({ fact }) => ('value' in fact ? fact.value : 'attribute' in fact && fact.attribute)),
  ).toEqual(['INHERIT', 'old', '1s', '1MB'])
})
