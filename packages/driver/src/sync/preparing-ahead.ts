import type { Plan, Snapshot } from '@pgsr/planner'
import { type Prediction, preparingPlan } from '@pgsr/planner/internal'
import { type Batch, batchesOf, type SentPasswords, writtenFirst } from './batches.ts'
import type { Call } from './call.ts'

/** A transaction of which it is decided what it executes. */
export interface Decided {
  /** What the transaction executes, as a plan of its own. It may be nothing. */
  readonly plan: Plan
  /** What the catalogs say under the lock about the objects of the plan, or should say after the transaction before it. */
  readonly before: Snapshot | Prediction
  readonly batches: readonly Batch[]
}

const noPasswords: SentPasswords = new Map()

/**
 * The next transaction of a plan if it only prepares: nothing has to be read to decide what it executes. It is worked out
 * while the server executes the one before it.
 * @param before what the catalogs should say after the transaction before it
 */
export const preparingAhead = (
  left: Plan,
  before: Prediction,
  { unlockableRoles }: Pick<Call, 'unlockableRoles'>,
): Decided | undefined => {
  const plan = preparingPlan(left)
  if (plan === undefined) return undefined
  const batches = batchesOf(plan.transactions, plan.actingRole, noPasswords, unlockableRoles)
  return { plan, before, batches: writtenFirst(batches) }
}
