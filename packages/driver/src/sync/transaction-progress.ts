import { type Plan, type Snapshot } from '@pgsr/planner'
import { objectsAsPlanned } from '@pgsr/planner/internal'
import type { SyncResult } from '../functions.ts'
import { withOwnRequest } from './known-requests.ts'

/** How far a call has come with its plan. Each transaction turns one progress into the next. */
export interface TransactionProgress {
  /** The transactions that are committed. */
  readonly executed: Plan['transactions']
  /** The plan of the transactions that are left. */
  readonly left: Plan
  /** Whether the objects of some operations still are as they were when `left` was planned. */
  readonly areAsPlanned: ReturnType<typeof objectsAsPlanned>
}

/** What is left is planned, for the first time or again. */
export const planned = (
  executed: Plan['transactions'],
  left: Plan,
  snapshot: Snapshot,
): TransactionProgress => ({ executed, left, areAsPlanned: objectsAsPlanned(left, snapshot) })

/** The first of the transactions that are left have been executed. */
export const advanced = (
  { executed, left, areAsPlanned }: TransactionProgress,
  transactions: Plan['transactions'],
): TransactionProgress => ({
  executed: [...executed, ...transactions],
  left: { ...left, transactions: left.transactions.slice(transactions.length) },
  areAsPlanned,
})

export const isComplete = ({ left }: TransactionProgress): boolean => left.transactions.length === 0

export const resultOf = ({ executed, left }: TransactionProgress): SyncResult => ({
  changed: executed.length > 0,
  plan: withOwnRequest({ ...left, transactions: executed }),
})
