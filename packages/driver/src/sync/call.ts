import type { Snapshot } from '@pgsr/planner'
import type { CallStatus } from '../connection/deadline.ts'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import type { SyncResult } from '../functions.ts'
import type { Reading } from '../introspection/reading.ts'
import type { Settings } from '../options.ts'
import type { Passwords, StoredScope } from '../passwords/passwords.ts'
import type { LockBudget } from './lock-budget.ts'

/** What stays the same through all transactions and attempts of a call. */
export interface Call {
  readonly settings: Settings
  readonly transaction: TransactionScope
  readonly passwords: Passwords
  /** The stored passwords that are read, if they may be read. */
  readonly stored: StoredScope | undefined
  readonly version: number
  /** What was read without the lock, and the snapshot of it with the stored passwords compared. */
  readonly first: { readonly reading: Reading; readonly snapshot: Snapshot }
  readonly status: CallStatus<SyncResult>
  readonly lockBudget: LockBudget
  /** The roles that the server refuses to lock, for example because it reserves them. */
  readonly unlockableRoles: Set<string>
}
