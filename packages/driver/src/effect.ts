import type { DesiredRole, Plan, Snapshot } from '@pgsr/planner'
import type * as Effect from 'effect/Effect'
import type {
  CallOptions,
  DropUnusedRolesOptions,
  ExecutePlanOptions,
  PlanRolesOptions,
  SyncRolesOptions,
} from './options.ts'
import type { Session } from './session.ts'
import {
  type DropUnusedRolesError,
  type ExecutePlanError,
  type LookError,
  type PlanDropUnusedRolesError,
  type PlanError,
  type SyncError,
  type SyncResult,
  workflow,
} from './workflow.ts'
import type { PlannerError } from './prepare.ts'

type Desired = DesiredRole | readonly DesiredRole[]

/** The session is the caller’s to provide. */
const asIs = <A>(work: A): A => work

/** `syncRoles` as an Effect that needs a {@link Session}. */
export const syncRoles = (
  desired: Desired,
  options: SyncRolesOptions = {},
): Effect.Effect<SyncResult, SyncError, Session> => workflow.syncRoles(desired, options, asIs)

/** `planRoles` as an Effect that needs a {@link Session}. */
export const planRoles = (
  desired: Desired,
  options: PlanRolesOptions = {},
): Effect.Effect<Plan, PlanError, Session> => workflow.planRoles(desired, options, asIs)

/** `executePlan` as an Effect that needs a {@link Session}. */
export const executePlan = (
  plan: Plan,
  options: ExecutePlanOptions = {},
): Effect.Effect<SyncResult, ExecutePlanError, Session> => workflow.executePlan(plan, options, asIs)

/** `dropUnusedRoles` as an Effect that needs a {@link Session}. */
export const dropUnusedRoles = (
  options: DropUnusedRolesOptions = {},
): Effect.Effect<SyncResult, DropUnusedRolesError, Session> => workflow.dropUnusedRoles(options, asIs)

/** `planDropUnusedRoles` as an Effect that needs a {@link Session}. */
export const planDropUnusedRoles = (
  options: DropUnusedRolesOptions = {},
): Effect.Effect<Plan, PlanDropUnusedRolesError, Session> => workflow.planDropUnusedRoles(options, asIs)

/** `introspect` as an Effect that needs a {@link Session}. */
export const introspect = (
  desired: Desired,
  options: CallOptions = {},
): Effect.Effect<Snapshot, PlannerError | LookError, Session> => workflow.introspect(desired, options, asIs)

export * from './api.ts'
export { Session } from './session.ts'
