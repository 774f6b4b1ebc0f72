import {
  type AssertionsError,
  ForbiddenRoleError,
  InvalidGrantError,
  type MissingObjectError,
  PlanningError,
  SnapshotScopeError,
  UnsupportedServerError,
} from '@pgsr/planner'
import type {
  AbortedError,
  DatabaseError,
  LockTimeoutError,
  PlanChangedError,
  ProofError,
  ResidueError,
  TimeoutError,
  TooManyLocksError,
  TransactionOpenError,
  UnexpectedCatalogError,
} from './errors.ts'

const plannerErrors = [
  InvalidGrantError,
  ForbiddenRoleError,
  PlanningError,
  SnapshotScopeError,
  UnsupportedServerError,
] as const

/** The errors that the planner throws. */
export type PlannerError = InstanceType<(typeof plannerErrors)[number]>

export const isPlannerError = (error: unknown): error is PlannerError =>
  plannerErrors.some((type) => error instanceof type)

export type IntrospectError =
  | PlannerError
  | DatabaseError
  | TransactionOpenError
  | UnexpectedCatalogError
  | TimeoutError
  | AbortedError
export type DescribeRolesError = IntrospectError
export type ExplainError = IntrospectError
export type PlanError = IntrospectError | MissingObjectError | AssertionsError
type ExecuteError = LockTimeoutError | TooManyLocksError | ProofError
export type SyncError = PlanError | ExecuteError | ResidueError
export type ExecutePlanError = SyncError | PlanChangedError
export type PlanDropUnusedRolesError = IntrospectError
export type DropUnusedRolesError = PlanDropUnusedRolesError | ExecuteError
