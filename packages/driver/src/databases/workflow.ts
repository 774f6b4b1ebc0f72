import { type AbsentRole, type DesiredRole, InvalidGrantError, outcomeOf, type Plan } from '@pgsr/planner'
import { describeName, nameProblem } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import * as Result from 'effect/Result'
import type { DatabaseError } from '../errors.ts'
import { emit } from '../events.ts'
import type { PlanError, PlannerError, SyncError } from '../failures.ts'
import { makePlan } from '../sync/run-plan.ts'
import { call, checked, type ProvideSession, run } from '../sync/running.ts'
import { planning, readGiven } from '../sync/planning.ts'
import { type PlanSource, requestSource, withoutResidue } from '../sync/plan-source.ts'
import type { Prepared } from '../sync/prepared.ts'
import { withAssertions } from '../sync/assertions.ts'
import { prepareRequest } from '../sync/prepare-request.ts'
import type { SyncRolesOptions } from '../options.ts'
import type { Desired } from '../functions.ts'
import { checkAsserted, checkPlansIn, withAsserted, withoutAsserted } from './assertions.ts'
import { afterChange, clusterChangeOf, onOutcome, type Outcome } from './cluster-change.ts'
import { absentIn, type DesiredInDatabases, desiredIn } from './desired.ts'
import {
  type DividedOptions,
  divideOptions,
  type PlanDatabasesOptions,
  type SyncDatabasesOptions,
  withoutCluster,
} from './options.ts'
import { leavingDrops, withoutLeft, withoutOthers } from './other-databases.ts'
import type { Place } from './place.ts'
import {
  type DatabasePlans,
  type DatabaseResult,
  DatabasesError,
  type DatabasesPlans,
  type DatabasesProgress,
  type DatabasesResult,
} from './results.ts'
import { type FirstDatabase, inDatabase } from './same-cluster.ts'

/** For each database, how a session of it is acquired. */
export type ProvideSessions<E2, R> = Readonly<Record<string, ProvideSession<E2, R>>>

/** What is to be done in one database: checked, and not begun. */
interface Part {
  readonly database: string
  readonly desired: readonly (DesiredRole | AbsentRole)[]
  readonly options: DividedOptions['each']
}

/**
 * Divides a call into its parts. The first is about the cluster, too, and about the roles that should not exist. What other
 * roles have from these, and should have, they get anew in the same plan.
 */
const divide = (
  provide: ProvideSessions<unknown, unknown>,
  desired: DesiredInDatabases,
  { each }: DividedOptions,
): readonly [Part, ...Part[]] => {
  const databases = Object.keys(provide)
  for (const database of databases) {
    const problem = nameProblem(database)
    if (problem !== undefined)
      throw new InvalidGrantError({
        field: 'connections',
        message: `cannot sync roles: the name of database ${describeName(database)} ${problem}`,
      })
  }
  const absent = absentIn(desired)
  const [first, ...others] = databases.map((database, index): Part => {
    const here = desiredIn(desired, database, databases, index === 0)
    if (index === 0) return { database, desired: [...here, ...absent], options: withAsserted(each, database) }
    // As long as roles have something there that should not exist, nothing can be said of the outcome.
    const asserting = absent.length > 0 ? withoutAsserted(each) : withAsserted(each, database)
    return { database, desired: here, options: { ...asserting, ...withoutCluster(asserting) } }
  })
  if (first === undefined)
    throw new InvalidGrantError({
      field: 'connections',
      message: 'cannot sync roles: there are no connections',
    })
  return [first, ...others]
}

/** A call of its own in one database, after everything was checked. */
interface Work {
  readonly prepared: Prepared
  readonly each: SyncRolesOptions
}

const prepareWork = Effect.fnUntraced(function* (desired: Desired, each: SyncRolesOptions) {
  const settings = yield* checked('sync roles', each)
  return yield* prepareRequest(desired, each, settings)
})

type Adapt = (source: PlanSource<PlanError>) => PlanSource<PlanError>

const asItIs: Adapt = (source) => source

