// What every driver package offers besides its functions.
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
export type { SyncEvent } from './events.ts'
export type {
  DescribeRolesError,
  DropUnusedRolesError,
  ExecutePlanError,
  ExplainError,
  IntrospectError,
  PlanDropUnusedRolesError,
  PlanError,
  SyncError,
} from './failures.ts'
export type { DatabasesRole, DesiredInDatabases } from './databases/desired.ts'
export type { PlanDatabasesOptions, SyncDatabasesOptions } from './databases/options.ts'
export {
  type DatabasePlans,
  type DatabaseResult,
  DatabasesError,
  type DatabasesPlans,
  type DatabasesProgress,
  type DatabasesResult,
} from './databases/results.ts'
export type { DatabasesPromises } from './databases/functions.ts'
export type { EndedSessions, Promises, SyncResult } from './functions.ts'
export type {
  AccessOfCallOptions,
  CallOptions,
  DescribeRolesOptions,
  DropUnusedRolesOptions,
  ExecutePlanOptions,
  ExplainCallOptions,
  IntrospectAccessOptions,
  IntrospectOptions,
  PasswordOptions,
  PlanRolesOptions,
  SyncRolesOptions,
  TransactionOptions,
} from './options.ts'
