import {
  type DesiredRole,
  Grant,
  type Operation,
  operationsOf,
  outcomeOf,
  plan,
  renderSql,
  type Role,
  type Server,
  type Snapshot,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { forEveryPlan } from '../arbitrary/desired.ts'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'
import { isIntermediate } from '../support/holdings.ts'
import { mayAlter } from '../support/permission.ts'

const locksIn = (operations: readonly Operation[]): string[] =>
  operations.flatMap((operation) =>
    operation.kind === 'lockRole' ? [`${operation.mode} ${operation.role}`] : [],
  )

const isShared = (kind: string): boolean => ['database', 'tablespace', 'parameter'].includes(kind)

/** What a transaction has to lock, worked out role by role from what it does. */
const expectedLocks = (before: Snapshot, operations: readonly Operation[]): string[] => {
  const { version, databaseOid, actingRole } = before.server
  const isOwn = (name: string): boolean =>
    isIntermediate(name) && name.startsWith(`_pgsr_local_${databaseOid}_`)
  const locksItself = (name: string): boolean =>
    operations.some(
      (operation) =>
        ['createRole', 'setAttribute', 'setValidUntil', 'clearPassword'].includes(operation.kind) &&
        'role' in operation &&
        operation.role === name,
    )
  const changes = operations.flatMap((operation) =>
    (operation.kind === 'grantMembership' || operation.kind === 'revokeMembership') &&
    operation.reason.temporary === undefined
      ? [operation]
      : [],
  )
  const hasOfCluster = (name: string): boolean =>
    operations.some(
      (operation) =>
        operation.reason.temporary === undefined &&
        operation.reason.role === name &&
        !isIntermediate(name) &&
        'object' in operation &&
        isShared(operation.object.kind) &&
        (operation.kind === 'setOwner'
          ? operation.owner === name
          : 'grantee' in operation && operation.grantee === name),
    )
  const grants = changes.filter(({ kind }) => kind === 'grantMembership')
  return before.roles
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => {
      if (name.startsWith('pg_') || locksItself(name) || !mayAlter(before, actingRole, name)) return []
      if (changes.some((change) => change.member === name && !isOwn(change.role)) || hasOfCluster(name))
        return [`exclusive ${name}`]
      const isMember = grants.some((grant) => grant.member === name)
      const creates = operations.some(({ kind, as }) => kind === 'createRole' && as === name)
      const isGranted = version < 160000 && grants.some((grant) => grant.role === name && !isOwn(name))
      return isMember || isGranted || (creates && name !== actingRole) ? [`share ${name}`] : []
    })
}

describe('a transaction begins with the locks that it needs, and takes no others', () => {
  test('whatever the plan', () =>
    forEveryPlan((made, _, { snapshot: first }) => {
      let before = outcomeOf(first, [])
      for (const operations of made.transactions) {
        const expected = expectedLocks(before, operations)
        expect(locksIn(operations)).toEqual(expected)
        expect(locksIn(operations.slice(0, expected.length))).toEqual(expected)
        before = outcomeOf(before, operations)
      }
    }, 400))

  test('and does more than lock', () =>
    forEveryPlan((made) => {
      for (const operations of made.transactions)
        expect(operations.some(({ kind }) => kind !== 'lockRole')).toBe(true)
    }, 100))
})

const [own, foreign, shared] = [
  '_pgsr_local_16384_table_select_0123abcd',
  '_pgsr_local_99_table_select_0123abcd',
  '_pgsr_global_database_connect_0123abcd',
]
const t = (...grants: DesiredRole['grants']): DesiredRole => ({ role: 't', grants })
const [toOwn, toForeign] = [Grant.tableSelect('s', 'own'), Grant.tableSelect('s', 'foreign')]
const toDatabase = Grant.databaseConnect('warehouse')
const member = (name: string): Grant => Grant.roleMembership(name)

const world = (server: Partial<Server> = {}, attributes: Partial<Role> = {}): Snapshot =>
  snapshot({
    server,
    roles: [
      role('t', attributes),
      ...['b', 'g', 'pg_monitor', own, foreign, shared].map((name) => role(name)),
      role('maker', { createRole: true }),
    ],
    memberships: ['t', 'g'].flatMap((name) =>
      server.actingRole === 'maker' && (name === 'g' || attributes.createDb)
        ? [membership('maker', name, { admin: true })]
        : [],
    ),
    objects: [
      object('schema', ['s']),
      object('table', ['s', 'own'], 'owner', { [`${own}/owner`]: 'r' }),
      object('table', ['s', 'foreign'], 'owner', { [`${foreign}/owner`]: 'r' }),
      object('database', ['warehouse'], 'owner', { [`${shared}/owner`]: 'c' }),
    ],
  })
