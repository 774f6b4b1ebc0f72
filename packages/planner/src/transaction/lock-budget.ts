import type { Operation } from '../model/operation.ts'
import type { Server, Snapshot } from '../model/snapshot.ts'
import { has } from '../postgres/features.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'

/** A column is locked as its table is. */
const lockOf = ({ kind, name }: ObjectName): string =>
  kind === 'column' ? objectKey({ kind: 'table', name: name.slice(0, 2) }) : objectKey({ kind, name })

/**
 * What an operation locks until the transaction ends, by the names of the locks: who is granted something, or owns it
 * then, and what is altered. GRANT and REVOKE lock the role that is granted from 16 on, and the object from 18 on.
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
  }
}

const locksIn = (server: Server, lists: readonly (readonly Operation[])[]): number => {
  const locks = new Set<string>()
  for (const operations of lists) for (const operation of operations) addLocks(locks, server, operation)
  return locks.size
}

/** How many locks one transaction should hold: half of what the server can. The other half is other sessions’. */
export const lockBudget = ({ lockTableSize }: Server): number => lockTableSize / 2

/** How much operations would lock in one transaction, as a share of what one should. */
export const lockShare = (server: Server, ...operations: readonly (readonly Operation[])[]): number =>
  locksIn(server, operations) / lockBudget(server)

/** Divides a list into as few parts of one size as are needed for none to have more than its share. */
export const inParts = <T>(all: readonly T[], share: number): readonly (readonly T[])[] => {
  const size = Math.max(1, Math.floor(all.length / Math.max(1, share)))
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  )
}

/**
 * What is not to be counted on: a transaction locks some hundred relations of the catalogs beside what its operations do,
 * the table grows by fifty locks at a time, and what the server needs besides is estimated only.
 */
const besides = 300

const nextPowerOfTwo = (number: number): number => 2 ** Math.ceil(Math.log2(number))

/** The bytes of an entry and of a bucket in PostgreSQL’s tables, and of such a table’s buckets. */
const bytes = { lock: 168, holder: 80, predicateTarget: 48, predicateLock: 72, bucket: 8 }
const buckets = (entries: number): number => bytes.bucket * nextPowerOfTwo(entries)

/**
 * How many locks one transaction can hold where no other session holds any: half as many again as the lock table is said
 * to. PostgreSQL sets memory aside for as many locks and twice as many holders, and a tenth more than for these and for
 * predicate locks. Of the former it makes a half when it starts. The rest is there for whatever is needed, and what one
 * transaction holds needs one holder each. All of 10 to 18 do so; of what comes after, only what it says is taken for
 * granted.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/storage/lmgr/lock.c (LockManagerShmemSize)
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/storage/lmgr/predicate.c (PredicateLockShmemSize)
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
  /** How many there can be. */
  readonly most: number
  /** What `max_locks_per_transaction` is. */
  readonly value: number
  /** What it would have to be for the largest to need no more than half of the table. */
  readonly needed: number
}

/** How many locks a new owner costs beside that of the object: those of its indexes, and of what follows it. */
const locksOfParts = ({ objects }: Pick<Snapshot, 'objects'>): ((operation: Operation) => number) => {
  const parts = new Map<string, number>()
  const add = (object: ObjectName, count: number): unknown =>
    parts.set(objectKey(object), (parts.get(objectKey(object)) ?? 0) + count)
  for (const { kind, name, follows, indexes } of objects) {
    if (indexes !== undefined) add({ kind, name }, indexes)
    if (follows !== undefined && kind !== 'column') add(follows, 1)
  }
  return (operation) => (operation.kind === 'setOwner' ? (parts.get(objectKey(operation.object)) ?? 0) : 0)
}

/**
 * What the server is short of for some transactions, if it is. One that needs more than its share of the lock table, and
 * cannot be divided, is not refused as long as there is room for it where other sessions hold nothing.
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
