import { type DesiredRole, Grant, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role } from '../support/build-snapshot.ts'
import { ofCreator, ordersForAll, seenByMe, selectOrders } from '../support/limited-role.ts'
import { orders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('an acting role that is not a superuser', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    [
      'borrows membership in the owner, and gives it back',
      seenByMe(180004, { objects: ordersForAll() }),
      roleT([selectOrders]),
      [
        'GRANT "owner" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'REVOKE "owner" FROM "me" GRANTED BY "me";',
      ].join('\n'),
    ],
    [
      'restores the options of a membership that it had already',
      seenByMe(180004, {
        memberships: [membership('me', 'owner', { grantor: 'me', inherit: false })],
        objects: ordersForAll(),
      }),
      roleT([selectOrders]),
      [
        'GRANT "owner" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'GRANT "owner" TO "me" WITH INHERIT FALSE, SET TRUE;',
      ].join('\n'),
    ],
    [
      'borrows in the name of the role that administers the owner',
      seenByMe(180004, {
        roles: [role('admin'), role('data')],
        memberships: [membership('me', 'admin', { set: false }), membership('admin', 'data', ofCreator)],
        objects: [object('table', orders, 'data'), object('schema', ['s'], 'owner', { 'public/owner': 'U' })],
      }),
      roleT([selectOrders]),
      [
        'GRANT "data" TO "me" WITH INHERIT TRUE, SET TRUE GRANTED BY "admin";',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'REVOKE "data" FROM "me" GRANTED BY "admin";',
      ].join('\n'),
    ],
    [
      'borrows nothing that it has already',
      seenByMe(180004, { memberships: [membership('me', 'owner')], objects: ordersForAll() }),
      roleT([selectOrders]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";',
    ],
    [
      'borrows membership in the owner of the database where pg_database_owner owns the schema',
      seenByMe(150018, {
        server: { databaseOwner: 'owner' },
        roles: [role('pg_database_owner')],
        objects: [object('schema', ['public'], 'pg_database_owner')],
      }),
      roleT([Grant.schemaUsage('public', { direct: true })]),
      ['GRANT "owner" TO "me";', 'GRANT USAGE ON SCHEMA "public" TO "t";', 'REVOKE "owner" FROM "me";'].join(
        '\n',
      ),
    ],
    [
      'pauses memberships in itself, and has INHERIT for the transaction, before PostgreSQL 16',
      seenByMe(150018, {
        me: { inherit: false },
        memberships: [membership('owner', 'me', { admin: true })],
        objects: ordersForAll(),
      }),
      roleT([selectOrders]),
      [
        '-- effect: role "owner" loses membership in role "me" with ADMIN option, granted by "postgres"',
        '-- effect: role "owner" gains membership in role "me" with ADMIN option, granted by "me"',
        'ALTER ROLE "me" INHERIT;',
        'REVOKE "me" FROM "owner";',
        'GRANT "owner" TO "me";',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'REVOKE "owner" FROM "me";',
        'GRANT "me" TO "owner" WITH ADMIN OPTION;',
        'ALTER ROLE "me" NOINHERIT;',
      ].join('\n'),
    ],
    [
      'lends CREATE to a new owner that has it only by a membership that is paused',
      seenByMe(150018, {
        memberships: [membership('t', 'me'), membership('me', 'owner')],
        objects: [object('schema', ['s'], 'me'), object('table', orders)],
      }),
      roleT([Grant.tableOwnership('s', 'orders'), Grant.roleMembership('me')]),
      [
        '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"',
        'REVOKE "me" FROM "t";',
        'GRANT "t" TO "me";',
        'GRANT CREATE ON SCHEMA "s" TO "t";',
        'ALTER TABLE "s"."orders" OWNER TO "t";',
        'REVOKE CREATE ON SCHEMA "s" FROM "t";',
        'REVOKE "t" FROM "me";',
        'GRANT "me" TO "t";',
      ].join('\n'),
    ],
    [
      'has INHERIT for the transaction if it needs that to reach a table of its own',
      seenByMe(150018, {
        me: { inherit: false },
        roles: [role('group')],
        memberships: [membership('me', 'group')],
        objects: [object('schema', ['s'], 'owner', { 'group/owner': 'U' }), object('table', orders, 'me')],
      }),
      roleT([selectOrders]),
      'ALTER ROLE "me" INHERIT;\nGRANT SELECT ON TABLE "s"."orders" TO "t";\nALTER ROLE "me" NOINHERIT;',
    ],
  ])('%s', ([, before, desired, expected]) => expect(scriptOf(before, desired)).toBe(expected))
})
