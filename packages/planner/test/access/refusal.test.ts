import { type DesiredRole, Grant, plan, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role } from '../support/build-snapshot.ts'
import { seenByMe, selectOrders } from '../support/limited-role.ts'
import { orders } from '../support/orders-table.ts'
import { roleT } from '../support/plan-script.ts'

describe('an acting role that is not a superuser', () => {
  test.for<[string, Snapshot, DesiredRole, string[]]>([
    [
      'a role, without CREATEROLE',
      seenByMe(180004, { me: { createRole: false } }),
      { role: 'new', grants: [] },
      ['cannot create role "new": it does not exist, and role "me" may not create roles'],
    ],
    [
      'LOGIN, without ADMIN option on the role',
      seenByMe(180004, { roles: [role('u')] }),
      { role: 'u', grants: [Grant.login()] },
      ['cannot grant LOGIN to role "u": role "me" may not alter the role'],
    ],
    [
      'LOGIN to a role with REPLICATION, before PostgreSQL 16',
      seenByMe(150018, { roles: [role('u', { replication: true })] }),
      { role: 'u', grants: [Grant.login()] },
      ['cannot grant LOGIN to role "u": role "me" may not alter the role'],
    ],
    [
      'membership in a superuser',
      seenByMe(150018),
      roleT([Grant.roleMembership('postgres')]),
      ['cannot grant membership in role "postgres" to role "t": role "me" may not grant it'],
    ],
    [
      'membership in a role on which it has no ADMIN option',
      seenByMe(180004, { roles: [role('u')], memberships: [membership('me', 'u')] }),
      roleT([Grant.roleMembership('u')]),
      ['cannot grant membership in role "u" to role "t": role "me" may not grant it'],
    ],
    [
      'membership with other options in a role on which it has no ADMIN option',
      seenByMe(180004, {
        roles: [role('u')],
        memberships: [membership('me', 'u'), membership('t', 'u', { grantor: 'postgres', set: false })],
      }),
      roleT([Grant.roleMembership('u', { inherit: false })]),
      ['cannot grant membership in role "u" without INHERIT option to role "t": role "me" may not grant it'],
    ],
    [
      'a privilege on a schema that a superuser owns',
      seenByMe(180004, { objects: [object('schema', ['s'], 'postgres')] }),
      roleT([Grant.schemaUsage('s', { direct: true })]),
      [
        'cannot grant USAGE on schema "s" directly to role "t": role "me" may not act as role "postgres", the owner of schema "s"',
      ],
    ],
    [
      'a privilege on a table in a schema that it has no USAGE on',
      seenByMe(180004, { objects: [object('schema', ['s'], 'postgres'), object('table', orders)] }),
      roleT([selectOrders]),
      [
        'cannot grant SELECT on table "s"."orders" directly to role "t": role "me" has no USAGE on the schema of table "s"."orders"',
      ],
    ],
    [
      'a schema, without CREATE on the database',
      seenByMe(180004, { server: { createsSchemas: false } }),
      roleT([Grant.schemaOwnership('new')]),
      [
        'cannot grant ownership of schema "new" to role "t": role "me" may not create schemas in the database',
      ],
    ],
  ])('cannot give %s, and says why', ([, before, desired, messages]) => {
    const { skipped, transactions } = plan(before, desired, { seed: '', allowSuperuser: true })
    expect(skipped.map(({ reason }) => reason)).toEqual(messages.map(() => 'not permitted'))
    expect(skipped.map(({ message }) => message)).toEqual(messages)
    expect(transactions).toEqual([])
  })

  test.for<[string, Snapshot, string]>([
    [
      'LOGIN',
      seenByMe(180004, { me: { createRole: false }, roles: [role('u', { login: true })] }),
      'role "u" keeps LOGIN: role "me" may not take it away',
    ],
    [
      'a membership that a superuser granted',
      seenByMe(180004, { memberships: [membership('u', 'owner')], roles: [role('u')] }),
      'role "u" keeps membership in role "owner", granted by "postgres": role "me" may not revoke it',
    ],
    [
      'a membership with ADMIN option, by which its member made the acting role a member',
      seenByMe(180004, {
        roles: [role('u')],
        memberships: [
          membership('u', 'owner', { grantor: 'me', admin: true }),
          membership('me', 'owner', { grantor: 'u' }),
          membership('me', 'u'),
        ],
      }),
      'role "u" keeps membership in role "owner" with ADMIN option, granted by "me": role "me" may not revoke it',
    ],
    [
      'a privilege on a schema that a superuser owns',
      seenByMe(180004, {
        roles: [role('u')],
        objects: [object('schema', ['s'], 'postgres', { 'u/postgres': 'U' })],
      }),
      'role "u" keeps USAGE on schema "s", granted by "postgres": role "me" may not act as role "postgres", the owner of schema "s"',
    ],
    [
      'an object whose owner it cannot SET ROLE to',
      seenByMe(180004, { roles: [role('u')], objects: [object('schema', ['s'], 'u')] }),
      'role "u" keeps ownership of schema "s": role "me" may not act as role "u", the owner of schema "s"',
    ],
  ])('cannot take away %s, and says why', ([, before, message]) => {
    const { residue, transactions } = plan(before, { role: 'u', grants: [] }, { seed: '' })
    expect(residue.map(({ reason, message: said }) => ({ reason, said }))).toEqual([
      { reason: 'not permitted', said: message },
    ])
    expect(transactions).toEqual([])
  })
})
