import type { Operation } from '../model/operation.ts'
import type { Server, Snapshot } from '../model/snapshot.ts'
import { has } from '../postgres/features.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'

/** The key of the lock on an object. A column is locked by the lock on its table. */
const lockOf = ({ kind, name }: ObjectName): string =>
  kind === 'column' ? objectKey({ kind: 'table', name: name.slice(0, 2) }) : objectKey({ kind, name })

/**
 * Adds the names of the locks that an operation holds until the transaction ends: on grantees, new owners,
 * and what is altered. GRANT and REVOKE lock the granted role from 16 on, and the object from 18 on.
 * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
const addLocks = (locks: Set<string>, { version }: Server, operation: Operation): void => {
  switch (operation.kind) {
    case 'createRole':
    case 'grantMembership':
    case 'revokeMembership':
      if (has(version, 'membership grantors')) locks.add(operation.role)
      return
    case 'grantPrivilege':
      locks.add(operation.grantee)
      if (has(version, 'object locks')) locks.add(lockOf(operation.object))
      return
    case 'revokePrivilege':
      if (has(version, 'object locks')) locks.add(lockOf(operation.object))
      return
    case 'dropRole':
    case 'setProperty':
      locks.add(operation.role)
      return
    case 'lockRole':
      if (operation.mode === 'share') locks.add(operation.role)
      return
    case 'createSchema':
      locks.add(operation.owner)
      return
    case 'setOwner':
      locks.add(operation.owner).add(lockOf(operation.object))
      return
    case 'grantDefaultPrivilege':
    case 'revokeDefaultPrivilege':
      locks.add(operation.owner).add(operation.grantee)
      return
    case 'setPolicyRoles':
      for (const role of operation.roles) locks.add(role)
      locks.add(lockOf(operation.table))
      return
    case 'dropPolicy':
      locks.add(lockOf(operation.table))
      return
  }
}

const locksIn = (server: Server, lists: readonly (readonly Operation[])[]): number => {
  const locks = new Set<string>()
  for (const operations of lists) for (const operation of operations) addLocks(locks, server, operation)
  return locks.size
}

/**
 * How many locks one transaction should hold: half of what the server can hold. The other half is for other sessions.
 */
export const lockBudget = ({ lockTableSize }: Server): number => lockTableSize / 2

/** How many locks operations need in one transaction, as a share of the budget. */
export const lockShare = (server: Server, ...operations: readonly (readonly Operation[])[]): number =>
  locksIn(server, operations) / lockBudget(server)

/** Whether one transaction may hold the locks that operations need. No operation needs more than two. */
export const isWithinBudget = (server: Server, ...operations: readonly (readonly Operation[])[]): boolean => {
  const most = operations.reduce((sum, { length }) => sum + 2 * length, 0)
  return most <= lockBudget(server) || lockShare(server, ...operations) <= 1
}

/** Divides a list into parts of equal size, as few as possible, none of which needs more than its share. */
export const inParts = <T>(all: readonly T[], share: number): readonly (readonly T[])[] => {
  const size = Math.max(1, Math.floor(all.length / Math.max(1, share)))
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  )
}

/**
 * A reserve. A transaction also locks some hundred relations of the catalogs, the lock table grows by fifty
 * locks at a time, and what else the server needs is only estimated.
 */
const besides = 300

const nextPowerOfTwo = (number: number): number => 2 ** Math.ceil(Math.log2(number))

/** The bytes of an entry and of a bucket in PostgreSQL’s tables, and of such a table’s buckets. */
const bytes = { lock: 168, holder: 80, predicateTarget: 48, predicateLock: 72, bucket: 8 }
const buckets = (entries: number): number => bytes.bucket * nextPowerOfTwo(entries)

/**
 * How many locks one transaction can hold if no other session holds any: about one and a half times the nominal size of
 * the lock table. PostgreSQL reserves memory for that many locks and twice as many holders, and a tenth of all this and
 * of the predicate locks on top. It allocates half of the locks and holders at startup. The rest is used as needed, and
 * a lock of one transaction needs only one holder. PostgreSQL 10 to 18 do so; for later versions only the nominal size
 * is relied on.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/storage/lmgr/lock.c (LockManagerShmemSize)
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/storage/lmgr/predicate.c
 * (PredicateLockShmemSize)
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/hash/dynahash.c (hash_estimate_size)
 */
const mostLocks = ({ version, lockTableSize: size, predicateLockTableSize: predicates }: Server): number => {
  if (version >= 190000) return size
  const { lock, holder, predicateTarget, predicateLock } = bytes
  const locks = size * (lock + 2 * holder) + buckets(size) + buckets(2 * size)
  const predicateLocks =
    predicates * (predicateTarget + 2 * predicateLock) + buckets(predicates) + buckets(2 * predicates)
  const left = 1.1 * locks + 0.1 * predicateLocks - buckets(size / 2) - buckets(size)
  return Math.floor(left / (lock + holder))
}

/** Why transactions do not fit into the server’s lock table. */
export interface LockShortage {
  /** How many locks the largest of them needs. */
  readonly locks: number
  /** How many locks one transaction can hold. */
  readonly most: number
  /** What `max_locks_per_transaction` is. */
  readonly value: number
  /** What it would have to be for the largest to need no more than half of the table. */
  readonly needed: number
}

/** How many locks a change of owner needs besides that on the object: on its indexes and on its sequences. */
const locksOfParts = ({ objects }: Pick<Snapshot, 'objects'>): ((operation: Operation) => number) => {
  const parts = new Map<string, number>()
  const add = (object: ObjectName, count: number): unknown =>
    parts.set(objectKey(object), (parts.get(objectKey(object)) ?? 0) + count)
  for (const { kind, name, ownerFollows, indexes } of objects) {
    if (indexes !== undefined) add({ kind, name }, indexes)
    if (ownerFollows !== undefined && kind !== 'column') add(ownerFollows, 1)
  }
  return (operation) => (operation.kind === 'setOwner' ? (parts.get(objectKey(operation.object)) ?? 0) : 0)
}

/**
 * The shortage of locks for some transactions, if there is one. A transaction that needs more than its share
 * of the lock table and cannot be divided is not refused as long as it fits when other sessions hold nothing.
 */
export const lockShortage = (
  snapshot: Pick<Snapshot, 'server' | 'objects'>,
  transactions: readonly (readonly Operation[])[],
): LockShortage | undefined => {
  const { server } = snapshot
  const { lockTableSize, maxLocksPerTransaction: value } = server
  const ofParts = locksOfParts(snapshot)
  const neededFor = (operations: readonly Operation[]): number =>
    operations.reduce(
      (locks, operation) => locks + ofParts(operation),
      besides + locksIn(server, [operations]),
    )
  const locks = Math.max(0, ...transactions.map(neededFor))
  const most = mostLocks(server)
  if (locks <= most) return undefined
  return { locks, most, value, needed: Math.ceil((2 * locks * value) / lockTableSize) }
}
