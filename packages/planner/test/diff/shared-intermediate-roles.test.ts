import { type DesiredRole, Grant, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, role } from '../support/build-snapshot.ts'
import { anotherIntermediate, intermediate, withOrders } from '../support/orders-table.ts'
import { leftToOtherDatabases, roleT, scriptOf } from '../support/plan-script.ts'

describe('membership in an intermediate role of another database', () => {
  test.for<[string, Snapshot, string]>([
    [
      'is left to that database, and reported as unmanaged',
      withOrders(
        {},
        { roles: [role(intermediate, { elsewhere: 1 })], memberships: [membership('t', intermediate)] },
      ),
      leftToOtherDatabases('an intermediate role'),
    ],
    [
      'is reported in one line for several roles',
      withOrders(
        {},
        {
          roles: [role(intermediate, { elsewhere: 1 }), role(anotherIntermediate, { elsewhere: 2 })],
          memberships: [membership('t', intermediate), membership('t', anotherIntermediate)],
        },
      ),
      leftToOtherDatabases('2 intermediate roles'),
    ],
    [
      'is revoked if the role is more than it claims to be',
      withOrders(
        {},
        {
          roles: [role(intermediate, { elsewhere: 1, superuser: true })],
          memberships: [membership('t', intermediate)],
        },
      ),
      `REVOKE "${intermediate}" FROM "t" GRANTED BY "postgres";`,
    ],
    [
      'loses its ADMIN option',
      withOrders(
        {},
        {
          roles: [role(intermediate, { elsewhere: 1 })],
          memberships: [membership('t', intermediate, { admin: true })],
        },
      ),
      `${leftToOtherDatabases('an intermediate role')}\nREVOKE ADMIN OPTION FOR "${intermediate}" FROM "t" GRANTED BY "postgres";`,
    ],
  ])('%s', ([, before, expected]) => expect(scriptOf(before, roleT())).toBe(expected))
})

/** The table, held by an intermediate role of another database too, of which `t` is a member. */
const copied = (acl = {}, rest: Partial<Snapshot> = {}, shared = {}): Snapshot =>
  withOrders(
    { [`${intermediate}/owner`]: 'r', ...acl },
    {
      ...rest,
      roles: [role(intermediate, { elsewhere: 1, ...shared })],
      memberships: [membership('t', intermediate), ...(rest.memberships ?? [])],
    },
  )

describe('a privilege held through an intermediate role that a copy of the database uses too', () => {
  const revoke = `REVOKE SELECT ON TABLE "s"."orders" FROM "${intermediate}";`
  const left = leftToOtherDatabases('an intermediate role')

  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    ['ends in this database if no other role has it', copied(), roleT(), `${left}\n${revoke}`],
    [
      'ends in this database, and so does an ADMIN option',
      copied({}, { memberships: [membership('t', intermediate, { admin: true })] }),
      roleT(),
      `${left}\n${revoke}\nREVOKE ADMIN OPTION FOR "${intermediate}" FROM "t" GRANTED BY "postgres";`,
    ],
    [
      'stays if other roles have it, but loses the ADMIN option',
      copied({}, { memberships: [membership('t', intermediate, { admin: true })] }, { servesOthers: true }),
      roleT(),
      'ADMIN',
    ],
    ['stays if it is asked for', copied(), roleT([Grant.tableSelect('s', 'orders')]), ''],
    [
      'stays if another desired role asks for it',
      copied({}, { memberships: [membership('b', intermediate)] }),
      [roleT(), { role: 'b', grants: [Grant.tableSelect('s', 'orders')] }],
      'residue',
    ],
    [
      'stays if roles that are not synced have it',
      copied({}, {}, { servesOthers: true }),
      roleT(),
      'residue',
    ],
    [
      'stays if another desired role preserves it',
      copied({}, { memberships: [membership('b', intermediate)] }),
      [roleT(), { role: 'b', grants: [], preserveExistingGrantsInSchemas: ['s'] }],
      'residue',
    ],
    [
      'stays if a third role granted it',
      copied({ [`${intermediate}/owner`]: 'w', [`${intermediate}/g`]: 'r', 'g/owner': 'r*' }),
      roleT(),
      'residue',
    ],
  ])('%s', ([, before, desired, expected]) => {
    const statements = scriptOf(before, desired)
    if (expected === 'ADMIN')
      expect(statements).toContain(
        `\nREVOKE ADMIN OPTION FOR "${intermediate}" FROM "t" GRANTED BY "postgres";`,
      )
    else if (expected !== 'residue') expect(statements).toBe(expected)
    else
      expect(statements).toMatch(
        /^-- residue: role "t" keeps membership in role [^\n]*: another database uses the intermediate role too[^\n]*(\n-- unmanaged: role "b"[^\n]*)?$/,
      )
  })
})
