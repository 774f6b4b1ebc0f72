import {
  type DesiredRole,
  differenceOf,
  ForbiddenRoleError,
  Grant,
  InvalidGrantError,
  outcomeOf,
  plan,
  renderCode,
  scopeOf,
  SnapshotScopeError,
  UnsupportedServerError,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, role, snapshot } from '../support/build-snapshot.ts'
import { scriptOf } from '../support/plan-script.ts'

const names = ['t', 'alice', 'bob', 'carol'] as const

const withMembers = (...memberships: Parameters<typeof membership>[]) =>
  snapshot({
    roles: names.map((name) => role(name)),
    memberships: memberships.map((one) => membership(...one)),
  })

const desired = (members: DesiredRole['members'], more: Partial<DesiredRole> = {}): DesiredRole => ({
  role: 't',
  grants: [],
  ...more,
  ...(members && { members }),
})

/** Role `bob`, which asks for membership in `t`. */
const inX = (...options: Parameters<typeof Grant.roleMembership>[1][]) => ({
  role: 'bob',
  grants: options.map((one) => Grant.roleMembership('t', one)),
})

describe('the members of a role', () => {
  test('are those listed, and nobody else', () => {
    const before = withMembers(['bob', 't'], ['carol', 't'], ['bob', 'owner'])
    expect(scriptOf(before, desired(['alice', 'carol']))).toBe(
      [
        '-- effect: role "alice" gains membership in role "t", granted by "postgres"',
        '-- effect: role "bob" loses membership in role "t", granted by "postgres"',
        'REVOKE "t" FROM "bob" GRANTED BY "postgres";',
        'GRANT "t" TO "alice";',
      ].join('\n'),
    )
  })

  test('are nobody if the list is empty, whatever the grantor and options', () => {
    const before = withMembers(
      ['alice', 't', { admin: true }],
      ['bob', 't', { grantor: 'alice', inherit: false }],
      ['bob', 't'],
    )
    const made = plan(before, desired([]))
    expect(outcomeOf(before, made).memberships).toEqual([])
    expect(made.effects).toHaveLength(3)
  })

  test('stay as they are without a list', () => {
    expect(scriptOf(withMembers(['bob', 't']), desired(undefined))).toBe('')
  })

  test('get and lose options', () => {
    const before = withMembers(['alice', 't', { admin: true }], ['bob', 't', { set: true }])
    expect(scriptOf(before, desired(['alice', { role: 'bob', admin: true, set: false }]))).toContain(
      [
        'REVOKE ADMIN OPTION FOR "t" FROM "alice" GRANTED BY "postgres";',
        'REVOKE SET OPTION FOR "t" FROM "bob" GRANTED BY "postgres";',
        'GRANT "t" TO "bob" WITH ADMIN TRUE, INHERIT TRUE, SET FALSE;',
      ].join('\n'),
    )
  })

  test('keep what another member granted them only if they are listed', () => {
    const before = withMembers(
      ['alice', 't', { admin: true }],
      ['bob', 't', { grantor: 'alice' }],
      ['carol', 't', { grantor: 'alice' }],
    )
    const made = plan(before, desired(['bob']), { keepDependents: true })
    expect(outcomeOf(before, made).memberships).toMatchObject([{ member: 'bob', grantor: 'postgres' }])
  })

  test('who is listed and does not exist is skipped, unless the call creates it', () => {
    expect(plan(withMembers(), desired(['nobody'])).skipped).toMatchObject([
      {
        role: 'nobody',
        reason: 'absent',
        message: 'cannot grant membership in role "t" to role "nobody": role "nobody" does not exist',
      },
    ])
    const asked = [
      desired(['new', 'group']),
      { role: 'new', grants: [] },
      { role: 'bob', grants: [Grant.roleMembership('group')] },
    ]
    const made = plan(withMembers(), asked)
    expect(made.skipped).toEqual([])
    expect(outcomeOf(withMembers(), made).memberships.map((row) => [row.role, row.member])).toEqual([
      ['group', 'bob'],
      ['t', 'group'],
      ['t', 'new'],
    ])
  })

  test('that are desired too lose it without a list, and keep it with one', () => {
    const before = withMembers(['bob', 't'])
    const bob = { role: 'bob', grants: [] }
    expect(scriptOf(before, [desired(undefined), bob])).toContain('REVOKE "t" FROM "bob"')
    expect(scriptOf(before, [desired(['bob']), bob])).toBe('')
  })

  test('superusers and whoever syncs stay, and so does what comes with CREATEROLE', () => {
    const before = snapshot({
      server: { actingRole: 'me', sessionRole: 'login' },
      roles: [
        role('me', { createRole: true }),
        role('login'),
        role('root', { superuser: true }),
        role('maker', { createRole: true }),
        role('t'),
      ],
      memberships: [
        membership('me', 't', { admin: true, inherit: false, set: false }),
        membership('login', 't'),
        membership('root', 't'),
        membership('maker', 't', { admin: true, inherit: false, set: false }),
        membership('maker', 't', { grantor: 'maker' }),
      ],
    })
    const { transactions, unmanaged, residue } = plan(before, desired([]))
    expect([transactions, residue]).toEqual([[], []])
    expect(unmanaged.filter(({ kind }) => kind === 'member').map(({ description }) => description)).toEqual([
      'role "login", which syncs',
      'role "maker", which has created the role and grants it to itself',
      'role "me", which syncs',
      'role "root", which is a superuser',
    ])
  })

  test('a member stays whose membership the acting role may not revoke, and is a residue', () => {
    const before = snapshot({
      server: { actingRole: 'me', sessionRole: 'me' },
      roles: [role('me', { createRole: true }), role('t'), role('bob')],
      memberships: [
        membership('me', 't', { admin: true, inherit: false, set: false }),
        membership('bob', 't'),
      ],
    })
    expect(plan(before, desired([])).residue).toMatchObject([
      { role: 'bob', reason: 'not permitted', fact: { kind: 'membership', role: 't' } },
    ])
  })

  test('whoever loses the ADMIN option is not the grantor of the members that are listed', () => {
    const before = snapshot({
      server: { actingRole: 'me', sessionRole: 'me' },
      roles: [role('me', { createRole: true }), ...names.map((name) => role(name))],
      memberships: [
        membership('me', 't', { admin: true, inherit: false, set: false }),
        membership('me', 'alice'),
        membership('alice', 't', { admin: true, grantor: 'me' }),
      ],
    })
    const made = plan(before, desired(['bob']))
    const { memberships } = outcomeOf(before, made)
    expect(memberships.filter((row) => row.role === 't' && row.member !== 'me')).toMatchObject([
      { member: 'bob', grantor: 'me' },
    ])
  })

  test('nobody loses anything if the mode is additive', () => {
    const made = plan(withMembers(['bob', 't']), desired(['alice']), { mode: 'additive' })
    expect(made.transactions.flat().map(({ kind }) => kind)).toEqual(['lockRole', 'grantMembership'])
    expect(made.kept).toMatchObject([{ role: 'bob', fact: { kind: 'membership', role: 't' } }])
  })

  test('are compared after a plan has been executed, also those that it did not touch', () => {
    const before = withMembers(['bob', 't'])
    const made = plan(before, desired(['alice']))
    const after = outcomeOf(before, made)
    expect(differenceOf(made, before, after)).toBeUndefined()
    const found = { ...after, memberships: [...after.memberships, membership('carol', 't')] }
    expect(differenceOf(made, before, found)).toMatchObject({
      missing: [],
      unexpected: [{ member: 'carol' }],
    })
  })

  test('are written as code', () => {
    expect(renderCode([desired(['alice', { role: 'bob', admin: true }])])).toContain(
      "{ role: 't', grants: [], members: ['alice', { role: 'bob', admin: true }] }",
    )
  })
})

