// What every driver package offers beside its functions.
export * from '@pgsr/planner'
export {
  DatabaseError,
  LockTimeoutError,
  PlanChangedError,
  ProofError,
  ResidueError,
  StatementError,
  TransactionOpenError,
  UnexpectedCatalogError,
} from './errors.ts'
export type {
  DropUnusedRolesOptions,
  ExecutePlanOptions,
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
