import type { DesiredRole, Plan, Snapshot } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import type { DatabaseError } from './errors.ts'
import type {
  CallOptions,
  DropUnusedRolesOptions,
  ExecutePlanOptions,
  PlanRolesOptions,
  SyncRolesOptions,
} from './options.ts'
import { onSession, type Session, Sessions } from './session.ts'
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

/** The sessions are the caller’s to provide, and one is held for as long as the work takes. */
const held = <A, E>(work: Effect.Effect<A, E, Session>): Effect.Effect<A, E | DatabaseError, Sessions> =>
  Effect.flatMap(Sessions, ({ acquire }) => onSession(acquire)(work))

/** `syncRoles` as an Effect that needs a {@link Sessions}. */
export const syncRoles = (
  desired: Desired,
  options: SyncRolesOptions = {},
): Effect.Effect<SyncResult, SyncError, Sessions> => workflow.syncRoles(desired, options, held)

/** `planRoles` as an Effect that needs a {@link Sessions}. */
export const planRoles = (
  desired: Desired,
  options: PlanRolesOptions = {},
): Effect.Effect<Plan, PlanError, Sessions> => workflow.planRoles(desired, options, held)

/** `executePlan` as an Effect that needs a {@link Sessions}. */
export const executePlan = (
  plan: Plan,
  options: ExecutePlanOptions = {},
): Effect.Effect<SyncResult, ExecutePlanError, Sessions> => workflow.executePlan(plan, options, held)

/** `dropUnusedRoles` as an Effect that needs a {@link Sessions}. */
export const dropUnusedRoles = (
  options: DropUnusedRolesOptions = {},
): Effect.Effect<SyncResult, DropUnusedRolesError, Sessions> => workflow.dropUnusedRoles(options, held)

/** `planDropUnusedRoles` as an Effect that needs a {@link Sessions}. */
export const planDropUnusedRoles = (
  options: DropUnusedRolesOptions = {},
): Effect.Effect<Plan, PlanDropUnusedRolesError, Sessions> => workflow.planDropUnusedRoles(options, held)

/** `introspect` as an Effect that needs a {@link Sessions}. */
export const introspect = (
  desired: Desired,
  options: CallOptions = {},
): Effect.Effect<Snapshot, PlannerError | LookError, Sessions> => workflow.introspect(desired, options, held)

export * from './api.ts'
export { Sessions, type SessionShape } from './session.ts'
