import { type DesiredRole, Grant, plan } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role } from '../support/build-snapshot.ts'
import { intermediate, orders, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

const preserving = (grants: DesiredRole['grants'] = []): DesiredRole => ({
  ...roleT(grants),
  preserveExistingGrantsInSchemas: ['s'],
})

describe('a role that preserves what it has in a schema', () => {
  const before = withOrders(
    { 't/owner': 'r*w', 'g/t': 'r', [`${intermediate}/owner`]: 'd' },
    {
      roles: [role(intermediate)],
      memberships: [membership('t', intermediate)],
      objects: [
        object('column', [...orders, 'id'], 'owner', { 't/owner': 'x' }),
        object('table', ['s', 'mine'], 't'),
        object('schema', ['other'], 't'),
      ],
    },
  )

  test('loses only what is outside the schema', () => {
    expect(scriptOf(before, preserving(), { reassignOwnedTo: 'owner' })).toBe(
      '-- effect: role "t" loses ownership of schema "other" to role "owner"\nALTER SCHEMA "other" OWNER TO "owner";',
    )
    expect(plan(before, preserving(), { seed: '' }).residue).toEqual([])
  })

  test('loses privileges on the schema itself', () =>
    expect(
      scriptOf(
        withOrders({}, { objects: [object('schema', ['s'], 'owner', { 't/owner': 'U' })] }),
        preserving(),
      ),
    ).toBe('REVOKE USAGE ON SCHEMA "s" FROM "t";'))

  test('gets what it asks for', () =>
    expect(scriptOf(before, preserving([Grant.tableOwnership('s', 'orders')]))).toContain(
      'ALTER TABLE "s"."orders" OWNER TO "t";',
    ))

  test('keeps what it owns, even if another role asks to own that', () =>
    expect(() =>
      plan(before, [preserving(), { role: 'b', grants: [Grant.tableOwnership('s', 'mine')] }], { seed: '' }),
    ).toThrow('role "t" keeps what it has in that schema'))

  test('loses membership in an intermediate role that holds something outside too', () => {
    const more = withOrders(
      { [`${intermediate}/owner`]: 'r' },
      {
        roles: [role(intermediate)],
        memberships: [membership('t', intermediate)],
        objects: [object('schema', ['other'], 'owner', { [`${intermediate}/owner`]: 'U' })],
      },
    )
    expect(scriptOf(more, preserving())).toBe(`REVOKE "${intermediate}" FROM "t" GRANTED BY "postgres";`)
  })

  test('keeps a membership, and so does the role that granted it', () => {
    const granted = withOrders(
      { [`${intermediate}/owner`]: 'r' },
      {
        roles: [role(intermediate)],
        memberships: [
          membership('b', intermediate, { admin: true }),
          membership('t', intermediate, { grantor: 'b' }),
        ],
      },
    )
    const made = plan(granted, [preserving(), { role: 'b', grants: [] }], { seed: '' })
    expect(made.transactions).toEqual([])
    expect(made.residue.map(({ role: name, reason }) => [name, reason])).toEqual([['b', 'passed on']])
  })
})

test('before 16, a role loses INHERIT after a grant option that another role keeps depending on', () => {
  const base = withOrders({ 't/owner': 'r*', 'b/t': 'r*' }, { memberships: [membership('t', 'b')] })
  const before = { ...base, server: { ...base.server, version: 150000 } }
  // Only as long as `t` inherits the grant option of `b` may it lose its own.
  const kept = { role: 'b', grants: [], preserveExistingGrantsInSchemas: ['s'] }
  const lost = { ...roleT([Grant.roleMembership('b')]), inherit: false }
  expect(scriptOf(before, [lost, kept])).toContain(
    ['REVOKE SELECT ON TABLE "s"."orders" FROM "t";', 'ALTER ROLE "t" NOINHERIT;'].join('\n'),
  )
})
