import type { Plan } from '@pgsr/planner'
import { flat, usualSeed } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { randomUUID } from 'node:crypto'
import { computeInTime } from '../connection/deadline.ts'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import { batchesOf, sentPasswords, writtenFirst } from './batches.ts'
import type { Call } from './call.ts'
import { overlap } from './overlap.ts'
import type { PlanSource } from './plan-source.ts'
import type { Decided } from './preparing-ahead.ts'
import { readUnderLock, takeLock } from './read-under-lock.ts'
import { planned, type TransactionProgress } from './transaction-progress.ts'
import { operationsWorkload } from './workload.ts'

/** The next transaction of a plan, decided under the lock. */
export interface NextTransaction extends Decided {
  /** The progress before it. What is left begins with this transaction. */
  readonly progress: TransactionProgress
}

/** In a transaction of the caller’s, all that is left is executed at once. */
const nextOf = (left: Plan, { isOwn }: TransactionScope): Plan =>
  isOwn ? { ...left, transactions: left.transactions.slice(0, 1) } : left

/**
 * Begins the next transaction, and decides under the lock what it executes:
 *
 * 1. First, the plan from before the lock, if the catalogs are the same. Everything is read, so that what is refused is
 *    refused before anything is done.
 * 2. Then, what only prepares for the last transaction. Nothing is read before it: it depends on nothing but the objects that
 *    it touches. If somebody has changed them, it fails, or its proof does.
 * 3. The last transaction gives the desired roles what they should have, and is planned again; so is every retry.
 *
 * In a retry, new roles get names that nobody can foresee: the usual ones may be taken, by a role of another database or one
 * that somebody has planted.
 */
export const nextTransaction = Effect.fnUntraced(function* <E>(
  source: Pick<PlanSource<E>, 'scope' | 'planFor'>,
  call: Call,
  progress: TransactionProgress,
  attempt: number,
) {
  const { settings, transaction, passwords, version, unlockableRoles, first } = call
  const { executed, left, ahead } = progress
  if (attempt === 1 && ahead !== undefined) {
    yield* takeLock(call, attempt)
    return { progress, ...ahead } satisfies NextTransaction
  }
  const batchesFor = Effect.fnUntraced(function* ({ transactions, actingRole }: Plan) {
    const sent = yield* sentPasswords(flat(transactions), passwords, version)
    return () => writtenFirst(batchesOf(transactions, actingRole, sent, unlockableRoles))
  })
  const isFirst = attempt === 1 && executed.length === 0
  const plan = isFirst ? nextOf(left, transaction) : { ...left, transactions: [] }
  const [snapshot, batches] = yield* overlap(
    readUnderLock(source.scope, call, attempt, isFirst),
    yield* batchesFor(plan),
    operationsWorkload(plan),
    settings,
  )
  if (isFirst && snapshot === first.snapshot)
    return { progress, plan, before: snapshot, batches } satisfies NextTransaction
  const seed = attempt === 1 ? usualSeed : randomUUID()
  const replanned = planned(executed, yield* source.planFor(snapshot, executed.length, seed))
  const next = nextOf(replanned.left, transaction)
  return {
    progress: replanned,
    plan: next,
    before: snapshot,
    batches: yield* computeInTime(settings, operationsWorkload(next), yield* batchesFor(next)),
  } satisfies NextTransaction
})
