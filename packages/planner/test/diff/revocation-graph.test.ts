import { type DesiredRole, Grant, outcomeOf, plan, renderSql, type Snapshot, Target } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'
import { orders, reachableByG, tableAcl, withOrders } from '../support/orders-table.ts'
import { roleT, runAs, scriptOf } from '../support/plan-script.ts'

describe('a privilege that a third role granted', () => {
  const own = 'owner=arwdDxtm/owner'
  const revoke = 'REVOKE SELECT ON TABLE "s"."orders" FROM "t";'
  const lend = 'GRANT SELECT ON TABLE "s"."orders" TO "g" WITH GRANT OPTION;'

  test.for<[string, Snapshot, readonly string[], string]>([
    [
      'is revoked in the name of that role',
      reachableByG({ 'g/owner': 'r*', 't/g': 'r' }),
      [runAs('g', revoke)],
      `g=r*/owner ${own}`,
    ],
    [
      'is revoked in the name of a superuser, which loses SUPERUSER meanwhile',
      reachableByG({ 'g/owner': 'a*r*', 't/g': 'r', 'b/g': 'r' }, [role('g', { superuser: true })]),
      ['ALTER ROLE "g" NOSUPERUSER;', runAs('g', revoke), 'ALTER ROLE "g" SUPERUSER;'],
      `b=r/g g=a*r*/owner ${own}`,
    ],
    [
      'is revoked in the name of a role that is lent the grant option it has lost',
      reachableByG({ 't/g': 'r' }),
      [lend, runAs('g', revoke), 'REVOKE SELECT ON TABLE "s"."orders" FROM "g";'],
      own,
    ],
    [
      'is revoked in the name of a role that keeps the privilege and is lent the grant option',
      reachableByG({ 'g/owner': 'r', 't/g': 'r' }),
      [lend, runAs('g', revoke), 'REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."orders" FROM "g";'],
      `g=r/owner ${own}`,
    ],
    [
      'is revoked in the name of a role that is lent USAGE on the schema',
      withOrders({ 'g/owner': 'r*', 't/g': 'r' }),
      ['GRANT USAGE ON SCHEMA "s" TO "g";', runAs('g', revoke), 'REVOKE USAGE ON SCHEMA "s" FROM "g";'],
      `g=r*/owner ${own}`,
    ],
    [
      'is revoked, and so is what the owner granted',
      reachableByG({ 'g/owner': 'r*', 't/g': 'r', 't/owner': 'r' }),
      [runAs('g', revoke), revoke],
      `g=r*/owner ${own}`,
    ],
    [
      'is revoked after what the grantee passed on',
      reachableByG({ 'g/owner': 'r*', 't/g': 'r*', 'b/t': 'r' }),
      [
        '-- effect: role "b" loses SELECT on table "s"."orders", granted by "t"',
        'GRANT USAGE ON SCHEMA "s" TO "t";',
        'SET LOCAL ROLE "t";',
        'REVOKE SELECT ON TABLE "s"."orders" FROM "b";',
        runAs('g', revoke),
        'REVOKE USAGE ON SCHEMA "s" FROM "t";',
      ],
      `g=r*/owner ${own}`,
    ],
  ])('%s', ([, before, expected, acl]) => {
    const made = plan(before, roleT(), { seed: 'seed' })
    expect(scriptOf(before, roleT())).toBe(expected.join('\n'))
    expect(tableAcl(outcomeOf(before, made))).toBe(acl)
    expect(made.residue).toEqual([])
  })

  test('is revoked if the grantor has lost the grant option, and the owner grants the privilege again to other roles', () => {
    const before = reachableByG({ 't/g': 'r', 'b/g': 'r' })
    const { residue, effects } = plan(before, roleT(), { seed: '' })
    expect(residue).toEqual([])
    expect(effects).toMatchObject([
      { role: 'b', change: 'loses', fact: { grantor: 'g' } },
      { role: 'b', change: 'gains', fact: { grantor: 'owner' } },
    ])
  })

  test('is revoked, and granted again by the owner, where it is asked for', () =>
    expect(
      scriptOf(
        reachableByG({ 'g/owner': 'r*', 't/g': 'r' }),
        roleT([Grant.tableSelect('s', 'orders', { direct: true })]),
      ),
    ).toBe([runAs('g', revoke), 'GRANT SELECT ON TABLE "s"."orders" TO "t";'].join('\n')))

  test.for<[string, Snapshot, DesiredRole, string]>([
    [
      'the owner grants it again',
      reachableByG({ 'g/owner': 'r*', 't/g': 'r' }),
      roleT([Grant.tableSelect('s', 'orders', { direct: true })]),
      '-- "t": granted by "g", granted again by the owner',
    ],
    ['no grant asks for it', reachableByG({ 't/owner': 'r' }), roleT(), '-- "t": no grant asks for it'],
    [
      'no grant asks for the grant option',
      reachableByG({ 't/owner': 'r*' }),
      roleT([Grant.tableSelect('s', 'orders', { direct: true })]),
      '-- "t": no grant asks for the grant option',
    ],
  ])('is revoked with a comment that %s', ([, before, desired, comment]) =>
    expect(renderSql(plan(before, desired, { seed: '' }))).toContain(comment),
  )

  test.for<[string, Snapshot, string]>([
    [
      'the acting role, which is a superuser now',
      {
        ...reachableByG({ 'me/owner': 'r*', 't/me': 'r' }, [role('me', { superuser: true })]),
        server: { ...snapshot().server, actingRole: 'me', sessionRole: 'me' },
      },
      'granted by "me": role "me" granted it before it was a superuser, and cannot lose SUPERUSER for the transaction',
    ],
  ])('stays if the grantor is %s', ([, before, why]) => {
    const { residue, transactions } = plan(before, roleT(), { seed: '' })
    expect(residue.map(({ message }) => message)).toEqual([
      `role "t" keeps SELECT on table "s"."orders", ${why}`,
    ])
    expect(transactions).toEqual([])
  })
})

