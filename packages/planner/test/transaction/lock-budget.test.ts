import type { Operation, Server, Snapshot } from '@pgsr/planner'
import { lockShortage } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { object, snapshot } from '../support/build-snapshot.ts'

/** With a lock table that is too small for any plan, so that the shortage says how many locks a plan needs. */
const tiny = { lockTableSize: 16, predicateLockTableSize: 16, maxLocksPerTransaction: 1 }

const locksOf = (before: Snapshot, transactions: readonly (readonly Operation[])[]): number => {
  const { version } = before.server
  return lockShortage({ ...before, server: { ...before.server, ...tiny, version } }, transactions)!.locks
}

const nothing = locksOf(snapshot(), [[]])

describe('the locks of a transaction are counted for', () => {
  const reason = { role: 't', grant: null }
  const base = { as: 'postgres', reason }
  const [table, column] = [
    { kind: 'table', name: ['s', 't'] },
    { kind: 'column', name: ['s', 't', 'a'] },
  ] as const
  const privilege = { ...base, privilege: 'SELECT', grantee: 'g', grantor: 'owner' } as const
  const member = { ...base, role: 'g', member: 'm', grantor: 'postgres' } as const
  const future = { owner: 'o', schema: null, on: 'tables' } as const

  const grant: Operation = { kind: 'grantPrivilege', object: table, ...privilege }
  const revoke: Operation = { kind: 'revokePrivilege', object: table, ...privilege, grantOptionOnly: false }
  const onColumn: Operation = { ...grant, object: column }
  const create: Operation = { kind: 'createRole', role: 'g', ...base }
  const drop: Operation = { kind: 'dropRole', role: 'g', ...base }
  const grantRole: Operation = { kind: 'grantMembership', ...member }
  const revokeRole: Operation = { kind: 'revokeMembership', ...member, option: null }
  const own: Operation = { kind: 'setOwner', object: table, owner: 'o', ...base }
  const makeSchema: Operation = { kind: 'createSchema', schema: 'n', owner: 'o', ...base }
  const share: Operation = { kind: 'lockRole', role: 'g', mode: 'share', ...base }
  const exclusive: Operation = { kind: 'lockRole', role: 'g', mode: 'exclusive', ...base }
  const alter: Operation = { kind: 'setAttribute', role: 'g', attribute: 'CREATEDB', value: true, ...base }
  const byDefault: Operation = {
    kind: 'grantDefaultPrivilege',
    ...future,
    ...base,
    privilege: 'SELECT',
    grantee: 'g',
  }

  test.for<[what: string, operations: Operation[], in15: number, in17: number, in18: number]>([
    ['a role that is created', [create], 0, 1, 1],
    ['a role that is dropped', [drop], 1, 1, 1],
    ['a role that is granted', [grantRole], 0, 1, 1],
    ['a role that is revoked', [revokeRole], 0, 1, 1],
    ['a privilege that is granted', [grant], 1, 1, 2],
    ['a privilege that is revoked', [revoke], 0, 0, 1],
    ['a column, by the locks of its table', [grant, onColumn], 1, 1, 2],
    ['a role that several operations change, once', [create, grant, grantRole, drop], 1, 1, 2],
    ['a new owner and what it owns', [own], 2, 2, 2],
    ['the owner of a new schema', [makeSchema], 1, 1, 1],
    ['default privileges', [byDefault], 2, 2, 2],
    ['a role that is locked against being dropped', [share], 1, 1, 1],
    ['a role that is altered, which takes none', [exclusive, alter], 0, 0, 0],
  ])('%s', ([, operations, ...expected]) => {
    const counts = [150018, 170010, 180004].map(
      (version) => locksOf(snapshot({ server: { version } }), [operations]) - nothing,
    )
    expect(counts).toEqual(expected)
  })

  test('a new owner of a table, with its indexes, sequences and TOAST table, but not its columns', () => {
    const ofTable = { ownerFollows: table }
    const before = snapshot({
      objects: [
        { ...object('table', table.name), indexes: 3 },
        { ...object('sequence', ['s', 't_id_seq']), ...ofTable },
        { ...object('table', ['pg_toast', 'pg_toast_1']), ...ofTable },
        object('column', column.name),
      ],
    })
    expect(locksOf(before, [[own]]) - nothing).toBe(2 + 5)
    expect(locksOf(before, [[grant]]) - nothing).toBe(2)
  })

  test('the largest of several transactions', () => {
    expect(locksOf(snapshot(), [[create], [own, grant, share], []]) - nothing).toBe(3)
  })
})

const granted = (count: number): readonly Operation[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'grantMembership',
    role: `g${index}`,
    member: 't',
    grantor: 'postgres',
    as: 'postgres',
    reason: { role: 't', grant: null },
  }))

/** With room for as many predicate locks as for locks, as by default. */
const serverOf = (major: number, lockTableSize: number, settings: Partial<Server> = {}): Snapshot =>
  snapshot({
    server: { version: major * 10_000, lockTableSize, predicateLockTableSize: lockTableSize, ...settings },
  })

describe('a server with default settings', () => {
  /** PostgreSQL’s own settings: a hundred connections, and 64 locks for each. */
  const stock = { 15: 7808, 16: 7808, 17: 7808, 18: 8704 } as const

  test.for<[major: keyof typeof stock, count: number]>([
    [15, 200_000],
    [16, 12_000],
    [17, 12_000],
    [18, 14_000],
  ])('of version %i has room to grant %i roles', ([major, count]) => {
    expect(lockShortage(serverOf(major, stock[major]), [granted(count)])).toBeUndefined()
  })

  test.for<[major: keyof typeof stock, count: number]>([
    [16, 12_500],
    [17, 12_500],
    [18, 20_000],
  ])(
    'of version %i has no room to grant %i roles until max_locks_per_transaction is raised as advised',
    ([major, count]) => {
      const shortage = lockShortage(serverOf(major, stock[major]), [granted(count)])!
      expect(shortage.value).toBe(64)
      const perLock = stock[major] / shortage.value
      const half = (value: number): number => (perLock * value) / 2
      expect(half(shortage.needed)).toBeGreaterThanOrEqual(shortage.locks)
      expect(half(shortage.needed - 1)).toBeLessThan(shortage.locks)
      const raised = serverOf(major, perLock * shortage.needed, {
        maxLocksPerTransaction: shortage.needed,
        predicateLockTableSize: stock[major],
      })
      expect(lockShortage(raised, [granted(count)])).toBeUndefined()
    },
  )

  test('of a version after 18 has no more room than its lock table', () => {
    const size = stock[18]
    expect(lockShortage(serverOf(19, size), [granted(size)])).toBeDefined()
    expect(lockShortage(serverOf(19, size), [granted(size - nothing)])).toBeUndefined()
    expect(lockShortage(serverOf(18, size), [granted(size)])).toBeUndefined()
  })
})
