import {
  type AbsentRole,
  differenceOf,
  Grant,
  hasDrift,
  InvalidGrantError,
  type Mentions,
  operationsOf,
  outcomeOf,
  parsePlan,
  plan,
  planDifferenceOf,
  type PlanOptions,
  renderJson,
  renderSql,
  renderSummary,
  statementOf,
  summaryOf,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { forEveryInput } from '../arbitrary/desired.ts'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'

const bob: AbsentRole = { role: 'bob', absent: true }

const mentions: Mentions = {
  policies: [
    { policy: 'of two', table: { kind: 'table', name: ['s', 't'] }, owner: 'owner', roles: ['bob', 'carol'] },
    { policy: 'of bob', table: { kind: 'table', name: ['s', 't'] }, owner: 'owner', roles: ['bob'] },
    { policy: 'of all', table: { kind: 'table', name: ['s', 't'] }, owner: 'owner', roles: ['public'] },
  ],
  userMappings: [
    { role: 'bob', server: 'files', owner: 'owner' },
    { role: 'carol', server: 'files', owner: 'owner' },
  ],
  otherDatabases: [],
}

const before = snapshot({
  roles: [role('bob', { login: true }), role('carol'), role('heir')],
  memberships: [membership('carol', 'bob')],
  objects: [object('schema', ['s'], 'owner'), object('table', ['s', 't'], 'owner', { 'bob/owner': 'r' })],
  unmanaged: [
    { role: 'bob', kind: 'settings', description: 'work_mem' },
    { role: 'bob', kind: 'pg_policy', description: 'policy of bob on table s.t' },
    { role: 'bob', kind: 'pg_user_mapping', description: 'user mapping for bob on server files' },
  ],
  mentions,
})

const statementsOf = (made: ReturnType<typeof plan>): readonly string[] =>
  operationsOf(made).flatMap((one) => (one.kind === 'setPassword' ? [] : [statementOf(one)]))

describe('a role that should not exist', () => {
  const made = plan(before, bob)

  test('loses everything and is dropped last', () => {
    expect(statementsOf(made)).toEqual([
      'ALTER ROLE "bob" NOLOGIN',
      'ALTER ROLE "bob" PASSWORD NULL',
      'REVOKE SELECT ON TABLE "s"."t" FROM "bob"',
      'DROP POLICY "of bob" ON "s"."t"',
      'ALTER POLICY "of two" ON "s"."t" TO "carol"',
      'DROP USER MAPPING FOR "bob" SERVER "files"',
      'DROP ROLE "bob"',
    ])
    expect([made.residue, made.unmanaged, made.skipped]).toEqual([[], [], []])
    expect(outcomeOf(before, made).roles.map(({ name }) => name)).not.toContain('bob')
    expect(outcomeOf(before, made).mentions).toEqual({
      policies: [{ ...mentions.policies[0], roles: ['carol'] }, mentions.policies[2]],
      userMappings: [mentions.userMappings[1]],
      otherDatabases: [],
    })
  })

  test('is said to be dropped first, and its members to lose their membership', () => {
    expect(made.effects).toEqual([
      { role: 'bob', change: 'loses', fact: { kind: 'role', role: 'bob' } },
      { role: 'bob', change: 'loses', fact: { kind: 'attribute', role: 'bob', attribute: 'LOGIN' } },
      { role: 'carol', change: 'loses', fact: { kind: 'membership', ...membership('carol', 'bob') } },
    ])
    expect(renderSummary(made).split('\n').slice(1)).toEqual([
      'drops role "bob"',
      'WARNING: role "bob" is dropped, and loses LOGIN',
      'role "bob"',
      '  - LOGIN, its password, policy "of bob" on table "s"."t", policy "of two" on table "s"."t", its user mapping for foreign server "files"',
      '  - SELECT on table "s"."t"',
      'other roles',
      '  role "carol"',
      '    - membership in role "bob"',
    ])
    expect(summaryOf(made).dropped).toEqual(['bob'])
    expect(renderSql(made)).toContain('-- WARNING: role "bob" is dropped, and loses LOGIN')
    expect(renderSql(made)).toContain('DROP ROLE "bob";  -- "bob" should not exist')
    expect(hasDrift(made)).toBe(true)
    const ending = plan(before, { ...bob, terminateSessions: true })
    expect(renderSql(ending)).toContain('-- after COMMIT pgsr ends the sessions of role "bob"')
    expect(renderSummary(ending)).toContain('ends the sessions of role "bob"')
  })

  test('is in a plan that can be written, read back and compared', () => {
    expect(parsePlan(renderJson(made))).toEqual(made)
    const later = plan({ ...before, mentions: { ...mentions, userMappings: [] } }, bob)
    expect(planDifferenceOf(made, later)).toEqual({
      missing: [
        { part: 'operations', message: 'drop the user mapping of role "bob" for foreign server "files"' },
      ],
      unexpected: [],
    })
  })

  test('is proved to be gone', () => {
    const outcome = outcomeOf(before, made)
    expect(differenceOf(made, before, outcome)).toBeUndefined()
    const still = { ...outcome, roles: [...outcome.roles, role('bob')] }
    expect(differenceOf(made, before, still)?.unexpected).toContainEqual({ kind: 'role', role: 'bob' })
    const mapped = { ...outcome, mentions }
    expect(differenceOf(made, before, mapped)?.unexpected.map(({ kind }) => kind)).toEqual([
      'policy',
      'policy',
      'user mapping',
    ])
  })

  test('is nothing to do if it does not exist', () => {
    const nobody = plan(before, { role: 'nobody', absent: true })
    expect([nobody.transactions, nobody.effects, nobody.skipped, nobody.residue]).toEqual([[], [], [], []])
    expect(hasDrift(nobody)).toBe(false)
  })

  test('gives what it owns to whom it names, or else to whom the call names', () => {
    const owned = snapshot({
      roles: [role('bob'), role('eve'), role('heir'), role('other')],
      objects: [object('schema', ['b'], 'bob'), object('schema', ['e'], 'eve')],
      mentions: { policies: [], userMappings: [], otherDatabases: [] },
    })
    const outcome = outcomeOf(
      owned,
      plan(
        owned,
        [
          { ...bob, reassignOwnedTo: 'heir' },
          { role: 'eve', absent: true },
        ],
        {
          reassignOwnedTo: 'other',
        },
      ),
    )
    expect(outcome.objects.map(({ name, owner }) => [name[0], owner])).toEqual([
      ['b', 'heir'],
      ['e', 'other'],
    ])
  })

  test('stays as long as something keeps it, which is residue', () => {
    const kept = plan(
      {
        ...before,
        mentions: {
          ...mentions,
          otherDatabases: [
            { role: 'bob', database: 'hr' },
            { role: 'bob', database: 'sales' },
          ],
        },
        unmanaged: [...before.unmanaged, { role: 'bob', kind: 'pg_extension', description: 'extension e' }],
      },
      bob,
    )
    expect(statementsOf(kept)).toEqual(statementsOf(made).slice(0, -1))
    expect(kept.residue.map(({ reason, message, statement }) => [reason, message, statement])).toEqual([
      [
        'in another database',
        'role "bob" is not dropped: it has something in database "hr"',
        '-- in database "hr": a sync with the same absent role',
      ],
      [
        'in another database',
        'role "bob" is not dropped: it has something in database "sales"',
        '-- in database "sales": a sync with the same absent role',
      ],
      [
        'not managed',
        'role "bob" is not dropped: it has pg_extension "extension e"',
        'REASSIGN OWNED BY "bob" TO CURRENT_USER',
      ],
    ])
    expect(kept.unmanaged).toEqual([])
    expect(kept.effects.some(({ fact }) => fact.kind === 'role' || fact.kind === 'membership')).toBe(false)
  })

  test('stays if a policy or a user mapping has a name that no statement can spell', () => {
    const invalid = '\uDCE9'
    const kept = plan(
      {
        ...before,
        mentions: {
          ...mentions,
          policies: [{ ...mentions.policies[1]!, policy: invalid }],
          userMappings: [{ role: 'bob', server: invalid, owner: 'owner' }],
        },
      },
      bob,
    )
    expect(kept.residue.map(({ fact, statement }) => [fact.kind, statement])).toEqual([
      ['policy', '-- no statement can spell it'],
      ['user mapping', '-- no statement can spell it'],
    ])
  })

  test('two in one policy leave it together', () => {
    const both = plan(before, [bob, { role: 'carol', absent: true }])
    expect(statementsOf(both).filter((text) => /POLICY|DROP ROLE/.test(text))).toEqual([
      'DROP POLICY "of bob" ON "s"."t"',
      'DROP POLICY "of two" ON "s"."t"',
      'DROP ROLE "bob"',
      'DROP ROLE "carol"',
    ])
  })

  test('of every catalog, whoever syncs: it is gone afterwards, or it is said why not, and nothing more can be done', () =>
    forEveryInput(
      ({ snapshot: any, desired, options: { allowSelf = false, keepDependents = false, seed } }) => {
        const { actingRole, sessionRole, bootstrapRole } = any.server
        const absent = desired.flatMap((one): readonly AbsentRole[] =>
          [actingRole, sessionRole, bootstrapRole].includes(one.role)
            ? []
            : [{ role: one.role, absent: true }],
        )
        const options = { allowSelf, keepDependents, seed, allowSuperuser: true }
        const dropping = plan(any, absent, options)
        const outcome = outcomeOf(any, dropping)
        const there = absent.filter((one) => outcome.roles.some(({ name }) => name === one.role))
        const said = dropping.residue.flatMap(({ role: who, message }) =>
          message.includes('is not dropped') ? [who] : [],
        )
        expect(new Set(there.map((one) => one.role))).toEqual(new Set(said))
        expect(dropping.skipped).toEqual([])
      },
      150,
    ))
})

const refused = (given: object, options: PlanOptions = {}, more: readonly object[] = []): string => {
  try {
    plan(before, [given, ...more] as AbsentRole[], options)
  } catch (error) {
    if (error instanceof InvalidGrantError) return error.message
    throw error
  }
  return 'nothing'
}
describe('a role that should not exist is refused', () => {
  const start = 'cannot sync role "bob": '

  test.each([
    [{ ...bob, grants: [Grant.login()] }, 'it should not exist, and has grants'],
    [{ role: 'bob', absent: false }, 'its absent must be true; leave it out for a role that should exist'],
    [{ ...bob, terminateSessions: 1 }, 'its terminateSessions must be true or false'],
    [
      { ...bob, comment: 'x' },
      'it should not exist, and has the field "comment"; expected one of role, absent, reassignOwnedTo, terminateSessions, grants',
    ],
  ])('%j', (given, problem) => {
    expect(refused(given)).toBe(`${start}${problem}`)
  })

  test('by a call that does not manage everything', () => {
    const problem = `${start}it can be dropped only by a call that manages everything; leave manages out`
    expect(refused(bob, { manages: { cluster: false } })).toBe(problem)
    expect(refused(bob, { manages: { schemas: ['s'], cluster: true } })).toBe(problem)
  })

  test('if it is to get what another such role owns, or others are to be its members', () => {
    expect(refused({ ...bob, reassignOwnedTo: 'bob' })).toMatch(/^cannot reassign ownership to a role/)
    expect(refused(bob, {}, [{ role: 'carol', grants: [Grant.roleMembership('bob')] }])).toBe(
      'cannot grant membership in role "bob" to role "carol": role "bob" should not exist',
    )
  })

  test('if PostgreSQL or pgsr itself needs it', () => {
    expect(refused({ role: 'pg_monitor', absent: true })).toMatch(/reserved|pg_/)
    expect(refused({ role: '_pgsr_global_database_connect_01234567', absent: true })).toMatch(/intermediate/)
    expect(() => plan(before, { role: 'postgres', absent: true }, { allowSelf: true })).toThrow('bootstrap')
  })
})
