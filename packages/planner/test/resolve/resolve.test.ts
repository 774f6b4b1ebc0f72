import { type DesiredRole, Grant, operationsOf, outcomeOf, plan, type Snapshot } from '@pgsr/planner'
import { planRequest } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'
import { heldByIntermediate, intermediate, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('a role gets what it asks for', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    ['a role that does not exist is created', snapshot(), roleT(), 'CREATE ROLE "t";'],
    [
      'the password is set by a statement of its own, before LOGIN',
      snapshot({ roles: [role('t')] }),
      roleT([Grant.login({ password: 'geheim', validUntil: new Date('2027-06-30T00:00:00Z') })]),
      [
        '-- here pgsr sets the password of role "t"',
        'ALTER ROLE "t" VALID UNTIL \'2027-06-30T00:00:00.000000Z\' LOGIN;',
      ].join('\n'),
    ],
    [
      'a privilege is granted through a new intermediate role',
      withOrders(),
      roleT([Grant.tableSelect('s', 'orders')]),
      [
        'CREATE ROLE "_pgsr_local_16384_table_select_6e8c7a65";',
        'GRANT SELECT ON TABLE "s"."orders" TO "_pgsr_local_16384_table_select_6e8c7a65";',
        'GRANT "_pgsr_local_16384_table_select_6e8c7a65" TO "t" WITH INHERIT TRUE, SET FALSE;',
      ].join('\n'),
    ],
    [
      'a privilege is granted through the intermediate role that holds it already',
      heldByIntermediate,
      roleT([Grant.tableSelect('s', /^ord/)]),
      `GRANT "${intermediate}" TO "t" WITH INHERIT TRUE, SET FALSE;`,
    ],
    [
      'a privilege that is asked for directly is granted without an intermediate role',
      withOrders(),
      roleT([Grant.tableSelect('s', 'orders', { direct: true })]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";',
    ],
    [
      'a membership has no options before PostgreSQL 16',
      { ...heldByIntermediate, server: { ...heldByIntermediate.server, version: 150018 } },
      roleT([Grant.tableSelect('s', 'orders')]),
      `GRANT "${intermediate}" TO "t";`,
    ],
    [
      'a role named in a membership is created, whatever the order of desired roles',
      snapshot(),
      [
        roleT([Grant.roleMembership('analyst')]),
        { role: 'analyst', grants: [Grant.roleMembership('staff')] },
      ],
      [
        'CREATE ROLE "analyst";',
        'CREATE ROLE "staff";',
        'CREATE ROLE "t";',
        'GRANT "staff" TO "analyst";',
        'GRANT "analyst" TO "t";',
      ].join('\n'),
    ],
  ])('%s', ([, before, desired, expected]) => expect(scriptOf(before, desired)).toBe(expected))
})

test('a grant by a pattern reaches the other tables when it has no effect on one of them', () => {
  const before = snapshot({
    server: { version: 150000 },
    roles: [role('t', { inherit: false })],
    objects: [object('table', ['s', 'a']), object('table', ['s', 'b'], 't', { 't/t': 'w' })],
  })
  const desired = roleT([Grant.tableOwnership('s', 'b'), Grant.tableSelect('s', /./)])
  expect(scriptOf(before, desired)).toMatch(/^-- skipped: .*\nGRANT SELECT ON TABLE "s"."b" TO "t";$/)
})

test.for([
  ['is created', undefined, true],
  ['could not log in until now', { hasPassword: true }, true],
  ['has none', { login: true, hasPassword: false }, true],
  ['has one', { login: true, hasPassword: true }, false],
  ['may have one', { login: true }, false],
] as const)('an initial password of a role that %s: %s', ([, existing, isSet]) => {
  const before = snapshot({ roles: existing === undefined ? [] : [role('t', existing)] })
  for (const mode of ['exact', 'additive'] as const) {
    const made = plan(before, roleT([Grant.login({ initialPassword: 'geheim', hashedBy: 'server' })]), {
      mode,
    })
    const set = operationsOf(made).filter(({ kind }) => kind === 'setPassword')
    expect(set.map((one) => ('hashedBy' in one ? one.hashedBy : undefined))).toEqual(isSet ? ['server'] : [])
    expect([made.skipped, made.kept]).toEqual([[], []])
    expect(planRequest(outcomeOf(before, made), made.request).transactions).toEqual([])
  }
})
