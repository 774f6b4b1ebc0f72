import { operationsOf, type Plan, type Scope, type Snapshot } from '@pgsr/planner'
import { flat, preparingPlan, scopeOfPlan, usualSeed } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { randomUUID } from 'node:crypto'
import { computeInTime } from '../connection/deadline.ts'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import { type Batch, batchesOf, sentPasswords } from './batches.ts'
import type { Call } from './call.ts'
import { overlap } from './overlap.ts'
import type { PlanSource } from './plan-source.ts'
import { readAgain, readUnderLock } from './read-under-lock.ts'
import { planned, type TransactionProgress } from './transaction-progress.ts'
import { operationsWorkload } from './workload.ts'

/** The next transaction of a plan, decided under the lock. */
export interface NextTransaction {
  /** The progress before it. What is left begins with this transaction. */
  readonly progress: TransactionProgress
  /** What the transaction executes, as a plan of its own. It may be nothing. */
  readonly plan: Plan
  /** What the catalogs say under the lock about the objects of the plan. */
  readonly snapshot: Snapshot
  readonly batches: readonly Batch[]
}

/** The next transaction if nothing has changed since it was planned. */
interface Candidate extends Pick<NextTransaction, 'plan'> {
  /** What has to be read to see whether anything has changed. */
  readonly scope: Scope
  readonly isUnchanged: (snapshot: Snapshot) => boolean
}

/** In a transaction of the caller’s, all that is left is executed at once. */
const nextOf = (left: Plan, { isOwn }: TransactionScope): Plan =>
  isOwn ? { ...left, transactions: left.transactions.slice(0, 1) } : left

/**
 * What can be executed without planning again, if nothing has changed:
 *
 * 1. In the first transaction, the plan from before the lock, if the catalogs are the same. It reads everything, so that
 *    what is refused is refused before anything is done.
 * 2. After that, a transaction that only prepares for the last one, if the objects that it touches are the same. It reads
 *    only these objects.
 *
 * The last transaction gives the desired roles what they should have, and is planned again; so is every retry.
 */
const candidateOf = (
  scope: Scope,
  { first, transaction }: Call,
  { executed, left, areAsPlanned }: TransactionProgress,
  attempt: number,
): Candidate => {
  const nothing = { plan: { ...left, transactions: [] }, scope, isUnchanged: () => false }
  if (attempt > 1) return nothing
  if (executed.length === 0)
    return {
      plan: nextOf(left, transaction),
      scope,
      isUnchanged: (snapshot) => snapshot === first.snapshot,
    }
  const preparing = preparingPlan(left)
  if (preparing === undefined) return nothing
  return {
    plan: preparing,
    scope: scopeOfPlan(preparing),
    isUnchanged: (snapshot) => areAsPlanned(snapshot, operationsOf(preparing)),
  }
}

/**
 * Begins the next transaction, and decides under the lock what it executes. In a retry, new roles get names that nobody can
 * foresee: the usual ones may be taken, by a role of another database or one that somebody has planted.
 */
export const nextTransaction = Effect.fnUntraced(function* <E>(
  source: Pick<PlanSource<E>, 'scope' | 'planFor'>,
  call: Call,
  progress: TransactionProgress,
  attempt: number,
) {
  const { settings, transaction, passwords, version, unlockableRoles } = call
  const batchesFor = Effect.fnUntraced(function* ({ transactions, actingRole }: Plan) {
    const sent = yield* sentPasswords(flat(transactions), passwords, version)
    return () => batchesOf(transactions, actingRole, sent, unlockableRoles)
  })
  const { plan, scope, isUnchanged } = candidateOf(source.scope, call, progress, attempt)
  const [found, batches] = yield* overlap(
    readUnderLock(scope, call, attempt, attempt === 1 && progress.executed.length === 0),
    yield* batchesFor(plan),
    operationsWorkload(plan),
    settings,
  )
  if (isUnchanged(found)) return { progress, plan, snapshot: found, batches } satisfies NextTransaction
  const snapshot = scope === source.scope ? found : yield* readAgain(source.scope, call, attempt, 'change')
  const replanned = planned(
    progress.executed,
    yield* source.planFor(snapshot, progress.executed.length, attempt === 1 ? usualSeed : randomUUID()),
    snapshot,
  )
  const next = nextOf(replanned.left, transaction)
  return {
    progress: replanned,
    plan: next,
    snapshot,
    batches: yield* computeInTime(settings, operationsWorkload(next), yield* batchesFor(next)),
  } satisfies NextTransaction
})