describe('a list of members is refused', () => {
  test.for<readonly [what: string, asked: DesiredRole | readonly DesiredRole[], message: string]>([
    ['that is none', desired('bob' as never), 'cannot sync role "t": its members are not an array'],
    ['with a number', desired([7 as never]), 'a member must be the name of a role, or an object with role'],
    ['with a name twice', desired(['bob', { role: 'bob' }]), 'member "bob" is listed twice'],
    ['with the role itself', desired(['t']), 'member "t": a role cannot be a member of itself'],
    ['with PUBLIC', desired(['public']), 'the role name "public" is reserved'],
    [
      'with an intermediate role',
      desired(['_pgsr_global_x_0123abcd']),
      'member "_pgsr_global_x_0123abcd": it is an intermediate role',
    ],
    ['with the owners of the database', desired(['pg_database_owner']), 'it cannot be a member of any role'],
    ['with a misspelt option', desired([{ role: 'bob', amdin: true } as never]), 'unknown field "amdin"'],
    ['with an option of another type', desired([{ role: 'bob', admin: 1 as never }]), 'admin must be true'],
    ['with neither option', desired([{ role: 'bob', inherit: false, set: false }]), 'cannot both be false'],
    ['without who asks', [desired([]), inX({})], 'the members of "t" do not include it'],
    [
      'with less',
      [desired(['bob']), inX({ admin: true })],
      'the members of "t" include it with other options',
    ],
    [
      'with another option',
      [desired([{ role: 'bob', set: false }]), inX({ set: true })],
      'include it with other options',
    ],
    [
      'that makes a cycle',
      desired(['bob'], { grants: [Grant.roleMembership('bob')] }),
      'it would make a cycle',
    ],
  ])('%s', ([, asked, message]) => {
    expect(() => scopeOf(asked)).toThrow(InvalidGrantError)
    expect(() => scopeOf(asked)).toThrow(message)
  })

  test('without options that contradict it, it is not', () => {
    expect(scopeOf([desired([{ role: 'bob', set: false }]), inX({})]).members).toEqual(['t'])
  })

  test('if the call does not manage the cluster', () => {
    expect(() => plan(withMembers(), desired([]), { manages: { cluster: false } })).toThrow(
      'cannot sync role "t": its members belong to the whole cluster',
    )
  })

  test('if members would become superusers', () => {
    const before = snapshot({
      roles: names.map((name) => role(name)),
      memberships: [membership('t', 'postgres')],
    })
    expect(() => plan(before, desired(['bob']))).toThrow(ForbiddenRoleError)
    expect(() => plan(before, desired(['bob']))).toThrow(
      'cannot grant membership in role "t" to role "bob": it is a member of superuser "postgres"',
    )
  })

  test('with options that the server does not have', () => {
    const before = snapshot({ server: { version: 150000 }, roles: [role('t'), role('bob')] })
    expect(() => plan(before, desired([{ role: 'bob', set: false }]))).toThrow(UnsupportedServerError)
  })

  test('for a snapshot that was read without members', () => {
    const scope = scopeOf({ ...desired(undefined), grants: [] })
    expect(() => plan({ ...withMembers(), scope }, desired([]))).toThrow(SnapshotScopeError)
    expect(() => plan({ ...withMembers(), scope }, desired([]))).toThrow('the members of role "t"')
  })
})
