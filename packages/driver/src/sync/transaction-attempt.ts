import { Prediction, scopeOfPlan } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { within } from '../connection/transaction-scope.ts'
import { inSpan } from '../span.ts'
import type { Call } from './call.ts'
import { commit, endUnchanged } from './commit.ts'
import { type NextTransaction, nextTransaction } from './next-transaction.ts'
import { overlap } from './overlap.ts'
import type { PlanSource } from './plan-source.ts'
import { preparingAhead } from './preparing-ahead.ts'
import { prove } from './prove.ts'
import { readBehind } from './read-under-lock.ts'
import { sendBatches } from './send-batches.ts'
import { advanced, isComplete, resultOf, type TransactionProgress } from './transaction-progress.ts'
import { operationsWorkload } from './workload.ts'

/**
 * Tries the next transaction: begin and lock, read the catalogs, decide what to do, execute, prove, commit. If it fails or
 * is interrupted, it is undone, and the progress stays as it was.
 */
export const attemptTransaction = <E>(
  source: Pick<PlanSource<E>, 'scope' | 'planFor' | 'checkReality'>,
  call: Call,
  progress: TransactionProgress,
  attempt: number,
) => {
  const { settings, transaction, status } = call
  const stages = Effect.fnUntraced(function* (onEnded: () => void) {
    status.stage = 'working'
    const next: NextTransaction = yield* nextTransaction(source, call, progress, attempt)
    const { plan, before } = next
    const after = advanced(next.progress, plan.transactions)
    if (plan.transactions.length === 0) {
      yield* endUnchanged(call, attempt, onEnded)
      return after
    }
    const isLast = isComplete(after)
    const scope = scopeOfPlan(plan)
    const [read, { prediction, ahead }] = yield* overlap(
      sendBatches(next, call, attempt, readBehind(scope, call, isLast && next.progress.executed.length > 0)),
      () => {
        const outcome = new Prediction(plan, before)
        return { prediction: outcome, ahead: preparingAhead(after.left, outcome, call) }
      },
      operationsWorkload(plan),
      settings,
    )
    yield* prove({ plan, scope, read }, prediction, call, attempt)
    if (isLast && source.checkReality !== undefined) yield* source.checkReality(call, attempt)
    if (isLast) status.result = resultOf(after)
    yield* commit(call, attempt, onEnded)
    return { ...after, ahead }
  })
  return within(transaction, stages).pipe(inSpan('pgsr.attempt', { 'pgsr.attempt': attempt }))
}
