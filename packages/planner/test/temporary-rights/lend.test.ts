import { type DesiredRole, Grant, plan, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role } from '../support/build-snapshot.ts'
import { ofCreator, ordersForAll, seenByMe } from '../support/limited-role.ts'
import { orders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('an acting role that is not a superuser', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    [
      'lends a new owner CREATE on the schema',
      seenByMe(180004, { memberships: [membership('me', 'owner')], objects: ordersForAll() }),
      roleT([Grant.tableOwnership('s', 'orders')]),
      [
        '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"',
        'GRANT "t" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'GRANT CREATE ON SCHEMA "s" TO "t";',
        'ALTER TABLE "s"."orders" OWNER TO "t";',
        'REVOKE CREATE ON SCHEMA "s" FROM "t";',
        'REVOKE "t" FROM "me" GRANTED BY "me";',
      ].join('\n'),
    ],
    [
      'lends nothing to a new owner that has CREATE',
      seenByMe(180004, {
        memberships: [membership('me', 'owner'), membership('me', 't')],
        objects: [object('schema', ['s'], 'owner', { 'public/owner': 'UC' }), object('table', orders)],
      }),
      roleT([Grant.tableOwnership('s', 'orders')]),
      '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"\nALTER TABLE "s"."orders" OWNER TO "t";',
    ],
    [
      'lends as the owner of the schema where PostgreSQL would otherwise take a borrowed role for the grantor',
      seenByMe(180004, {
        roles: [role('u')],
        memberships: [membership('me', 'owner'), membership('me', 'u', ofCreator)],
        objects: [
          object('schema', ['s'], 'owner', { 'public/owner': 'U', 'u/owner': 'C*' }),
          object('table', orders),
          object('table', ['s', 'parts']),
        ],
      }),
      [
        roleT([Grant.tableOwnership('s', 'orders')]),
        {
          role: 'u',
          grants: [Grant.tableOwnership('s', 'parts'), Grant.schemaCreate('s', { direct: true })],
        },
      ],
      [
        '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"',
        '-- effect: role "owner" loses ownership of table "s"."parts" to role "u"',
        'GRANT "t", "u" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'SET LOCAL ROLE "owner";',
        'GRANT CREATE ON SCHEMA "s" TO "t";',
        'SET LOCAL ROLE "me";',
        'ALTER TABLE "s"."orders" OWNER TO "t";',
        'ALTER TABLE "s"."parts" OWNER TO "u";',
        'SET LOCAL ROLE "owner";',
        'REVOKE CREATE ON SCHEMA "s" FROM "t";',
        'REVOKE GRANT OPTION FOR CREATE ON SCHEMA "s" FROM "u";',
        'SET LOCAL ROLE "me";',
        'REVOKE "u" FROM "me" GRANTED BY "me";',
        'REVOKE "t" FROM "me" GRANTED BY "me";',
      ].join('\n'),
    ],
  ])('%s', ([, before, desired, expected]) => expect(scriptOf(before, desired)).toBe(expected))

  test('lends as the new owner of the schema if the schema changes its owner too', () => {
    const before = seenByMe(180004, {
      roles: [role('u')],
      memberships: [membership('me', 'owner'), membership('me', 'u', { inherit: false })],
      objects: ordersForAll(),
    })
    const desired = [
      { role: 'u', grants: [Grant.schemaOwnership('s')] },
      roleT([Grant.tableOwnership('s', 'orders')]),
    ]
    expect(plan(before, desired, { seed: '' }).skipped).toEqual([])
    expect(scriptOf(before, desired)).toContain('SET LOCAL ROLE "u";\nGRANT CREATE ON SCHEMA "s" TO "t"')
  })
})
