import {
  type DesiredRole,
  dropRequest,
  type MissingObjectError,
  operationsOf,
  type Plan,
  planDrop,
  scopeOfRequest,
  type Snapshot,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { bounded } from './bounded.ts'
import { carryOut, lookOnly } from './carry-out.ts'
import { ResidueError } from './errors.ts'
import type {
  AbortedError,
  DatabaseError,
  LockTimeoutError,
  PlanChangedError,
  ProofError,
  TimeoutError,
  TooManyLocksError,
  TransactionOpenError,
  UnexpectedCatalogError,
} from './errors.ts'
import { inSpan } from './in-span.ts'
import {
  type CallOptions,
  type DropUnusedRolesOptions,
  type ExecutePlanOptions,
  type PlanRolesOptions,
  type Settings,
  settingsOf,
  type SyncRolesOptions,
  type Work,
} from './options.ts'
import {
  planning,
  planningInTime,
  type PlannerError,
  planWith,
  prepare,
  type Prepared,
  readGiven,
  refuseMissing,
} from './prepare.ts'
import { notStarted, type Progress } from './progress.ts'
import { planAgain, prepareReviewed, type Reviewed } from './reviewed-plan.ts'
import type { Session } from './session.ts'
import type { SyncResult, Task } from './task.ts'

export type { SyncResult } from './task.ts'

/** Everything that reading the catalogs can fail with. */
export type LookError =
  | DatabaseError
  | TransactionOpenError
  | UnexpectedCatalogError
  | TimeoutError
  | AbortedError
export type PlanError = PlannerError | MissingObjectError | LookError
/** Everything that executing can fail with, beside that. */
type ExecuteError = LockTimeoutError | TooManyLocksError | ProofError
export type SyncError = PlanError | ExecuteError | ResidueError
export type PlanDropUnusedRolesError = PlannerError | LookError
export type DropUnusedRolesError = PlanDropUnusedRolesError | ExecuteError
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
const syncPrepared = (prepared: Prepared, settings: Settings, progress: Progress<SyncResult>) => {
  const planFor = (snapshot: Snapshot) =>
    Effect.flatMap(planWith(snapshot, prepared, settings), refuseUnwished(settings))
  return carryOut({ ...prepared, planFor }, settings, progress)
}

/** Executes a plan that is still what would be planned. */
const executeReviewed = (reviewed: Reviewed, settings: Settings, progress: Progress<SyncResult>) => {
  const planFor = (snapshot: Snapshot, done: number) =>
    Effect.flatMap(planAgain(snapshot, reviewed, done, settings), refuseUnwished(settings))
  return carryOut({ ...reviewed, planFor }, settings, progress)
}

/** What dropping unused roles is. */
const dropTask = (settings: Settings): Task<PlannerError | TimeoutError> => ({
  scope: scopeOfRequest(dropRequest),
  passwords: new Map(),
  planFor: (snapshot) => planningInTime(settings, () => planDrop(snapshot)),
})

const planDropUnused = (settings: Settings) => {
  const task = dropTask(settings)
  return Effect.flatMap(lookOnly(task, settings), (snapshot) => task.planFor(snapshot, 0))
}

const planPrepared = Effect.fnUntraced(function* (prepared: Prepared, settings: Settings) {
  const snapshot = yield* lookOnly(prepared, settings)
  const plan = yield* planWith(snapshot, prepared, settings)
  return yield* refuseMissing(plan, settings.onMissing)
})

type Desired = DesiredRole | readonly DesiredRole[]

/** What holds a session for the work, or leaves that to the caller: `E2` and `R` are what that adds and leaves. */
type Holding<E2, R> = <A, E>(work: Effect.Effect<A, E, Session>) => Effect.Effect<A, E | E2, R>

/** The options of a call, with their defaults; what is wrong with them is found before a connection is even opened. */
const checked = (...options: Parameters<typeof settingsOf>): Effect.Effect<Settings, PlannerError> =>
  planning(() => readGiven('options', () => settingsOf(...options)))

/** What a call is: its name, what it is for, and the roles that it names. */
interface Called {
  readonly name: string
  readonly work: Work
  readonly roles?: number
}

/** What is done on a session of its own. */
const held = <A, E, E2, R>(
  holding: Holding<E2, R>,
  progress: Progress<A>,
  work: Effect.Effect<A, E, Session>,
): Effect.Effect<A, E | E2, R> =>
  holding(
    Effect.suspend(() => {
      progress.awaits = 'the catalogs to be read'
      return work
    }),
  )

/** What is done in one call, with its bounds and its span. What it changed is said there too. */
const call = <A, E, R>(
  { name, work, roles }: Called,
  settings: Settings,
  run: (progress: Progress<A>) => Effect.Effect<A, E, R>,
) => {
  const progress = notStarted<A>()
  const attributes = roles === undefined ? {} : { 'pgsr.roles': roles }
  return bounded(run(progress), work, settings, progress).pipe(inSpan(`pgsr.${name}`, attributes))
}

/** Says in the call’s span what was done. */
const told = <E, R>(work: Effect.Effect<SyncResult, E, R>) =>
  Effect.tap(work, ({ changed, plan }) =>
    Effect.annotateCurrentSpan({ 'pgsr.changed': changed, 'pgsr.operations': operationsOf(plan).length }),
  )

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
      const prepared = yield* prepare(desired, options, settings)
      const called = {
        name: 'syncRoles',
        work: 'sync roles',
        roles: prepared.request.desired.length,
      } as const
      return yield* call<SyncResult, SyncError | E2, R>(called, settings, (progress) =>
        told(held(holding, progress, syncPrepared(prepared, settings, progress))),
      )
    }),

  executePlan: <E2, R>(
    plan: Plan,
    options: ExecutePlanOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<SyncResult, ExecutePlanError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('execute the plan', options)
      const reviewed = yield* prepareReviewed(plan, options.passwords, settings)
      const called = { name: 'executePlan', work: 'execute the plan' } as const
      return yield* call<SyncResult, ExecutePlanError | E2, R>(called, settings, (progress) =>
        told(held(holding, progress, executeReviewed(reviewed, settings, progress))),
      )
    }),

  planRoles: <E2, R>(
    desired: Desired,
    options: PlanRolesOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<Plan, PlanError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('sync roles', options)
      const prepared = yield* prepare(desired, options, settings)
      const called = {
        name: 'planRoles',
        work: 'sync roles',
        roles: prepared.request.desired.length,
      } as const
      return yield* call<Plan, PlanError | E2, R>(called, settings, (progress) =>
        held(holding, progress, planPrepared(prepared, settings)),
      )
    }),

  dropUnusedRoles: <E2, R>(
    options: DropUnusedRolesOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<SyncResult, DropUnusedRolesError | E2, R> =>
    Effect.flatMap(checked('drop unused roles', options), (settings) =>
      call<SyncResult, DropUnusedRolesError | E2, R>(
        { name: 'dropUnusedRoles', work: 'drop unused roles' },
        settings,
        (progress) => told(held(holding, progress, carryOut(dropTask(settings), settings, progress))),
      ),
    ),

  planDropUnusedRoles: <E2, R>(
    options: DropUnusedRolesOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<Plan, PlanDropUnusedRolesError | E2, R> =>
    Effect.flatMap(checked('drop unused roles', options), (settings) =>
      call<Plan, PlanDropUnusedRolesError | E2, R>(
        { name: 'planDropUnusedRoles', work: 'drop unused roles' },
        settings,
        (progress) => held(holding, progress, planDropUnused(settings)),
      ),
    ),

  introspect: <E2, R>(
    desired: Desired,
    options: CallOptions,
    holding: Holding<E2, R>,
  ): Effect.Effect<Snapshot, PlannerError | LookError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('read the catalogs', options)
      const prepared = yield* prepare(desired, {}, settings)
      const called = {
        name: 'introspect',
        work: 'read the catalogs',
        roles: prepared.request.desired.length,
      } as const
      return yield* call<Snapshot, PlannerError | LookError | E2, R>(called, settings, (progress) =>
        held(holding, progress, lookOnly(prepared, settings)),
      )
    }),
} as const
