import { Grant, plan, type PlanOptions, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role } from '../support/build-snapshot.ts'
import { intermediate, orders, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

const manages: PlanOptions['manages'] = { schemas: ['s'] }

const other = (acl: Readonly<Record<string, string>>) => object('table', ['other', 'plans'], 'owner', acl)

describe('if only some schemas are managed, a role', () => {
  const before: Snapshot = {
    ...withOrders(
      { 't/owner': 'r' },
      {
        memberships: [membership('t', 'b')],
        objects: [
          object('database', ['warehouse'], 'postgres', { 't/postgres': 'C' }),
          object('table', ['s', 'mine'], 't'),
          object('sequence', ['s', 'numbers'], 'owner', { 't/owner': 'U' }),
          object('schema', ['other'], 't'),
          object('language', ['c'], 'owner', { 't/owner': 'U' }),
          other({ 't/owner': 'r*', 'g/t': 'r' }),
        ],
      },
    ),
    defaultPrivileges: ['s', 'other', null].map((schema) => ({
      owner: 'owner',
      schema,
      on: 'tables' as const,
      acl: [{ grantee: 't', grantor: 'owner', privileges: 'r' }],
    })),
  }

  test('loses what it has on them and in them, and default privileges for them', () =>
    expect(scriptOf(before, roleT(), { manages, reassignOwnedTo: 'owner' })).toBe(
      [
        '-- effect: role "t" loses ownership of table "s"."mine" to role "owner"',
        'ALTER TABLE "s"."mine" OWNER TO "owner";',
        'REVOKE USAGE ON SEQUENCE "s"."numbers" FROM "t";',
        'REVOKE SELECT ON TABLE "s"."orders" FROM "t";',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "owner" IN SCHEMA "s" REVOKE SELECT ON TABLES FROM "t";',
      ].join('\n'),
    ))

  test('loses what belongs to the cluster too, if that is managed', () =>
    expect(
      scriptOf(before, roleT([Grant.schemaOwnership('s')]), { manages: { ...manages, cluster: true } }),
    ).toContain('REVOKE "b" FROM "t" GRANTED BY "postgres";'))

  test('gets what it asks for', () =>
    expect(scriptOf(before, roleT([Grant.tableOwnership('s', 'orders')]), { manages })).toContain(
      'ALTER TABLE "s"."orders" OWNER TO "t";',
    ))
})

/** `t` as a member of an intermediate role that is named in the ACLs of some objects. */
const holding = (objects: Snapshot['objects'], more: Partial<Omit<Snapshot, 'server'>> = {}): Snapshot =>
  withOrders(
    {},
    { roles: [role(intermediate)], memberships: [membership('t', intermediate)], objects, ...more },
  )

const made = (before: Snapshot) => plan(before, roleT(), { seed: '', manages })

describe('if only some schemas are managed, a membership in an intermediate role', () => {
  const inside = object('schema', ['s'], 'owner', { [`${intermediate}/owner`]: 'U' })
  const outside = other({ [`${intermediate}/owner`]: 'r' })
  test('goes if it gives only what is managed', () =>
    expect(scriptOf(holding([inside]), roleT(), { manages })).toBe(
      `REVOKE "${intermediate}" FROM "t" GRANTED BY "postgres";`,
    ))

  test.for<[string, Snapshot]>([
    ['what is in another schema', holding([outside])],
    ['ownership in another schema', holding([object('table', ['other', 'plans'], intermediate)])],
    [
      'a membership',
      holding([], { memberships: [membership('t', intermediate), membership(intermediate, 'b')] }),
    ],
    ['nothing', holding([])],
  ])('stays if it gives only %s', ([, before]) => {
    const { transactions, residue } = made(before)
    expect([transactions, residue]).toEqual([[], []])
  })

  test.for<[string, Snapshot]>([
    ['in another schema', holding([inside, outside])],
    [
      'in the cluster',
      holding([inside, object('database', ['d'], 'owner', { [`${intermediate}/owner`]: 'C' })]),
    ],
    [
      'by a membership',
      holding([inside], { memberships: [membership('t', intermediate), membership(intermediate, 'b')] }),
    ],
  ])('is residue if it also gives something %s', ([, before]) => {
    const { transactions, residue } = made(before)
    expect(transactions).toEqual([])
    expect(residue).toMatchObject([{ role: 't', reason: 'more than an intermediate role' }])
  })
})

test('a schema that is managed has to exist, unless it is to be created', () => {
  const options = { seed: '', manages: { schemas: ['absent'] } }
  expect(() => plan(withOrders({}), roleT(), options)).toThrow(
    'cannot manage what roles have in schema "absent": it does not exist',
  )
  expect(() => plan(withOrders({}), roleT([Grant.schemaOwnership('absent')]), options)).not.toThrow()
})

test('a role keeps what it preserves in a managed schema', () =>
  expect(
    plan(
      withOrders(
        { 't/owner': 'r' },
        { objects: [object('column', [...orders, 'id'], 'owner', { 't/owner': 'x' })] },
      ),
      { ...roleT(), preserveExistingGrantsInSchemas: ['s'] },
      { seed: '', manages },
    ),
  ).toMatchObject({ transactions: [], residue: [] }))
