import type { Operation, Server, Snapshot } from '@pgsr/planner'
import { lockShortage } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { object, snapshot } from '../support/build-snapshot.ts'

/** Of which a plan needs more than there can be, so that it says how many. */
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
    ['a role made', [create], 0, 1, 1],
    ['a role dropped', [drop], 1, 1, 1],
    ['a role granted', [grantRole], 0, 1, 1],
    ['a role revoked', [revokeRole], 0, 1, 1],
    ['a privilege granted', [grant], 1, 1, 2],
    ['a privilege revoked', [revoke], 0, 0, 1],
    ['a column, as its table', [grant, onColumn], 1, 1, 2],
    ['the same role several times, once', [create, grant, grantRole, drop], 1, 1, 2],
    ['a new owner and what it owns', [own], 2, 2, 2],
    ['the owner of a new schema', [makeSchema], 1, 1, 1],
    ['what is granted by default', [byDefault], 2, 2, 2],
    ['a role that nobody may drop', [share], 1, 1, 1],
    ['a role that is altered', [exclusive, alter], 0, 0, 0],
  ])('%s', ([, operations, ...expected]) => {
    const counts = [150018, 170010, 180004].map(
      (version) => locksOf(snapshot({ server: { version } }), [operations]) - nothing,
    )
    expect(counts).toEqual(expected)
  })

  test('what gets the owner of a table too: its indexes, sequences and TOAST table, but no column', () => {
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

  test('of several transactions the largest counts', () => {
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

/** With as many predicate locks as locks, as a server has them unless it is told otherwise. */
const serverOf = (major: number, lockTableSize: number, settings: Partial<Server> = {}): Snapshot =>
  snapshot({
    server: { version: major * 10_000, lockTableSize, predicateLockTableSize: lockTableSize, ...settings },
  })

describe('a server as it comes', () => {
  /** PostgreSQL’s own settings: a hundred connections, and 64 locks for each. */
  const stock = { 15: 7808, 16: 7808, 17: 7808, 18: 8704 } as const

  test.for<[major: keyof typeof stock, count: number]>([
    [15, 200_000],
    [16, 12_000],
    [17, 12_000],
    [18, 14_000],
  ])('%i has room to grant %i roles', ([major, count]) => {
    expect(lockShortage(serverOf(major, stock[major]), [granted(count)])).toBeUndefined()
  })

  test.for<[major: keyof typeof stock, count: number]>([
    [16, 12_500],
    [17, 12_500],
    [18, 20_000],
  ])('%i has none to grant %i, but has in half of its lock table once that is raised', ([major, count]) => {
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
  })

  test('of what comes after 18 only the lock table itself is counted on', () => {
    const size = stock[18]
    expect(lockShortage(serverOf(19, size), [granted(size)])).toBeDefined()
    expect(lockShortage(serverOf(19, size), [granted(size - nothing)])).toBeUndefined()
    expect(lockShortage(serverOf(18, size), [granted(size)])).toBeUndefined()
  })
})
