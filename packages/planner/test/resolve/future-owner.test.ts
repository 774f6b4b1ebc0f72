import type { PlanOptions, Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'
import { seenByMe } from '../support/limited-role.ts'
import { orders, ordersWithCode } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('what a role owns and does not ask for gets another owner', () => {
  test.for<[string, Snapshot, string, PlanOptions?]>([
    [
      'what holds no code goes to the acting role',
      snapshot({ roles: [role('t')], objects: [object('table', orders, 't'), object('schema', ['s'], 't')] }),
      [
        '-- effect: role "t" loses ownership of schema "s" to role "postgres"',
        '-- effect: role "t" loses ownership of table "s"."orders" to role "postgres"',
        'ALTER SCHEMA "s" OWNER TO "postgres";',
        'ALTER TABLE "s"."orders" OWNER TO "postgres";',
      ].join('\n'),
    ],
    [
      'what may hold code goes to the role named in reassignOwnedTo',
      snapshot({ roles: [role('t')], objects: [ordersWithCode] }),
      [
        '-- effect: role "t" loses ownership of table "s"."orders" to role "owner"; its code may run as that role from then on',
        'ALTER TABLE "s"."orders" OWNER TO "owner";',
      ].join('\n'),
      { reassignOwnedTo: 'owner' },
    ],
    [
      'what may hold code goes to a caretaker if no role is named, and the caretaker gets USAGE on the schema for a foreign key',
      snapshot({
        roles: [role('t')],
        objects: [{ ...ordersWithCode, foreignKey: true }, object('schema', ['s'])],
      }),
      [
        '-- effect: role "t" loses ownership of table "s"."orders" to role "_pgsr_caretaker_ce397823"; its code may run as that role from then on',
        'CREATE ROLE "_pgsr_caretaker_ce397823";',
        'ALTER TABLE "s"."orders" OWNER TO "_pgsr_caretaker_ce397823";',
        'GRANT USAGE ON SCHEMA "s" TO "_pgsr_caretaker_ce397823";',
      ].join('\n'),
    ],
    [
      'a table to which others may attach code goes to a caretaker',
      snapshot({
        roles: [role('t'), role('other')],
        objects: [object('table', orders, 't', { 'other/t': 'x' })],
      }),
      [
        '-- effect: role "t" loses ownership of table "s"."orders" to role "_pgsr_caretaker_ce397823"; its code may run as that role from then on',
        '-- effect: role "other" loses REFERENCES on table "s"."orders", granted by "t"',
        '-- effect: role "other" gains REFERENCES on table "s"."orders", granted by "_pgsr_caretaker_ce397823"',
        'CREATE ROLE "_pgsr_caretaker_ce397823";',
        'ALTER TABLE "s"."orders" OWNER TO "_pgsr_caretaker_ce397823";',
      ].join('\n'),
    ],
    [
      'a subscription, which acts by itself, stays with its owner if no role is named',
      snapshot({ roles: [role('t')], objects: [object('subscription', ['feed'], 't')] }),
      '-- residue: role "t" keeps ownership of subscription "feed": it acts by itself with its owner’s rights; name its new owner in reassignOwnedTo; to end it: ALTER SUBSCRIPTION "feed" OWNER TO CURRENT_USER, by a superuser, or a sync that names a role in reassignOwnedTo',
    ],
  ])('%s', ([, before, expected, options]) => expect(scriptOf(before, roleT(), options)).toBe(expected))
})

test('a table stays with its owner where no caretaker can be made, though the plan takes from others what they could attach code by', () => {
  const before = seenByMe(180004, {
    me: { createRole: false },
    roles: [role('other')],
    memberships: [membership('me', 't')],
    objects: [object('schema', ['s'], 'me'), object('table', orders, 't', { 'other/t': 'x' })],
  })
  expect(scriptOf(before, [roleT(), { role: 'other', grants: [] }])).toBe(
    [
      '-- residue: role "t" keeps ownership of table "s"."orders": role "me" may not SET ROLE to role "_pgsr_caretaker_ce397823"; to end it: ALTER TABLE "s"."orders" OWNER TO CURRENT_USER, by a superuser',
      'REVOKE REFERENCES ON TABLE "s"."orders" FROM "other";',
    ].join('\n'),
  )
})
