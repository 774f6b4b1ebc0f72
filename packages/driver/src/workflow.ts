import {
  type DesiredRole,
  dropRequest,
  type MissingObjectError,
  type Plan,
  planDrop,
  scopeOfRequest,
  type Snapshot,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { carryOut, lookPersistently, type Task } from './carry-out.ts'
import { ResidueError } from './errors.ts'
import type {
  DatabaseError,
  LockTimeoutError,
  PlanChangedError,
  ProofError,
  TransactionOpenError,
  UnexpectedCatalogError,
} from './errors.ts'
import {
  type DropUnusedRolesOptions,
  type ExecutePlanOptions,
  type PlanRolesOptions,
  type Settings,
  settingsOf,
  type SyncRolesOptions,
} from './options.ts'
import { planning, type PlannerError, planWith, prepare, type Prepared, refuseMissing } from './prepare.ts'
import { planAgain, prepareReviewed, type Reviewed } from './reviewed-plan.ts'
import type { Session } from './session.ts'

/** What has been done. */
export interface SyncResult {
  /** Whether anything was changed. */
  readonly changed: boolean
  /** What was executed; without operations when there was nothing to do. */
  readonly plan: Plan
}

/** Everything that reading the catalogs can fail with. */
export type LookError = DatabaseError | TransactionOpenError | UnexpectedCatalogError
export type PlanError = PlannerError | MissingObjectError | LookError
export type SyncError = PlanError | LockTimeoutError | ResidueError | ProofError
export type PlanDropUnusedRolesError = PlannerError | LookError
export type DropUnusedRolesError = PlanDropUnusedRolesError | LockTimeoutError | ProofError
export type ExecutePlanError = SyncError | PlanChangedError

type Wishes = Pick<Settings, 'onMissing' | 'onResidue'>

/** Fails where a sync would leave something that it should not. An unused role that stays gives nobody anything. */
const refuseResidue = (plan: Plan, { onResidue }: Wishes): Effect.Effect<Plan, ResidueError> => {
  if (plan.request.kind !== 'sync') return Effect.succeed(plan)
  const skipped = plan.skipped.filter(({ reason }) => reason === 'not permitted')
  const { residue } = plan
  if (onResidue === 'report' || residue.length + skipped.length === 0) return Effect.succeed(plan)
  return Effect.fail(new ResidueError(residue, skipped))
}

/** Lets a plan pass that may be executed as far as the caller’s wishes go. */
const refuseUnwished =
  (wishes: Wishes) =>
  (plan: Plan): Effect.Effect<Plan, MissingObjectError | ResidueError> =>
    Effect.flatMap(refuseMissing(plan, wishes.onMissing), (complete) => refuseResidue(complete, wishes))

/** Makes the roles have exactly what is asked for. */
const syncPrepared = Effect.fn('pgsr.syncRoles')(function* (prepared: Prepared, settings: Settings) {
  const planFor = (snapshot: Snapshot) =>
    Effect.flatMap(planWith(snapshot, prepared), refuseUnwished(settings))
  return yield* carryOut({ ...prepared, planFor }, settings)
})

/** Executes a plan that is still what would be planned. */
const executeReviewed = Effect.fn('pgsr.executePlan')(function* (reviewed: Reviewed, settings: Settings) {
  const planFor = (snapshot: Snapshot, done: number) =>
    Effect.flatMap(planAgain(snapshot, reviewed, done), refuseUnwished(settings))
  return yield* carryOut({ ...reviewed, planFor }, settings)
})

/** What dropping unused roles is. */
const drop: Task<PlannerError> = {
  scope: scopeOfRequest(dropRequest),
  passwords: new Map(),
  planFor: (snapshot) => planning(() => planDrop(snapshot)),
}

const dropUnused = Effect.fn('pgsr.dropUnusedRoles')((settings: Settings) => carryOut(drop, settings))

const planDropUnused = Effect.fn('pgsr.planDropUnusedRoles')(function* (settings: Settings) {
  const { snapshot } = yield* lookPersistently(drop, settings)
  return yield* drop.planFor(snapshot, 0)
})

const planPrepared = Effect.fn('pgsr.planRoles')(function* (prepared: Prepared, settings: Settings) {
  const { snapshot } = yield* lookPersistently(prepared, settings)
  const plan = yield* planWith(snapshot, prepared)
  return yield* refuseMissing(plan, settings.onMissing)
})

const introspectPrepared = Effect.fn('pgsr.introspect')(function* (prepared: Prepared) {
  const { snapshot } = yield* lookPersistently(prepared, settingsOf('sync roles', {}))
  return snapshot
})

type Desired = DesiredRole | readonly DesiredRole[]

/** What holds a session for the work, or leaves that to the caller: `E2` and `R` are what that adds and leaves. */
type Holding<E2, R> = <A, E>(work: Effect.Effect<A, E, Session>) => Effect.Effect<A, E | E2, R>

/** The options of a call, with their defaults; what is wrong with them is found before a connection is even opened. */
const checked = (...options: Parameters<typeof settingsOf>): Effect.Effect<Settings, PlannerError> =>
  planning(() => settingsOf(...options))

/**
 * The workflow, each function with its checks before anything that needs a session: what is wrong with the input is
 * found before a connection is even opened.
 */
export const workflow = {
  syncRoles: <E2, R>(
    desired: Desired,
    options: SyncRolesOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<SyncResult, SyncError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('sync roles', options)
      const prepared = yield* prepare(desired, options)
      return yield* holding(syncPrepared(prepared, settings))
    }),

  executePlan: <E2, R>(
    plan: Plan,
    options: ExecutePlanOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<SyncResult, ExecutePlanError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('execute the plan', options)
      const reviewed = yield* prepareReviewed(plan, options.passwords)
      return yield* holding(executeReviewed(reviewed, settings))
    }),

  planRoles: <E2, R>(
    desired: Desired,
    options: PlanRolesOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<Plan, PlanError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('sync roles', options)
      const prepared = yield* prepare(desired, options)
      return yield* holding(planPrepared(prepared, settings))
    }),

  dropUnusedRoles: <E2, R>(
    options: DropUnusedRolesOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<SyncResult, DropUnusedRolesError | E2, R> =>
    Effect.flatMap(checked('drop unused roles', options), (settings) => holding(dropUnused(settings))),

  planDropUnusedRoles: <E2, R>(
    options: DropUnusedRolesOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<Plan, PlanDropUnusedRolesError | E2, R> =>
    Effect.flatMap(checked('drop unused roles', options), (settings) => holding(planDropUnused(settings))),

  introspect: <E2, R>(
    desired: Desired,
    holding: Holding<E2, R>,
  ): Effect.Effect<Snapshot, PlannerError | LookError | E2, R> =>
    Effect.flatMap(prepare(desired, {}), (prepared) => holding(introspectPrepared(prepared))),
} as const
