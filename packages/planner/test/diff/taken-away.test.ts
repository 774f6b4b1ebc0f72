import { Grant, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'
import { intermediate, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('a role loses what it does not ask for', () => {
  test.for<[string, Snapshot, string]>([
    [
      'LOGIN, and the password with it',
      snapshot({ roles: [role('t', { login: true })] }),
      '-- effect: role "t" loses LOGIN\nALTER ROLE "t" NOLOGIN PASSWORD NULL;',
    ],
    [
      'memberships, whoever granted them',
      withOrders({}, { memberships: [membership('t', 'b'), membership('t', 'b', { grantor: 'g' })] }),
      'REVOKE "b" FROM "t" GRANTED BY "g";\nREVOKE "b" FROM "t" GRANTED BY "postgres";',
    ],
    [
      'a membership with ADMIN option, after the memberships that it granted by that option',
      withOrders(
        {},
        { memberships: [membership('t', 'b', { admin: true }), membership('g', 'b', { grantor: 't' })] },
      ),
      [
        '-- effect: role "g" loses membership in role "b", granted by "t"',
        'REVOKE "b" FROM "g" GRANTED BY "t";',
        'REVOKE "b" FROM "t" GRANTED BY "postgres";',
      ].join('\n'),
    ],
    [
      'a membership in an intermediate role that holds nothing',
      withOrders({}, { roles: [role(intermediate)], memberships: [membership('t', intermediate)] }),
      `REVOKE "${intermediate}" FROM "t" GRANTED BY "postgres";`,
    ],
  ])('%s', ([, before, expected]) => expect(scriptOf(before, roleT())).toBe(expected))

  test('only the grant option is revoked if the privilege is asked for without it', () =>
    expect(
      scriptOf(withOrders({ 't/owner': 'r*' }), roleT([Grant.tableSelect('s', 'orders', { direct: true })])),
    ).toBe('REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."orders" FROM "t";'))

  test('a privilege held directly is replaced by a membership if it is not asked for directly', () =>
    expect(
      scriptOf(
        withOrders({ 't/owner': 'r', [`${intermediate}/owner`]: 'r' }, { roles: [role(intermediate)] }),
        roleT([Grant.tableSelect('s', 'orders')]),
      ),
    ).toBe(
      `REVOKE SELECT ON TABLE "s"."orders" FROM "t";\nGRANT "${intermediate}" TO "t" WITH INHERIT TRUE, SET FALSE;`,
    ))
})

describe('what belongs to the cluster', () => {
  const before = snapshot({
    roles: [role('t', { login: true, createDb: true }), role('b')],
    memberships: [membership('t', 'b')],
    objects: [
      object('database', ['warehouse'], 'postgres', { 't/postgres': 'C' }),
      object('schema', ['s'], 'owner', { 't/owner': 'U' }),
    ],
  })

  test('stays if the cluster is not managed', () =>
    expect(scriptOf(before, roleT(), { manages: { cluster: false } })).toBe(
      'REVOKE USAGE ON SCHEMA "s" FROM "t";',
    ))

  test('is taken away otherwise', () =>
    expect(scriptOf(before, roleT())).toBe(
      [
        '-- effect: role "t" loses LOGIN',
        'ALTER ROLE "t" NOLOGIN PASSWORD NULL NOCREATEDB;',
        'REVOKE CREATE ON DATABASE "warehouse" FROM "t";',
        'REVOKE USAGE ON SCHEMA "s" FROM "t";',
        'REVOKE "b" FROM "t" GRANTED BY "postgres";',
      ].join('\n'),
    ))
})
