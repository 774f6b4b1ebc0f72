import { type DesiredRole, Grant, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'
import { seenByMe, selectOrders } from '../support/limited-role.ts'
import { orders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('a superuser', () => {
  test.for<[string, Snapshot, string]>([
    [
      'revokes on tables before columns, and on what is in a schema before the schema',
      snapshot({
        roles: [role('t')],
        objects: [
          object('schema', ['s'], 'owner', { 't/owner': 'UC' }),
          object('table', orders, 'owner', { 't/owner': 'rw' }),
          object('column', [...orders, 'id'], 'owner', { 't/owner': 'rx' }),
        ],
      }),
      [
        'REVOKE SELECT, UPDATE ON TABLE "s"."orders" FROM "t";',
        'REVOKE REFERENCES ("id") ON TABLE "s"."orders" FROM "t";',
        'REVOKE CREATE, USAGE ON SCHEMA "s" FROM "t";',
      ].join('\n'),
    ],
  ])('%s', ([, before, expected]) => expect(scriptOf(before, roleT())).toBe(expected))

  test('revokes a membership before it grants the reverse', () =>
    expect(
      scriptOf(snapshot({ roles: [role('t'), role('u')], memberships: [membership('t', 'u')] }), [
        roleT(),
        { role: 'u', grants: [Grant.roleMembership('t')] },
      ]),
    ).toBe('REVOKE "u" FROM "t" GRANTED BY "postgres";\nGRANT "t" TO "u";'))

  test('takes its own attributes away after everything else', () => {
    const before = snapshot({
      server: { actingRole: 'me', sessionRole: 'me' },
      roles: [role('me', { superuser: true, login: true }), role('b'), role('t')],
      memberships: [membership('me', 'b')],
    })
    const desired = [{ role: 'me', grants: [] }, roleT([Grant.login()])]
    expect(scriptOf(before, desired, { allowSelf: true, allowSuperuser: true })).toBe(
      [
        '-- effect: role "me" loses LOGIN',
        'REVOKE "b" FROM "me" GRANTED BY "postgres";',
        'ALTER ROLE "t" PASSWORD NULL LOGIN;',
        'ALTER ROLE "me" NOLOGIN PASSWORD NULL NOSUPERUSER;',
      ].join('\n'),
    )
  })
})

describe('an acting role that is not a superuser', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    [
      'revokes USAGE on a schema after it has granted on what is in the schema',
      seenByMe(180004, {
        memberships: [membership('me', 'owner', { set: false }), membership('me', 't')],
        objects: [
          object('schema', ['s'], 'owner', { 'owner/owner': 'C', 't/owner': 'U' }),
          object('table', orders),
        ],
      }),
      roleT([selectOrders]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";\nREVOKE USAGE ON SCHEMA "s" FROM "t";',
    ],
    [
      'takes LOGIN from a role before it loses the membership by which it administers the role',
      seenByMe(180004, {
        roles: [role('u', { login: true })],
        memberships: [
          membership('me', 'postgres', { set: false }),
          membership('me', 't'),
          membership('t', 'u', { admin: true }),
        ],
      }),
      [roleT(), { role: 'u', grants: [] }],
      '-- effect: role "u" loses LOGIN\nALTER ROLE "u" NOLOGIN PASSWORD NULL;\nREVOKE "u" FROM "t" GRANTED BY "postgres";',
    ],
    [
      'revokes each membership before the one by which it may revoke it',
      seenByMe(150018, {
        me: { createRole: false },
        roles: [role('group'), role('u'), role('v')],
        memberships: [
          membership('me', 't'),
          membership('t', 'u', { admin: true }),
          membership('u', 'group', { admin: true }),
          membership('v', 'group'),
        ],
      }),
      [roleT(), { role: 'u', grants: [] }, { role: 'v', grants: [] }],
      'REVOKE "group" FROM "v";\nREVOKE "group" FROM "u";\nREVOKE "u" FROM "t";',
    ],
    [
      'revokes from a member before it revokes from the role that administers the membership',
      seenByMe(150018, {
        me: { createRole: false },
        roles: [role('group'), role('u')],
        memberships: [
          membership('me', 't'),
          membership('me', 'u'),
          membership('t', 'group', { admin: true }),
          membership('u', 'group'),
        ],
      }),
      [roleT(), { role: 'u', grants: [] }],
      'REVOKE "group" FROM "u";\nREVOKE "group" FROM "t";',
    ],
  ])('%s', ([, before, desired, expected]) => expect(scriptOf(before, desired)).toBe(expected))
})
