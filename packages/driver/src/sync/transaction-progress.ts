import type { Plan } from '@pgsr/planner'
import type { Prediction } from '@pgsr/planner/internal'
import type { SyncResult } from '../functions.ts'
import { withOwnRequest } from './known-requests.ts'

/** How far a call has come with its plan. Each transaction turns one progress into the next. */
export interface TransactionProgress {
  /** The transactions that are committed. */
  readonly executed: Plan['transactions']
  /** The plan of the transactions that are left. */
  readonly left: Plan
  /** What the last of them should have left in the catalogs, and did, if `left` was planned before it. */
  readonly proved: Prediction | undefined
}

/** What is left is planned, for the first time or again. */
export const planned = (executed: Plan['transactions'], left: Plan): TransactionProgress => ({
  executed,
  left,
  proved: undefined,
})

/** The first of the transactions that are left have been executed. */
export const advanced = (
  { executed, left }: TransactionProgress,
  transactions: Plan['transactions'],
  proved: Prediction,
): TransactionProgress => ({
  executed: [...executed, ...transactions],
  left: { ...left, transactions: left.transactions.slice(transactions.length) },
  proved,
})

export const isComplete = ({ left }: TransactionProgress): boolean => left.transactions.length === 0

export const resultOf = ({ executed, left }: TransactionProgress): SyncResult => ({
  changed: executed.length > 0,
  plan: withOwnRequest({ ...left, transactions: executed }),
})