/** Syncs the roles of a part. */
const syncIn = <E2, R>(
  { database, first, provide }: Place<E2, R>,
  { prepared, each }: Work,
  adapt: Adapt = asItIs,
) =>
  Effect.gen(function* () {
    const settings = yield* checked('sync roles', each)
    const source = adapt(inDatabase(requestSource(prepared, settings), database, first))
    const accepted = withAssertions(withoutResidue(source, settings), settings)
    return yield* call('syncRoles', settings, provide, run(accepted, settings), prepared)
  })

/** Makes the plan of a part. */
const planIn = <E2, R>(
  { database, first, provide }: Place<E2, R>,
  { prepared, each }: Work,
  adapt: Adapt = asItIs,
) =>
  Effect.gen(function* () {
    const settings = yield* checked('sync roles', each)
    const source = adapt(inDatabase(requestSource(prepared, settings), database, first))
    return yield* call('planRoles', settings, provide, () => makePlan(source, settings), prepared)
  })

/** Checks everything before anything is sent. */
const prepare = <E2, R>(
  provide: ProvideSessions<E2, R>,
  desired: DesiredInDatabases,
  options: SyncDatabasesOptions,
  isPlanned: boolean,
) =>
  Effect.gen(function* () {
    const divided = yield* planning(() => readGiven('options', () => divideOptions(options, isPlanned)))
    const parts = yield* planning(() => readGiven('desired', () => divide(provide, desired, divided)))
    const first: FirstDatabase = { name: parts[0].database }
    const absent = absentIn(desired)
    const all = yield* Effect.forEach(parts, ({ database, desired: roles, options: each }) =>
      Effect.map(prepareWork(roles, each), (prepared) => {
        const work: Work = { prepared, each }
        return { database, first, work, provide: provide[database]! }
      }),
    )
    const { assertions = [] } = divided.each
    yield* planning(() =>
      checkAsserted(
        assertions,
        parts.map(({ database }) => database),
      ),
    )
    // What PUBLIC has is settled by then.
    const { public: _, ...each } = divided.each
    const toDrop: Work | undefined =
      absent.length === 0 ? undefined : { prepared: yield* prepareWork(absent, each), each }
    return { divided, all, toDrop }
  })

type Done = Extract<DatabaseResult, { readonly state: 'done' }>

const isDone = (one: DatabaseResult): one is Done => one.state === 'done'

/**
 * Takes from the roles that should not exist what they have in the other databases. The first database comes last: there
 * they are dropped, since nothing else is left of them.
 */
const dropAbsent = <E2, R>(
  all: readonly Place<E2, R>[],
  toDrop: Work,
  before: readonly Done[],
  concurrency: number,
): Effect.Effect<readonly DatabaseResult[], never, R> => {
  const drop = (index: number): Effect.Effect<DatabaseResult, never, R> => {
    const [part, done] = [all[index]!, before[index]!]
    const dropped =
      index === 0
        ? syncIn(part, { ...toDrop, each: withoutAsserted(toDrop.each) })
        : syncIn(part, { ...toDrop, each: withAsserted(toDrop.each, part.database) }, (source) =>
            leavingDrops(source, part.first),
          )
    return Effect.map(Effect.result(dropped), (result) =>
      Result.isSuccess(result)
        ? { ...done, absent: result.success }
        : { state: 'failed', error: result.failure as SyncError | DatabaseError, done },
    )
  }
  const others = all.map((_, index) => index).slice(1)
  return Effect.gen(function* () {
    const ofOthers = yield* Effect.forEach(others, drop, { concurrency })
    const results = [yield* drop(0), ...ofOthers]
    const done = all.flatMap(({ database }, index) => (isDone(results[index]!) ? [database] : []))
    return results.map((one) =>
      isDone(one) ? { ...withoutLeft(one, done), absent: withoutLeft(one.absent!, done) } : one,
    )
  })
}

