import type { Plan } from '@pgsr/planner'
import type { SyncResult } from '../functions.ts'
import { withOwnRequest } from './known-requests.ts'
import type { Decided } from './preparing-ahead.ts'

/** How far a call has come with its plan. Each transaction turns one progress into the next. */
export interface TransactionProgress {
  /** The transactions that are committed. */
  readonly executed: Plan['transactions']
  /** The plan of the transactions that are left. */
  readonly left: Plan
  /** The next one, if it is known before anything is read under the lock. */
  readonly ahead: Decided | undefined
}

/** What is left is planned, for the first time or again. */
export const planned = (executed: Plan['transactions'], left: Plan): TransactionProgress => ({
  executed,
  left,
  ahead: undefined,
})

/** The first of the transactions that are left have been executed. */
export const advanced = (
  { executed, left }: TransactionProgress,
  transactions: Plan['transactions'],
): TransactionProgress => ({
  executed: [...executed, ...transactions],
  left: { ...left, transactions: left.transactions.slice(transactions.length) },
  ahead: undefined,
})

export const isComplete = ({ left }: TransactionProgress): boolean => left.transactions.length === 0

export const resultOf = ({ executed, left }: TransactionProgress): SyncResult => ({
  changed: executed.length > 0,
  plan: withOwnRequest({ ...left, transactions: executed }),
})
