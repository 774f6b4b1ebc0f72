import { accessDifferenceOf } from '@pgsr/planner'
import type {
  AccessDifference,
  AccessOf,
  AccessQuestion,
  DescribedRoles,
  Explanation,
  Plan,
  Snapshot,
  WhoCan,
  WhoCanQuestion,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import type {
  DescribeRolesError,
  DropUnusedRolesError,
  ExecutePlanError,
  ExplainError,
  IntrospectError,
  PlanDropUnusedRolesError,
  PlanError,
  SyncError,
} from '../failures.ts'
import type { Desired, SyncResult } from '../functions.ts'
import {
  type AccessOfCallOptions,
  type CallOptions,
  type DescribeRolesOptions,
  type DropUnusedRolesOptions,
  type ExecutePlanOptions,
  type ExplainCallOptions,
  type IntrospectAccessOptions,
  type IntrospectOptions,
  type PlanRolesOptions,
  type Settings,
  type SyncRolesOptions,
} from '../options.ts'
import { managedIn, readDescription, selectionOf } from './describe-roles.ts'
import { readAccessFor, withAssertions } from './assertions.ts'
import {
  accessScopeOf,
  questionOf,
  readAccess,
  readAccessOf,
  readExplanation,
  readWhoCan,
  roleOf,
  whoCanQuestionOf,
} from './explain.ts'
import { planning, planningInTime, readGiven } from './planning.ts'
import { anySize } from './workload.ts'
import { dropSource, type PlanSource, requestSource, reviewedSource, withoutResidue } from './plan-source.ts'
import { prepareRequest } from './prepare-request.ts'
import { prepareReviewed } from './reviewed-plan.ts'
import { call, checked, type ProvideSession, run } from './running.ts'
import { makePlan, readSnapshot } from './run-plan.ts'

/** Makes the plan of a source, and executes nothing. */
const planOnly =
  <E>(source: PlanSource<E>, settings: Settings) =>
  () =>
    makePlan(source, settings)

/** What a call has read is remembered for the next one, so that the caller gets a copy. */
const copyOf = (snapshot: Snapshot): Snapshot => structuredClone(snapshot)

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
      const source = withAssertions(withoutResidue(requestSource(prepared, settings), settings), settings)
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
      const source = withAssertions(withoutResidue(reviewedSource(reviewed, settings), settings), settings)
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
      const source = withAssertions(requestSource(prepared, settings), settings)
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
      const manages = yield* planning(() => readGiven('manages', () => managedIn(options)))
      return yield* call('describeRoles', settings, provide, () =>
        readDescription(selection, manages, settings),
      )
    }),

  explain: <E2, R>(
    given: AccessQuestion,
    options: ExplainCallOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<Explanation, ExplainError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('explain access', options)
      const question = yield* planning(() => readGiven('question', () => questionOf(given)))
      return yield* call('explain', settings, provide, () => readExplanation(question, options, settings))
    }),

  whoCan: <E2, R>(
    given: WhoCanQuestion,
    options: ExplainCallOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<WhoCan, ExplainError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('explain access', options)
      const question = yield* planning(() => readGiven('question', () => whoCanQuestionOf(given)))
      return yield* call('whoCan', settings, provide, () => readWhoCan(question, options, settings))
    }),

  accessOf: <E2, R>(
    given: string,
    options: AccessOfCallOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<AccessOf, ExplainError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('list what a role can do', options)
      const role = yield* planning(() => roleOf(given))
      return yield* call('accessOf', settings, provide, () => readAccessOf(role, options, settings))
    }),

  accessDifference: <E2, R>(
    plan: Plan,
    options: CallOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<AccessDifference, ExplainError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('compare access', options)
      return yield* call('accessDifference', settings, provide, () =>
        Effect.flatMap(readAccessFor(settings, plan), (snapshot) =>
          planningInTime(settings, anySize, () => accessDifferenceOf(snapshot, plan)),
        ),
      )
    }),

  introspectAccess: <E2, R>(
    options: IntrospectAccessOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<Snapshot, ExplainError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('read who can do what', options)
      const scope = yield* planning(() => readGiven('options', () => accessScopeOf(options)))
      const read = () => Effect.map(readAccess(scope, settings), copyOf)
      return yield* call('introspectAccess', settings, provide, read)
    }),

  introspect: <E2, R>(
    desired: Desired,
    options: IntrospectOptions,
    provide: ProvideSession<E2, R>,
  ): Effect.Effect<Snapshot, IntrospectError | E2, R> =>
    Effect.gen(function* () {
      const settings = yield* checked('read the catalogs', options)
      const prepared = yield* prepareRequest(desired, options, settings)
      const read = () => Effect.map(readSnapshot(prepared, settings), copyOf)
      return yield* call('introspect', settings, provide, read, prepared)
    }),
} as const
