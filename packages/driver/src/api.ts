// What every driver package offers beside its functions.
export * from '@pgsr/planner'
export {
  DatabaseError,
  LockTimeoutError,
  ProofError,
  ResidueError,
  StatementError,
  TransactionOpenError,
  UnexpectedCatalogError,
} from './errors.ts'
export type { PlanRolesOptions, SyncRolesOptions } from './options.ts'
export type { LookError, PlanError, SyncError, SyncResult } from './workflow.ts'