/** What users can call for several databases of one cluster. */
export const databasesWorkflow = {
  syncDatabases: <E2, R>(
    provide: ProvideSessions<E2, R>,
    desired: DesiredInDatabases,
    options: SyncDatabasesOptions,
  ): Effect.Effect<DatabasesResult, PlannerError | SyncError | DatabasesError, R> =>
    Effect.gen(function* () {
      const { divided, all, toDrop } = yield* prepare(provide, desired, options, false)
      const { concurrency, isReported, onProgress } = divided
      let ended = 0
      type Each = (typeof all)[number]
      const told = (part: Each, state: DatabasesProgress['state']): void =>
        emit(onProgress, { database: part.database, state, ended, of: all.length })
      const done = (part: Each): Effect.Effect<DatabaseResult, never, R> =>
        Effect.map(Effect.result(syncIn(part, part.work)), (result) =>
          Result.isSuccess(result)
            ? { state: 'done', ...result.success }
            : { state: 'failed', error: result.failure as SyncError | DatabaseError },
        )
      const begin = (part: Each) =>
        Effect.suspend(() => {
          told(part, 'begun')
          return done(part)
        }).pipe(
          Effect.tap(({ state }) =>
            Effect.sync(() => {
              ended += 1
              told(part, state === 'done' ? 'done' : 'failed')
            }),
          ),
        )
      const [first, ...others] = all
      const ofFirst = yield* begin(first)
      const notBegun = others.map((): DatabaseResult => ({ state: 'not begun' }))
      const rest = ofFirst.state === 'done' ? yield* Effect.forEach(others, begin, { concurrency }) : notBegun
      const before = [ofFirst, ...rest]
      const isReady = toDrop !== undefined && before.every(isDone)
      const results = isReady ? yield* dropAbsent(all, toDrop, before, concurrency) : before
      const result: DatabasesResult = {
        changed: results.some((one) => one.state === 'done' && (one.changed || one.absent?.changed === true)),
        databases: Object.fromEntries(all.map(({ database }, index) => [database, results[index]!])),
      }
      return isReported || results.every(isDone) ? result : yield* Effect.fail(new DatabasesError(result))
    }),

  planDatabases: <E2, R>(
    provide: ProvideSessions<E2, R>,
    desired: DesiredInDatabases,
    options: PlanDatabasesOptions,
  ): Effect.Effect<DatabasesPlans, PlanError | E2, R> =>
    Effect.gen(function* () {
      const { divided, all, toDrop } = yield* prepare(provide, desired, options, true)
      const [first, ...others] = all
      let outcome: Outcome | undefined
      const ofFirst: Plan = yield* planIn(first, first.work, (source) => ({
        ...source,
        planFor: (snapshot, ...more) =>
          Effect.tap(source.planFor(snapshot, ...more), (plan) =>
            Effect.sync(() => {
              outcome = { before: snapshot, after: outcomeOf(snapshot, plan) }
            }),
          ),
      }))
      const change = clusterChangeOf(outcome!)
      const { concurrency } = divided
      const rest = yield* Effect.forEach(
        others,
        (other) => planIn(other, other.work, (source) => afterChange(source, change)),
        { concurrency },
      )
      const planLast = Effect.fnUntraced(function* (work: Work) {
        const ofOthers = yield* Effect.forEach(
          others,
          (other) => planIn(other, work, (source) => leavingDrops(afterChange(source, change), other.first)),
          { concurrency },
        )
        const done = new Map(others.map(({ database }, index) => [database, ofOthers[index]!]))
        const last = yield* planIn(first, work, (source) => onOutcome(withoutOthers(source, done), outcome!))
        return [last, ...ofOthers]
      })
      const plans = [ofFirst, ...rest]
      const lastPlans = toDrop === undefined ? [] : yield* planLast(toDrop)
      const lastOf = (index: number): readonly Plan[] => lastPlans.slice(index, index + 1)
      yield* Effect.forEach(
        all,
        (part, index) =>
          checkPlansIn(
            part,
            divided.each,
            [plans[index]!, ...lastOf(index)],
            index === 0 ? undefined : change,
          ),
        { concurrency },
      )
      return Object.fromEntries(
        all.map(({ database }, index): [string, DatabasePlans] => {
          const [absent] = lastOf(index)
          return [database, { plan: plans[index]!, ...(absent !== undefined && { absent }) }]
        }),
      )
    }),
} as const
