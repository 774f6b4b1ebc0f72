import { type DescribedRoles, operationsOf, type Plan, type Snapshot } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { bounded, type CallStatus, notStarted } from '../connection/deadline.ts'
import type { Session } from '../connection/session.ts'
import type {
  DescribeRolesError,
  DropUnusedRolesError,
  ExecutePlanError,
  IntrospectError,
  PlanDropUnusedRolesError,
  PlanError,
  PlannerError,
  SyncError,
} from '../failures.ts'
import type { Desired, SyncResult } from '../functions.ts'
import {
  type CallOptions,
  type DescribeRolesOptions,
  type DropUnusedRolesOptions,
  type ExecutePlanOptions,
  type PlanRolesOptions,
  type Settings,
  settingsOf,
  type SyncRolesOptions,
} from '../options.ts'
import { inSpan } from '../span.ts'
import { readDescription, selectionOf } from './describe-roles.ts'
import { planning, readGiven } from './planning.ts'
import { dropSource, type PlanSource, requestSource, reviewedSource, withoutResidue } from './plan-source.ts'
import { type Prepared, prepareRequest } from './prepare-request.ts'
import { prepareReviewed } from './reviewed-plan.ts'
import { makePlan, readSnapshot, runPlan } from './run-plan.ts'

/** Provides the session of a call, or leaves that to the caller. It may fail with `E2`, and requires `R`. */
type ProvideSession<E2, R> = <A, E>(effect: Effect.Effect<A, E, Session>) => Effect.Effect<A, E | E2, R>

/** Checks the options, before a connection is opened. */
const checked = (...options: Parameters<typeof settingsOf>): Effect.Effect<Settings, PlannerError> =>
  planning(() => readGiven('options', () => settingsOf(...options)))

/** Runs a call within its time, in a span of its name. */
const call = <A, E, E2, R>(
  name: string,
  settings: Settings,
  provide: ProvideSession<E2, R>,
  effect: (status: CallStatus<A>) => Effect.Effect<A, E, Session>,
  prepared?: Prepared,
) => {
  const status = notStarted<A>()
  const provided = provide(
    Effect.suspend(() => {
      status.awaits = 'the catalogs to be read'
      return effect(status)
    }),
  )
  const attributes = prepared === undefined ? {} : { 'pgsr.roles': prepared.request.desired.length }
  return bounded(provided, settings, status).pipe(inSpan(`pgsr.${name}`, attributes))
}

/** Adds the result to the span of the call. */
const annotate = <E, R>(effect: Effect.Effect<SyncResult, E, R>) =>
  Effect.tap(effect, ({ changed, plan }) =>
    Effect.annotateCurrentSpan({ 'pgsr.changed': changed, 'pgsr.operations': operationsOf(plan).length }),
  )

/** Runs the plans of a source. */
const run =
  <E>(source: PlanSource<E>, settings: Settings) =>
  (status: CallStatus<SyncResult>) =>
    annotate(runPlan(source, settings, status))

/** Makes the plan of a source, and executes nothing. */
const planOnly =
  <E>(source: PlanSource<E>, settings: Settings) =>
  () =>
    makePlan(source, settings)

/** What users can call. Each function checks its arguments before it acquires a session. */
export const workflow = {
  syncRoles: <E2, R>(
    desired: Desired,
    options: SyncRolesOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<SyncResult, SyncError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('sync roles', options)
      const prepared = yield* prepareRequest(desired, options, settings)
      const source = withoutResidue(requestSource(prepared, settings), settings)
      return yield* call('syncRoles', settings, provide, run(source, settings), prepared)
    }),

  executePlan: <E2, R>(
    plan: Plan,
    options: ExecutePlanOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<SyncResult, ExecutePlanError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('execute the plan', options)
      const reviewed = yield* prepareReviewed(plan, options.passwords, settings)
      const source = withoutResidue(reviewedSource(reviewed, settings), settings)
      return yield* call('executePlan', settings, provide, run(source, settings))
    }),

  planRoles: <E2, R>(
    desired: Desired,
    options: PlanRolesOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<Plan, PlanError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('sync roles', options)
      const prepared = yield* prepareRequest(desired, options, settings)
      const source = requestSource(prepared, settings)
      return yield* call('planRoles', settings, provide, planOnly(source, settings), prepared)
    }),

  dropUnusedRoles: <E2, R>(
    options: DropUnusedRolesOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<SyncResult, DropUnusedRolesError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('drop unused roles', options)
      return yield* call('dropUnusedRoles', settings, provide, run(dropSource(settings), settings))
    }),

  planDropUnusedRoles: <E2, R>(
    options: DropUnusedRolesOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<Plan, PlanDropUnusedRolesError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('drop unused roles', options)
      return yield* call('planDropUnusedRoles', settings, provide, planOnly(dropSource(settings), settings))
    }),

  describeRoles: <E2, R>(
    options: DescribeRolesOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<DescribedRoles, DescribeRolesError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('describe roles', options)
      const selection = yield* planning(() => readGiven('roles', () => selectionOf(options)))
      return yield* call('describeRoles', settings, provide, () => readDescription(selection, settings))
    }),

  introspect: <E2, R>(
    desired: Desired,
    options: CallOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<Snapshot, IntrospectError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('read the catalogs', options)
      const prepared = yield* prepareRequest(desired, {}, settings)
      return yield* call('introspect', settings, provide, () => readSnapshot(prepared, settings), prepared)
    }),
} as const