const being = (of: string): Snapshot => ({ ...world(), memberships: [membership('t', of)] })
const old = (attributes: Partial<Role> = {}): Snapshot => world({ version: 150018 }, attributes)
const byMaker = (version: number, attributes: Partial<Role> = {}): Snapshot =>
  world({ version, actingRole: 'maker', sessionRole: 'maker' }, attributes)
/** What a role has already that logs in. */
const login = Grant.login({ password: 'secret' })

describe('a role is locked', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string[]]>([
    ['as a member that is granted a membership', world(), t(member('g')), ['exclusive t']],
    ['as a member that loses a membership', being('g'), t(), ['exclusive t']],
    [
      'as a member of an intermediate role of this database, only against being dropped',
      world(),
      t(toOwn),
      ['share t'],
    ],
    ['not as a member that loses an intermediate role of this database', being(own), t(), []],
    [
      'as a member of an intermediate role of another database, which a copy of that database has',
      world(),
      t(toForeign),
      ['exclusive t'],
    ],
    ['as a member of an intermediate role of the cluster', world(), t(toDatabase), ['exclusive t']],
    [
      'if it is granted something of the cluster directly',
      world(),
      t(Grant.databaseConnect('warehouse', { direct: true })),
      ['exclusive t'],
    ],
    ['as the granted role too, before PostgreSQL 16', old(), t(member('g')), ['share g', 'exclusive t']],
    ['not as an intermediate role of this database, before PostgreSQL 16', old(), t(toOwn), ['share t']],
    ['not as a predefined role', old(), t(member('pg_monitor')), ['exclusive t']],
    [
      'once if it is both granted and a member',
      old(),
      [t(member('b')), { role: 'b', grants: [member('g')] }],
      ['exclusive b', 'share g', 'exclusive t'],
    ],
    ['not if it is new', old(), { role: 'new', grants: [member('newer')] }, []],
    ['not if it is altered anyway', world(), t(member('g'), Grant.attribute('CREATEDB')), []],
    [
      'if apart from that it only gets a password',
      world({}, { login: true }),
      t(member('g'), login),
      ['exclusive t'],
    ],
    ['not if the acting role may not alter it', byMaker(180004), t(member('g')), []],
    [
      'if the acting role may alter it',
      byMaker(180004, { createDb: true }),
      t(member('g'), Grant.attribute('CREATEDB')),
      ['exclusive t'],
    ],
    [
      'if the acting role has CREATEROLE, before PostgreSQL 16',
      byMaker(150018),
      t(member('g')),
      ['share g', 'exclusive t'],
    ],
    [
      'not with REPLICATION if the acting role only has CREATEROLE',
      byMaker(150018, { replication: true }),
      t(member('g')),
      ['share g'],
    ],
  ])('%s', ([, before, desired, expected]) => {
    const made = plan(before, desired, { seed: 'seed' })
    expect(locksIn(operationsOf(made))).toEqual(expected)
  })

  test('only against changes, not against being dropped, if the server has too little room for locks', () => {
    const groups = Array.from({ length: 6 }, (_, index) => `g${index}`)
    const few = (lockTableSize: number): string[] => {
      const before = old({})
      const all = { ...before.server, lockTableSize }
      const made = plan(
        { ...before, server: all, roles: [...before.roles, ...groups.map((name) => role(name))] },
        t(...groups.map(member)),
        { seed: 'seed' },
      )
      return locksIn(operationsOf(made))
    }
    expect(few(12)).toEqual([...groups.map((name) => `share ${name}`), 'exclusive t'])
    expect(few(10)).toEqual(['exclusive t'])
  })
})

test('the script says why it locks a role', () => {
  const lines = renderSql(plan(old(), t(member('g')), { seed: 'seed' })).split('\n')
  expect(lines.filter((line) => line.startsWith('ALTER ROLE'))).toEqual([
    'ALTER ROLE "g" RESET ssl_renegotiation_limit;  -- locks the role: nobody drops it before COMMIT',
    'ALTER ROLE "t";  -- locks the role: syncs of it in other databases wait until COMMIT',
  ])
})
