import {
  type AbsentRole,
  type DesiredRole,
  InvalidGrantError,
  type OtherDatabase,
  outcomeOf,
  type Plan,
  type Snapshot,
} from '@pgsr/planner'
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
import type { Desired, SyncResult } from '../functions.ts'
import { checkAsserted, checkPlansIn, withAsserted, withoutAsserted } from './assertions.ts'
import { afterChange, clusterChangeOf, type Outcome } from './cluster-change.ts'
import { absentIn, type DesiredInDatabases, desiredIn } from './desired.ts'
import {
  type DividedOptions,
  divideOptions,
  type PlanDatabasesOptions,
  type SyncDatabasesOptions,
  withoutCluster,
} from './options.ts'
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

/** Whether something of a role stays in a database by the plan for it. */
const isLeft = (plan: Plan | undefined, role: string): boolean =>
  plan === undefined || plan.residue.some((one) => one.role === role && one.reason !== 'in another database')

type OtherDatabases = readonly OtherDatabase[]

/** The same plans, made as if absent roles had something in other databases than they have. */
const withOthers = <E>(
  source: PlanSource<E>,
  othersIn: (snapshot: Snapshot, others: OtherDatabases) => OtherDatabases,
): PlanSource<E> => ({
  ...source,
  planFor: (snapshot, ...more) => {
    const { mentions } = snapshot
    if (mentions === undefined) return source.planFor(snapshot, ...more)
    const otherDatabases = othersIn(snapshot, mentions.otherDatabases)
    return source.planFor({ ...snapshot, mentions: { ...mentions, otherDatabases } }, ...more)
  },
})

/** Leaves out what absent roles lose in other databases by the plans for these, which are executed before. */
const withoutOthers = <E>(source: PlanSource<E>, plans: ReadonlyMap<string, Plan>): PlanSource<E> =>
  withOthers(source, (_snapshot, others) =>
    others.filter(({ role, database }) => isLeft(plans.get(database), role)),
  )

/** Leaves it to the first database to drop absent roles: two databases must never drop the same role at once. */
const leavingDrops = <E>(source: PlanSource<E>, { name: database }: FirstDatabase): PlanSource<E> => {
  const absent = new Set(source.scope.absent)
  return withOthers(source, ({ roles }, others) => [
    ...others.filter((one) => one.database !== database),
    ...roles.flatMap(({ name: role }) => (absent.has(role) ? [{ role, database }] : [])),
  ])
}

/** The same plans, made for what an earlier plan leads to, which has read more. */
const onOutcome = <E>(source: PlanSource<E>, { after }: Outcome): PlanSource<E> => ({
  ...source,
  planFor: (_snapshot, ...more) => source.planFor(after, ...more),
})

type Done = Extract<DatabaseResult, { readonly state: 'done' }>

const isDone = (one: DatabaseResult): one is Done => one.state === 'done'

/** What was done, without what was left to some databases, and was done there. */
const withoutLeft = <T extends SyncResult>(done: T, databases: readonly string[]): T => {
  const { plan } = done
  const residue = plan.residue.filter(
    ({ database }) => database === undefined || !databases.includes(database),
  )
  return { ...done, plan: { ...plan, residue } }
}

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
      const plans = [ofFirst, ...rest].map((plan): DatabasePlans => ({ plan }))
      const accepted = Effect.fnUntraced(function* (ofEach: readonly DatabasePlans[]) {
        const every = all.map((part, index) => ({ part, plans: ofEach[index]!, isFirst: index === 0 }))
        yield* Effect.forEach(
          every,
          ({ part, plans: { plan, absent }, isFirst }) =>
            checkPlansIn(
              part,
              divided.each,
              absent === undefined ? [plan] : [plan, absent],
              isFirst ? undefined : change,
            ),
          { concurrency },
        )
        return Object.fromEntries(every.map(({ part, plans: its }) => [part.database, its]))
      })
      if (toDrop === undefined) return yield* accepted(plans)
      const ofOthers = yield* Effect.forEach(
        others,
        (other) => planIn(other, toDrop, (source) => leavingDrops(afterChange(source, change), other.first)),
        { concurrency },
      )
      const done = new Map(others.map(({ database }, index) => [database, ofOthers[index]!]))
      const last = yield* planIn(first, toDrop, (source) => onOutcome(withoutOthers(source, done), outcome!))
      return yield* accepted([last, ...ofOthers].map((absent, index) => ({ ...plans[index]!, absent })))
    }),
} as const