const twoColumns = (column: string, other: string): Snapshot =>
  withOrders(
    { 't/owner': 'r', 'g/owner': 'r*' },
    {
      objects: [
        object('column', [...orders, 'one'], 'owner', { 't/owner': column, 'b/t': 'r' }),
        object('column', [...orders, 'two'], 'owner', { 't/owner': other }),
      ],
    },
  )

describe('a privilege that a role passed on', () => {
  test.for<[string, Snapshot]>([
    ['a column on which it has the grant option', twoColumns('r*', 'r')],
    [
      'a column on which it does not have the grant option, beside one on which it has',
      twoColumns('r', 'r*'),
    ],
  ])('is revoked on %s', ([, before]) => {
    const { objects } = outcomeOf(before, plan(before, roleT(), { seed: '' }))
    expect(objects.flatMap(({ acl }) => acl).filter(({ grantor }) => grantor === 't')).toEqual([])
  })

  test('is revoked where the privilege is asked for without grant option', () =>
    expect(
      scriptOf(
        withOrders({ 't/owner': 'r*', 'b/t': 'r' }),
        roleT([Grant.tableSelect('s', 'orders', { direct: true })]),
      ),
    ).toBe(
      [
        '-- effect: role "b" loses SELECT on table "s"."orders", granted by "t"',
        'GRANT USAGE ON SCHEMA "s" TO "t";',
        runAs('t', 'REVOKE SELECT ON TABLE "s"."orders" FROM "b";'),
        'REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."orders" FROM "t";',
        'REVOKE USAGE ON SCHEMA "s" FROM "t";',
      ].join('\n'),
    ))

  test('is granted again by the owner, with keepDependents', () => {
    const before = withOrders({ 't/owner': 'r*', 'b/t': 'r' })
    const { effects, ...made } = plan(before, roleT(), { seed: '', keepDependents: true })
    expect(tableAcl(outcomeOf(before, { effects, ...made }))).toBe('b=r/owner owner=arwdDxtm/owner')
    expect(effects.map(({ role: who, change }) => `${who} ${change}`)).toEqual(['b loses', 'b gains'])
  })

  test('is granted again on a column too, where the REVOKE on its table takes it along', () => {
    const column = object('column', [...orders, 'one'], 'owner', { 'b/t': 'r' })
    const before = withOrders({ 't/owner': 'r*', 'b/t': 'r' }, { objects: [column] })
    const { objects } = outcomeOf(before, plan(before, roleT(), { seed: '', keepDependents: true }))
    expect(objects.find(({ kind }) => kind === 'column')!.acl).toEqual([
      { grantee: 'b', grantor: 'owner', privileges: 'r' },
    ])
  })

  describe('on a column, by a grant option there, stays with who may grant it by the table', () => {
    const before = withOrders(
      { 't/owner': 'r*' },
      { objects: [object('column', [...orders, 'id'], 'owner', { 't/owner': 'r*', 'b/t': 'r' })] },
    )
    const all = Grant.privilege(Target.table('s', 'orders'), ['SELECT'], { direct: true, grantable: true })

    // PostgreSQL refuses to revoke on the column what something in the ACL of that column depends on.
    test('from the owner', () =>
      expect(scriptOf(before, roleT([all]))).toBe(
        [
          '-- effect: role "b" loses SELECT on column "id" of table "s"."orders", granted by "t"',
          '-- effect: role "b" gains SELECT on column "id" of table "s"."orders", granted by "owner"',
          'GRANT USAGE ON SCHEMA "s" TO "t";',
          runAs('t', 'REVOKE SELECT ("id") ON TABLE "s"."orders" FROM "b";'),
          'REVOKE SELECT ("id") ON TABLE "s"."orders" FROM "t";',
          'GRANT SELECT ("id") ON TABLE "s"."orders" TO "b";',
          'REVOKE USAGE ON SCHEMA "s" FROM "t";',
        ].join('\n'),
      ))

    test('or as it is, if that role keeps what it has', () => {
      const keeping = { role: 'b', grants: [], preserveExistingGrantsInSchemas: ['s'] }
      const { transactions, residue } = plan(before, [roleT([all]), keeping], { seed: '' })
      expect(transactions).toEqual([])
      expect(residue).toMatchObject([{ role: 't', reason: 'passed on' }])
    })
  })

  test.for<
    [string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, DesiredRole['grants']]
  >([
    [
      'a role that keeps the grant option on the column',
      { 't/owner': 'r*', 'g/t': 'r*', 'b/g': 'r' },
      { 'g/owner': 'r*', 'b/g': 'r' },
      [],
    ],
    [
      'a role that asks for the grant option on the column',
      { 't/owner': 'r*' },
      { 't/owner': 'r*', 'b/t': 'r' },
      [
        Grant.privilege(Target.table('s', 'orders', { columns: ['one'] }), ['SELECT'], {
          direct: true,
          grantable: true,
        }),
      ],
    ],
  ])('is granted again by the owner on a column if it was granted by %s', ([, table, column, grants]) => {
    const before = withOrders(table, { objects: [object('column', [...orders, 'one'], 'owner', column)] })
    const { objects } = outcomeOf(before, plan(before, roleT(grants), { seed: '' }))
    expect(objects.find(({ kind }) => kind === 'column')!.acl).toContainEqual({
      grantee: 'b',
      grantor: 'owner',
      privileges: 'r',
    })
  })

  test('stays where the privilege is asked for with grant option', () =>
    expect(
      scriptOf(
        withOrders({ 't/owner': 'r*', 'b/t': 'r' }),
        roleT([Grant.privilege(Target.table('s', 'orders'), ['SELECT'], { direct: true, grantable: true })]),
      ),
    ).toBe(''))

  test('stays where the grant option is asked for, cannot be given, and is there by another grant', () => {
    const grantable = { direct: true, grantable: true } as const
    const before = snapshot({
      server: { version: 150018, actingRole: 'me', sessionRole: 'me' },
      roles: [role('me', { createRole: true }), role('t'), role('b')],
      objects: [
        object('schema', ['s'], 'postgres', { 'public/postgres': 'U' }),
        object('table', orders, 'postgres', { 't/postgres': 'r*' }),
        object('column', [...orders, 'one'], 'postgres', { 'b/t': 'r' }),
      ],
    })
    const { transactions, skipped, residue } = plan(
      before,
      roleT([Grant.privilege(Target.table('s', 'orders', { columns: ['one'] }), ['SELECT'], grantable)]),
      { seed: '' },
    )
    expect(transactions).toEqual([])
    expect(skipped.map(({ reason }) => reason)).toEqual(['not permitted'])
    expect(residue.map(({ fact }) => fact)).toMatchObject([{ grantee: 't', object: { kind: 'table' } }])
  })
})
