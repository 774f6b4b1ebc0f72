import { type DesiredRole, Grant, type Snapshot, Target } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'
import { orders, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('ownership that is asked for', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    [
      'a schema is created for its owner, and others get privileges on it in the same plan',
      snapshot({ roles: [role('t'), role('b')] }),
      [
        roleT([Grant.schemaOwnership('new')]),
        { role: 'b', grants: [Grant.schemaUsage('new', { direct: true })] },
      ],
      'CREATE SCHEMA "new" AUTHORIZATION "t";\nGRANT USAGE ON SCHEMA "new" TO "b";',
    ],
    [
      'an owner is granted no privilege that it has as the owner',
      withOrders(),
      roleT([Grant.tableOwnership('s', 'orders'), Grant.tableSelect('s', 'orders')]),
      '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"\nALTER TABLE "s"."orders" OWNER TO "t";',
    ],
    [
      'an owner that revoked a privilege from itself gets it back',
      snapshot({ roles: [role('t')], objects: [object('table', orders, 't', { 't/t': 'w' })] }),
      roleT([Grant.tableOwnership('s', 'orders'), Grant.tableSelect('s', 'orders')]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";',
    ],
  ])('%s', ([, before, desired, expected]) => expect(scriptOf(before, desired)).toBe(expected))
})

describe('a sequence linked to a table', () => {
  const linked = snapshot({
    roles: [role('t')],
    objects: [
      object('schema', ['s']),
      object('table', orders),
      { ...object('sequence', ['s', 'ids']), ownerFollows: { kind: 'table', name: orders } },
    ],
  })
  const ofSequence = Grant.ownership(Target.sequence('s', 'ids'))

  test('gets its owner with the table', () =>
    expect(scriptOf(linked, roleT([ofSequence, Grant.tableOwnership('s', 'orders')]))).toBe(
      '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"\nALTER TABLE "s"."orders" OWNER TO "t";',
    ))

  test('cannot get another owner than the table', () =>
    expect(scriptOf(linked, roleT([ofSequence]))).toBe(
      '-- skipped: cannot grant ownership of sequence "s"."ids" to role "t": its owner is always that of table "s"."orders"',
    ))
})
