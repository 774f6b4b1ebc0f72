import { type DesiredRole, InvalidGrantError, outcomeOf, type Plan, type Snapshot } from '@pgsr/planner'
import { describeName, nameProblem } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import * as Result from 'effect/Result'
import type { DatabaseError } from '../errors.ts'
import type { PlanError, PlannerError, SyncError } from '../failures.ts'
import { makePlan } from '../sync/run-plan.ts'
import { call, checked, type ProvideSession, run } from '../sync/running.ts'
import { planning, readGiven } from '../sync/planning.ts'
import { type PlanSource, requestSource, withoutResidue } from '../sync/plan-source.ts'
import { type Prepared, prepareRequest } from '../sync/prepare-request.ts'
import type { Settings } from '../options.ts'
import { type DesiredInDatabases, desiredIn } from './desired.ts'
import {
  type DividedOptions,
  divideOptions,
  type PlanDatabasesOptions,
  type SyncDatabasesOptions,
  withoutCluster,
} from './options.ts'
import {
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
  readonly desired: readonly DesiredRole[]
  readonly options: DividedOptions['each']
}

/** Divides a call into its parts, the first of which is about the cluster, too. */
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
  const [first, ...others] = databases.map((database, index): Part => ({
    database,
    desired: desiredIn(desired, database, databases, index === 0),
    options: index === 0 ? each : { ...each, ...withoutCluster(each) },
  }))
  if (first === undefined)
    throw new InvalidGrantError({
      field: 'connections',
      message: 'cannot sync roles: there are no connections',
    })
  return [first, ...others]
}

const emitted = (listener: DividedOptions['onProgress'], progress: DatabasesProgress): void => {
  try {
    void Promise.resolve(listener?.(progress)).catch(() => undefined)
  } catch {
    // The listener’s errors are its own.
  }
}

/** The part of a database, after everything was checked. */
interface Begun {
  readonly database: string
  readonly first: FirstDatabase
  readonly prepared: Prepared
}

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
    const all = yield* Effect.forEach(parts, (part) =>
      Effect.gen(function* () {
        const { database, desired: roles, options: each } = part
        const settings = yield* checked('sync roles', each)
        const prepared = yield* prepareRequest(roles, each, settings)
        return { database, each, prepared, first, provide: provide[database]! }
      }),
    )
    return { divided, all }
  })

/** The plans for one database, of a call that begins now. */
const sourceOf = (
  { database, first, prepared }: Pick<Begun, 'database' | 'first' | 'prepared'>,
  settings: Settings,
) => inDatabase(requestSource(prepared, settings), database, first)

/** Adds the roles that the plan of the first database creates, as they will be when the other plans are executed. */
const withRolesOf = <E>(source: PlanSource<E>, outcome: Snapshot): PlanSource<E> => ({
  ...source,
  planFor: (snapshot, ...more) => {
    const there = new Set(snapshot.roles.map(({ name }) => name))
    const wanted = new Set(source.scope.desired)
    const created = outcome.roles.filter(({ name }) => wanted.has(name) && !there.has(name))
    return source.planFor({ ...snapshot, roles: [...snapshot.roles, ...created] }, ...more)
  },
})

/** What users can call for several databases of one cluster. */
export const databasesWorkflow = {
  syncDatabases: <E2, R>(
    provide: ProvideSessions<E2, R>,
    desired: DesiredInDatabases,
    options: SyncDatabasesOptions,
  ): Effect.Effect<DatabasesResult, PlannerError | SyncError | DatabasesError, R> =>
    Effect.gen(function* () {
      const { divided, all } = yield* prepare(provide, desired, options, false)
      const { concurrency, isReported, onProgress } = divided
      let ended = 0
      const one = (part: (typeof all)[number]) =>
        Effect.gen(function* () {
          emitted(onProgress, { database: part.database, state: 'begun', ended, of: all.length })
          const settings = yield* checked('sync roles', part.each)
          const source = withoutResidue(sourceOf(part, settings), settings)
          return yield* call('syncRoles', settings, part.provide, run(source, settings), part.prepared)
        }).pipe(
          Effect.result,
          Effect.map((result): DatabaseResult => {
            ended += 1
            const state = Result.isSuccess(result) ? 'done' : 'failed'
            emitted(onProgress, { database: part.database, state, ended, of: all.length })
            return Result.isSuccess(result)
              ? { state: 'done', ...result.success }
              : { state: 'failed', error: result.failure as SyncError | DatabaseError }
          }),
        )
      const [first, ...others] = all
      const ofFirst = yield* one(first)
      const notBegun = others.map((): DatabaseResult => ({ state: 'not begun' }))
      const rest = ofFirst.state === 'done' ? yield* Effect.forEach(others, one, { concurrency }) : notBegun
      const results = [ofFirst, ...rest]
      const result: DatabasesResult = {
        changed: results.some((database) => database.state === 'done' && database.changed),
        databases: Object.fromEntries(all.map(({ database }, index) => [database, results[index]!])),
      }
      const isDone = results.every(({ state }) => state === 'done')
      return isDone || isReported ? result : yield* Effect.fail(new DatabasesError(result))
    }),

  planDatabases: <E2, R>(
    provide: ProvideSessions<E2, R>,
    desired: DesiredInDatabases,
    options: PlanDatabasesOptions,
  ): Effect.Effect<DatabasesPlans, PlanError | E2, R> =>
    Effect.gen(function* () {
      const { divided, all } = yield* prepare(provide, desired, options, true)
      const [first, ...others] = all
      let outcome: Snapshot | undefined
      const planned = (
        part: (typeof all)[number],
        adapt: (source: PlanSource<PlanError>) => PlanSource<PlanError>,
      ) =>
        Effect.gen(function* () {
          const settings = yield* checked('sync roles', part.each)
          const source = adapt(sourceOf(part, settings))
          return yield* call(
            'planRoles',
            settings,
            part.provide,
            () => makePlan(source, settings),
            part.prepared,
          )
        })
      const ofFirst: Plan = yield* planned(first, (source) => ({
        ...source,
        planFor: (snapshot, ...more) =>
          Effect.tap(source.planFor(snapshot, ...more), (plan) =>
            Effect.sync(() => {
              outcome = outcomeOf(snapshot, plan)
            }),
          ),
      }))
      const rest = yield* Effect.forEach(
        others,
        (other) => planned(other, (source) => withRolesOf(source, outcome!)),
        { concurrency: divided.concurrency },
      )
      return Object.fromEntries(all.map(({ database }, index) => [database, [ofFirst, ...rest][index]!]))
    }),
} as const
