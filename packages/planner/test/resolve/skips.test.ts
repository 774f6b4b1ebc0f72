import { type DesiredRole, Grant, plan, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, role } from '../support/build-snapshot.ts'
import { withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('a grant that cannot be made is skipped, with its reason', () => {
  test.for<[string, Snapshot, DesiredRole, string]>([
    [
      'a table that does not exist',
      withOrders(),
      roleT([Grant.tableSelect('s', 'no')]),
      'cannot grant SELECT on table "s"."no" to role "t": table "s"."no" does not exist',
    ],
    [
      'a table whose schema does not exist either',
      withOrders(),
      roleT([Grant.tableSelect('no', 'no')]),
      'cannot grant SELECT on table "no"."no" to role "t": schema "no" does not exist',
    ],
    [
      'a pattern that matches nothing',
      withOrders(),
      roleT([Grant.tableSelect('s', /^x/i)]),
      'cannot grant SELECT on the tables of schema "s" that match /^x/i to role "t": no table matches',
    ],
    [
      'a membership that would make a cycle through a role that is not synced',
      withOrders({}, { memberships: [membership('g', 'b'), membership('b', 't')] }),
      roleT([Grant.roleMembership('g')]),
      'cannot grant membership in role "g" to role "t": it would make a cycle: "t" in "g" in "b" in "t"',
    ],
    [
      'an intermediate role for a NOINHERIT role, before PostgreSQL 16',
      {
        ...withOrders({}, { roles: [role('t', { inherit: false })] }),
        server: { ...withOrders().server, version: 150000 },
      },
      roleT([Grant.tableSelect('s', 'orders')]),
      'cannot grant SELECT on table "s"."orders" to role "t": the role is NOINHERIT, and before PostgreSQL 16 gets nothing from an intermediate role; grant it directly',
    ],
  ])('%s', ([, before, desired, message]) => {
    const { skipped, transactions } = plan(before, desired, { seed: '' })
    expect(skipped.map((one) => one.message)).toEqual([message])
    expect(transactions).toEqual([])
  })

  test('the other grants of the role are still made', () =>
    expect(
      scriptOf(
        withOrders(),
        roleT([Grant.tableSelect('s', 'no'), Grant.tableSelect('s', 'orders', { direct: true })]),
      ),
    ).toMatch(/^-- skipped: .*\nGRANT SELECT ON TABLE "s"."orders" TO "t";$/))
})

test('with keepDependents, a membership that is granted again counts for cycles', () => {
  const before = withOrders(
    {},
    { memberships: [membership('b', 't', { admin: true }), membership('g', 't', { grantor: 'b' })] },
  )
  const desired = [{ role: 'b', grants: [] }, roleT([Grant.roleMembership('g')])]
  const skipped = (keepDependents: boolean) =>
    plan(before, desired, { keepDependents, seed: '' }).skipped.map(({ reason }) => reason)
  expect(skipped(true)).toEqual(['cycle'])
  expect(skipped(false)).toEqual([])
})
