// What every driver package offers beside its functions.
export * from '@pgsr/planner'
export {
  AbortedError,
  DatabaseError,
  type LockHolder,
  LockTimeoutError,
  PlanChangedError,
  ProofError,
  ResidueError,
  StatementError,
  TimeoutError,
  TooManyLocksError,
  TransactionOpenError,
  UnexpectedCatalogError,
} from './errors.ts'
export type { SyncEvent } from './event.ts'
export type {
  CallOptions,
  DropUnusedRolesOptions,
  ExecutePlanOptions,
  PasswordOptions,
  PlanRolesOptions,
  SyncRolesOptions,
  TransactionOptions,
} from './options.ts'
export type {
  DropUnusedRolesError,
  ExecutePlanError,
  LookError,
  PlanDropUnusedRolesError,
  PlanError,
  SyncError,
  SyncResult,
} from './workflow.ts'
