import { outcomeOf, planDrop, type Role, type Snapshot, statementOf } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'

const name = '_pgsr_local_16384_table_select_0123abcd'
const other = '_pgsr_local_16384_table_select_4567abcd'

/** A role that may be unused, what it holds on a table, and who is a member of it. */
const world = (
  acl: Readonly<Record<string, string>>,
  memberships: Snapshot['memberships'] = [],
  attributes: Partial<Role> = {},
  rest: Partial<Snapshot> = {},
): Snapshot =>
  snapshot({
    roles: [role(name, attributes), role('t')],
    objects: [
      object('schema', ['s']),
      object('table', ['s', 'orders'], 'owner', acl),
      ...(rest.objects ?? []),
    ],
    memberships,
    mayBeUnused: rest.mayBeUnused ?? [name],
  })

const statements = (of: Snapshot): readonly string[] =>
  planDrop(of)
    .transactions.flat()
    .map((operation) => (operation.kind === 'setPassword' ? '' : statementOf(operation)))

const revoke = `REVOKE SELECT ON TABLE "s"."orders" FROM "${name}"`
const drop = `DROP ROLE "${name}"`
const held = { [`${name}/owner`]: 'r' }
const adminOnly = membership('t', name, { admin: true, inherit: false, set: false })
const database = object('database', ['warehouse'], 'owner', { [`${name}/owner`]: 'c' })

describe('an intermediate role', () => {
  test.for<[string, Snapshot, readonly string[]]>([
    ['without members loses what it holds, and is dropped', world(held), [revoke, drop]],
    ['with a member stays', world(held, [membership('t', name)]), []],
    ['whose creator alone administers it is dropped', world(held, [adminOnly]), [revoke, drop]],
    ['that holds nothing is dropped, whoever is a member', world({}, [membership('t', name)]), [drop]],
    ['that holds something in another database too stays', world(held, [], { elsewhere: 1 }), []],
    ['that holds something only in another database stays', world({}, [], { elsewhere: 1 }), []],
    ['that holds something of the cluster stays', world({}, [], {}, { objects: [database] }), []],
    [
      'stays if the snapshot does not say that it may be unused',
      world(held, [], {}, { mayBeUnused: [] }),
      [],
    ],
    [
      'stays, and so do other roles that the snapshot wrongly says may be unused',
      world(held, [], {}, { mayBeUnused: ['t', 'gone', other] }),
      [],
    ],
  ])('%s', ([, of, expected]) => {
    expect(statements(of)).toEqual(expected)
    expect(planDrop(of).residue).toEqual([])
    const outcome = outcomeOf(of, planDrop(of))
    expect(statements(outcome)).toEqual([])
    expect(outcome.roles.some((one) => one.name === name)).toBe(!expected.includes(drop))
  })

  test('that is dropped ends memberships, which are effects, except those with nothing but the ADMIN option', () => {
    const of = world({}, [membership('t', name), { ...adminOnly, member: 'owner' }])
    expect(planDrop(of).effects).toEqual([
      { role: 't', change: 'loses', fact: { kind: 'membership', ...membership('t', name) } },
    ])
    expect(outcomeOf(of, planDrop(of)).memberships).toEqual([])
  })

  test.for<[string, Snapshot]>([
    ['may log in', world(held, [], { login: true })],
    ['is a member of another', world(held, [membership(name, 't')])],
    ['holds something to pass on', world({ [`${name}/owner`]: 'r*' })],
    ['holds something that a third role granted', world({ [`${name}/t`]: 'r' })],
    ['has granted something', world({ ...held, [`t/${name}`]: 'r' })],
    ['owns something', world(held, [], {}, { objects: [object('schema', ['mine'], name)] })],
  ])('that %s stays as it is, and is residue', ([, of]) => {
    const { transactions, residue } = planDrop(of)
    expect(transactions).toEqual([])
    expect(residue).toMatchObject([{ role: name, reason: 'more than an intermediate role' }])
  })
})
