import {
  differenceOf,
  noSelfGrantStatement,
  operationsOf,
  outcomeOf,
  type Plan,
  type Scope,
  scopeOfPlan,
  Secret,
  type Snapshot,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import * as Schedule from 'effect/Schedule'
import { DatabaseError, LockTimeoutError, ProofError, StatementError } from './errors.ts'
import { execute, type Verifiers } from './execute.ts'
import { databaseError, firstLook, lookInTransaction, searchPath } from './look.ts'
import type { Settings } from './options.ts'
import { isRetryable } from './retryable.ts'
import { Session } from './session.ts'
import { verifierOf } from './verifier.ts'

/** What is to be carried out. */
export interface Task<E> {
  /** What has to be read to plan it. */
  readonly scope: Scope
  /** By role, those that the plan may set. */
  readonly passwords: ReadonlyMap<string, Secret>
  /**
   * Plans for what was read, each time that it is, when some transactions have been executed already; fails where such a
   * plan may not be executed.
   */
  readonly planFor: (snapshot: Snapshot, done: number) => Effect.Effect<Plan, E>
}

/** Computed before the lock is taken: it is slow on purpose, and others wait for the lock. */
const verifiersFor = (
  plan: Plan,
  { passwords }: Pick<Task<unknown>, 'passwords'>,
  version: number,
): Effect.Effect<Verifiers> =>
  Effect.map(
    Effect.forEach(
      operationsOf(plan).filter(({ kind }) => kind === 'setPassword') as { readonly role: string }[],
      ({ role }) =>
        Effect.promise(async () => {
          const password = Secret.reveal(passwords.get(role)!) as string
          return [role, await verifierOf(version, role, password)] as const
        }),
      { concurrency: 'unbounded' },
    ),
    (entries) => new Map(entries),
  )

const beginning = ({ lockKey, lockTimeout, statementTimeout }: Settings): string =>
  [
    'begin isolation level read committed read write',
    `set local search_path = ${searchPath}`,
    `set local lock_timeout = ${lockTimeout}`,
    `select pg_catalog.pg_advisory_xact_lock(${lockKey})`,
    noSelfGrantStatement,
    ...(statementTimeout === undefined ? [] : [`set local statement_timeout = ${statementTimeout}`]),
    'savepoint pgsr_sync',
    '',
  ].join(';')

/**
 * A COMMIT outside of any transaction succeeds, and commits nothing. Where a connection was lost and silently made
 * anew, there is no savepoint to release.
 */
const ending = 'release savepoint pgsr_sync;commit'

/** A server that shuts down ends a session even while that waits for a standby to confirm what is committed. */
const isConnectionLost = ({ sqlState }: StatementError): boolean =>
  sqlState === undefined || /^(08|57P)/.test(sqlState)

/** Reads again what the plan touched, and fails unless it is what the plan predicted. */
const prove = Effect.fn('pgsr.prove')(function* (plan: Plan, before: Snapshot, attempts: number) {
  const found = yield* lookInTransaction(scopeOfPlan(plan))
  const difference = differenceOf(plan, outcomeOf(before, plan), found)
  if (difference === undefined) return
  yield* Effect.fail(new ProofError(difference, attempts))
})

/** Says of a text that PostgreSQL refused what it was for. */
const failedWhile =
  (operation: string, attempt: number) =>
  <A, E, R>(
    self: Effect.Effect<A, E | StatementError, R>,
  ): Effect.Effect<A, Exclude<E, StatementError> | DatabaseError, R> =>
    Effect.mapError(self, (error) =>
      error instanceof StatementError
        ? databaseError(operation, attempt)(error)
        : (error as Exclude<E, StatementError>),
    )

/**
 * One try at the next transaction: look under the lock, plan, execute the first transaction of the plan, prove, commit.
 * Whatever fails, or interrupts it, rolls back.
 */
const attemptOnce = <E>(
  { scope, planFor }: Pick<Task<E>, 'scope' | 'planFor'>,
  settings: Settings,
  { verifiers, done, attempt }: { verifiers: Verifiers; done: number; attempt: number },
) => {
  const whileLooking = failedWhile('read the catalogs under the lock', attempt)
  const work = Effect.gen(function* () {
    const session = yield* Session
    const snapshot = yield* lookInTransaction(scope, beginning(settings)).pipe(whileLooking)
    const plan = yield* planFor(snapshot, done)
    const [operations] = plan.transactions
    if (operations === undefined) {
      yield* session.send('rollback').pipe(Effect.mapError(databaseError('end the transaction', attempt)))
      return { changed: false, plan }
    }
    yield* execute(plan, operations, verifiers, attempt)
    yield* prove({ ...plan, transactions: [operations] }, snapshot, attempt).pipe(whileLooking)
    yield* session
      .send(ending)
      .pipe(
        Effect.mapError((error) =>
          databaseError('commit', attempt, isConnectionLost(error) ? 'unknown' : 'unchanged')(error),
        ),
      )
    return { changed: true, plan }
  })
  return Effect.onExit(work, (exit) =>
    exit._tag === 'Success'
      ? Effect.void
      : Session.use((session) => session.send('rollback')).pipe(Effect.ignore),
  )
}

const isWorthRetrying = (error: unknown): boolean =>
  error instanceof ProofError || (error instanceof DatabaseError && isRetryable(error.cause))

/** A lock that was not to be had in time is no accident to be retried; it is what the caller wanted to know. */
const lockTimeoutError =
  ({ lockTimeout }: Settings) =>
  <E>(error: E): E | LockTimeoutError =>
    error instanceof DatabaseError && error.sqlState === '55P03'
      ? new LockTimeoutError(error.message, lockTimeout)
      : error

const readOnly = (): DatabaseError => {
  const cause = new StatementError({
    message: 'the server is a replica, on which nothing can be written',
    sqlState: '25006',
  })
  return databaseError('execute the plan')(cause)
}

/** Tries again after a short while, twice as long each time and never the same: others are trying too. */
const backOff = Schedule.exponential('20 millis').pipe(Schedule.jittered)

const persistently = ({ attempts }: Pick<Settings, 'attempts'>) => ({
  schedule: backOff,
  times: attempts - 1,
  while: isWorthRetrying,
})

/** Looks without a lock. */
export const lookPersistently = (
  { scope }: Pick<Task<unknown>, 'scope'>,
  settings: Pick<Settings, 'attempts'>,
) => Effect.retry(firstLook(scope), persistently(settings))

const droppedAgain = (attempts: number): DatabaseError => {
  const message = 'somebody drops the intermediate roles that are made for it, again and again'
  return databaseError('prepare the plan', attempts)(new StatementError({ message, sqlState: '55000' }))
}

/**
 * One look when there is nothing to do, else one transaction after another: those before the last only prepare, and each
 * look finds what is prepared. Others may drop that again, since nobody is a member of it yet; then there is more to do.
 */
export const carryOut = <E>(task: Task<E>, settings: Settings) =>
  Effect.gen(function* () {
    const first = yield* lookPersistently(task, settings)
    const firstPlan = yield* task.planFor(first.snapshot, 0)
    if (operationsOf(firstPlan).length === 0) return { changed: false, plan: firstPlan }
    if (first.readOnly) return yield* Effect.fail(readOnly())
    const verifiers = yield* verifiersFor(firstPlan, task, first.version)
    const executed: Plan['transactions'][number][] = []
    const limit = firstPlan.transactions.length * settings.attempts
    for (;;) {
      let attempt = 0
      const done = executed.length
      const { changed, plan } = yield* Effect.suspend(() =>
        attemptOnce(task, settings, { verifiers, done, attempt: ++attempt }),
      ).pipe(Effect.retry(persistently(settings)), Effect.mapError(lockTimeoutError(settings)))
      const [operations, ...left] = plan.transactions
      if (operations !== undefined) executed.push(operations)
      if (left.length === 0)
        return { changed: changed || done > 0, plan: { ...plan, transactions: executed } }
      if (executed.length > limit) return yield* Effect.fail(droppedAgain(settings.attempts))
    }
  })
