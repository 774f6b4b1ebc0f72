import { type DesiredRole, Grant, plan, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role } from '../support/build-snapshot.ts'
import { ofCreator, ordersForAll, seenByMe } from '../support/limited-role.ts'
import { intermediate, orders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

const askedBy = (name: string): DesiredRole => ({ role: name, grants: [Grant.roleMembership('group')] })

describe('an acting role that is not a superuser', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    [
      'runs SET ROLE to the owner where PostgreSQL would otherwise take the acting role for the grantor',
      seenByMe(180004, {
        memberships: [membership('me', 'owner')],
        objects: ordersForAll({ 'me/owner': 'r*', 't/owner': 'rw' }),
      }),
      roleT(),
      [
        'SET LOCAL ROLE "owner";',
        'REVOKE SELECT ON TABLE "s"."orders" FROM "t";',
        'SET LOCAL ROLE "me";',
        'REVOKE UPDATE ON TABLE "s"."orders" FROM "t";',
      ].join('\n'),
    ],
    [
      'revokes in another name once a role that it would have been taken for has lost the grant option',
      seenByMe(180004, {
        server: { databaseOwner: 't' },
        roles: [role('u'), role('pg_database_owner')],
        memberships: [membership('me', 't'), membership('me', 'u', { set: false })],
        objects: [
          object('schema', ['s'], 'owner', { 'public/owner': 'U' }),
          object('table', orders, 'pg_database_owner', {
            't/pg_database_owner': 'r*',
            'u/pg_database_owner': 'r*',
            't/u': 'r',
          }),
        ],
      }),
      roleT(),
      [
        'SET LOCAL ROLE "pg_database_owner";',
        'REVOKE SELECT ON TABLE "s"."orders" FROM "t";',
        'SET LOCAL ROLE "me";',
        'REVOKE SELECT ON TABLE "s"."orders" FROM "t";',
      ].join('\n'),
    ],
    [
      'revokes on a table without becoming the owner where it is only the grantor on columns, on which the grantee has nothing',
      seenByMe(180004, {
        memberships: [membership('me', 'owner')],
        objects: [
          ...ordersForAll({ 't/owner': 'r' }),
          object('column', [...orders, 'amount'], 'owner', { 'me/owner': 'r*' }),
        ],
      }),
      roleT(),
      'REVOKE SELECT ON TABLE "s"."orders" FROM "t";',
    ],
    [
      'becomes a role that has the privileges of pg_database_owner where a superuser owns the database, before PostgreSQL 16',
      seenByMe(150018, {
        server: { databaseOwner: 'postgres' },
        roles: [role('u'), role('pg_database_owner')],
        memberships: [membership('u', 'postgres')],
        objects: [
          object('large object', ['1'], 'pg_database_owner', { 't/pg_database_owner': 'r*', 'me/t': 'r' }),
        ],
      }),
      roleT(),
      [
        '-- effect: role "me" loses SELECT on large object 1, granted by "t"',
        'GRANT "t", "u" TO "me";',
        'REVOKE SELECT ON LARGE OBJECT 1 FROM "me";',
        'SET LOCAL ROLE "u";',
        'REVOKE SELECT ON LARGE OBJECT 1 FROM "t";',
        'SET LOCAL ROLE "me";',
        'REVOKE "u" FROM "me";',
        'REVOKE "t" FROM "me";',
      ].join('\n'),
    ],
  ])('%s', ([, before, desired, expected]) => expect(scriptOf(before, desired)).toBe(expected))

  test('runs SET ROLE to the owner where it does not inherit the owner’s privileges', () => {
    const before = seenByMe(150018, {
      me: { createRole: false, inherit: false },
      memberships: [membership('me', 'owner', { admin: true })],
      objects: [object('schema', ['s'])],
    })
    expect(scriptOf(before, roleT([Grant.schemaUsage('s', { direct: true })]))).toContain(
      'SET LOCAL ROLE "owner";\nGRANT USAGE ON SCHEMA "s" TO "t"',
    )
  })

  test('grants no membership in the name of a role that loses its ADMIN option', () => {
    const before = seenByMe(180004, {
      roles: [role('u'), role('group')],
      memberships: [membership('me', 'u'), membership('u', 'group', { admin: true })],
    })
    const { skipped } = plan(before, [{ role: 'u', grants: [] }, roleT([Grant.roleMembership('group')])], {
      seed: '',
    })
    expect(skipped.map(({ reason }) => reason)).toEqual(['not permitted'])
  })

  /** `t` may make others members of `group`; has made `deputy` one who may, too; and `me` can do so as `deputy`. */
  const byDeputy = seenByMe(180004, {
    roles: [role('group'), role('deputy'), role('u')],
    memberships: [
      membership('me', 'postgres'),
      membership('me', 't'),
      membership('me', 'deputy', ofCreator),
      membership('t', 'group', { admin: true, inherit: false }),
      membership('deputy', 'group', { admin: true, grantor: 't' }),
    ],
  })

  test('grants a membership in the name of a role with the ADMIN option, but not if that goes with what another loses', () => {
    expect(plan(byDeputy, askedBy('u'), { seed: '' }).skipped).toEqual([])
    expect(plan(byDeputy, [askedBy('u'), roleT()], { seed: '' }).skipped).toMatchObject([
      { role: 'u', reason: 'not permitted' },
    ])
  })

  test('grants nothing again, with keepDependents, in the name of a role that loses its ADMIN option with another', () =>
    expect(scriptOf(byDeputy, roleT(), { keepDependents: true })).toBe(
      [
        '-- effect: role "deputy" loses membership in role "group" with ADMIN option, granted by "t"',
        'REVOKE "group" FROM "deputy" GRANTED BY "t";',
        'REVOKE "group" FROM "t" GRANTED BY "postgres";',
      ].join('\n'),
    ))

  test('creates another intermediate role if it may not grant the one that exists', () =>
    expect(
      scriptOf(
        seenByMe(180004, {
          roles: [role(intermediate)],
          memberships: [membership('me', 'owner')],
          objects: ordersForAll({ [`${intermediate}/owner`]: 'r' }),
        }),
        roleT([Grant.tableSelect('s', 'orders')]),
      ),
    ).toContain('CREATE ROLE "_pgsr_local_16384_table_select_'))
})
