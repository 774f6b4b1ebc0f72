import {
  differenceOf,
  lockShortage,
  noSelfGrantStatement,
  objectsAsPlanned,
  type Operation,
  operationsOf,
  type Plan,
  preparingPlan,
  type Scope,
  scopeOfPlan,
  type Secret,
  type Snapshot,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import {
  DatabaseError,
  databaseError,
  LockTimeoutError,
  ProofError,
  StatementError,
  TooManyLocksError,
} from './errors.ts'
import { tell } from './event.ts'
import { execute, type Verifiers } from './execute.ts'
import { type Frame, framed, frameOf } from './frame.ts'
import { inSpan } from './in-span.ts'
import { firstLook, type Look, lookInTransaction, readStored, settingsStatement } from './look.ts'
import type { Settings } from './options.ts'
import { parseStored, Passwords, storedQuery } from './passwords.ts'
import { planningLater } from './prepare.ts'
import type { Progress } from './progress.ts'
import { persistently } from './retry.ts'
import { grace, Session } from './session.ts'
import type { Answer } from './snapshot.ts'

/** What has been done. */
export interface SyncResult {
  /** Whether anything was changed. */
  readonly changed: boolean
  /** What was executed; without operations when there was nothing to do. */
  readonly plan: Plan
}

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

/** What stays the same through all attempts of a call. */
interface Call {
  readonly settings: Settings
  readonly frame: Frame
  readonly passwords: Passwords
  /** The roles of which the stored passwords are read, to compare. */
  readonly compared: readonly string[]
  readonly version: number
  /** What was read without the lock, that with what passwords were then, and what was planned for it. */
  readonly first: { readonly look: Look; readonly snapshot: Snapshot; readonly plan: Plan }
  readonly progress: Progress<SyncResult>
}

const rolesWithNewPasswords = (operations: readonly Operation[]): readonly string[] =>
  operations.flatMap((operation) => (operation.kind === 'setPassword' ? [operation.role] : []))

const verifiersFor = (
  operations: readonly Operation[],
  passwords: Passwords,
  version: number,
): Effect.Effect<Verifiers> =>
  Effect.map(
    Effect.forEach(
      rolesWithNewPasswords(operations),
      (role) => Effect.promise(async () => [role, await passwords.verifier(role, version)] as const),
      { concurrency: 'unbounded' },
    ),
    (entries) => new Map(entries),
  ).pipe(inSpan('pgsr.hash'))

/** The server’s clock, in seconds. */
const clock = "select pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::pg_catalog.text"

/**
 * Begins, and waits for the lock before anything else is locked. The first rows that it answers are those of the settings,
 * of the clock before the wait, of the lock, of the clock after it, and of the stored passwords.
 */
const beginning = ({ settings, frame, compared }: Call): string => {
  const { lockKey, lockTimeout, statementTimeout } = settings
  const statements = [
    settingsStatement(settings),
    `set local lock_timeout = ${lockTimeout}`,
    clock,
    `select pg_catalog.pg_advisory_xact_lock(${lockKey})`,
    clock,
    ...(compared.length > 0 ? [storedQuery(compared)] : []),
    ...(statementTimeout === undefined ? [] : [`set local statement_timeout = ${statementTimeout}`]),
    noSelfGrantStatement,
  ]
  return `${frame.begin}${statements.join(';')}`
}

/** A server that shuts down ends a session even while that waits for a standby to confirm what is committed. */
const isConnectionLost = ({ sqlState }: StatementError): boolean =>
  sqlState === undefined || /^(08|57P)/.test(sqlState)

/** Reads again what the plan touched, and fails unless it is what the plan predicted. */
const prove = Effect.fnUntraced(function* (plan: Plan, before: Snapshot, attempts: number) {
  const { snapshot: found } = yield* lookInTransaction(scopeOfPlan(plan))
  const difference = differenceOf(plan, before, found)
  if (difference === undefined) return
  yield* Effect.fail(new ProofError(difference, attempts))
}, inSpan('pgsr.prove'))

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

/** How far a call has come. */
interface Position {
  readonly executed: Plan['transactions']
  /** What is planned to follow. */
  readonly next: Plan
  /** Whether objects are what they were when that was planned. */
  readonly areAsPlanned: (found: Snapshot) => boolean
}

/** Begins, waits for the lock, and looks again. */
const lookUnderLock = Effect.fnUntraced(function* (scope: Scope, call: Call) {
  const { settings, compared, passwords } = call
  tell(settings.onEvent, { kind: 'lockWaitBegins', lockKey: settings.lockKey })
  const looking = { before: beginning(call), known: call.first.look }
  const { cells, snapshot } = yield* lookInTransaction(scope, looking)
  const [, before, , after, stored] = cells
  const milliseconds = Math.max(0, Math.round((Number(after) - Number(before)) * 1000))
  tell(settings.onEvent, { kind: 'lockWaitEnds', milliseconds })
  yield* Effect.annotateCurrentSpan({ 'pgsr.lock_wait_ms': milliseconds })
  if (compared.length === 0) return snapshot
  return yield* Effect.promise(() => passwords.compared(snapshot, parseStored(stored)))
}, inSpan('pgsr.lock'))

/** Ends the transaction. What becomes of that is noted even where nobody waits for the answer. */
const end = Effect.fnUntraced(function* (
  { frame, progress, settings }: Call,
  attempt: number,
  onEnded: () => void,
) {
  const session = yield* Session
  if (frame.isOwn) progress.stage = 'committing'
  yield* session
    .send(frame.end, {
      onAnswer: () => {
        onEnded()
        progress.stage = 'committed'
        tell(settings.onEvent, { kind: 'committed' })
      },
    })
    .pipe(
      Effect.mapError((error) => {
        const outcome = frame.isOwn && isConnectionLost(error) ? 'unknown' : 'unchanged'
        if (outcome === 'unchanged') progress.stage = 'working'
        return databaseError('commit', attempt, outcome)(error)
      }),
    )
}, inSpan('pgsr.commit'))

/** What a transaction is to do. */
interface Due extends Pick<Position, 'areAsPlanned'> {
  /** What the catalogs say now. */
  readonly snapshot: Snapshot
  /** All that is left to do. */
  readonly plan: Plan
  readonly transactions: Plan['transactions']
  /** Those as a plan of their own. */
  readonly proved: Plan
}

/**
 * Begins, looks, and plans. Of what only prepares nothing more is looked at than what it touches, and where that is as it
 * was it need not be planned again: the last transaction, which counts, looks at everything.
 */
const dueUnderLock = Effect.fnUntraced(function* <E>(
  { scope, planFor }: Pick<Task<E>, 'scope' | 'planFor'>,
  call: Call,
  { executed, next, areAsPlanned }: Position,
  attempt: number,
) {
  const { frame, first } = call
  const whileLooking = failedWhile('read the catalogs under the lock', attempt)
  // Another attempt needs other names for new roles.
  const preparing = frame.isOwn && attempt === 1 ? preparingPlan(next) : undefined
  const looked = lookUnderLock(preparing === undefined ? scope : scopeOfPlan(preparing), call)
  const found = yield* looked.pipe(whileLooking)
  if (preparing !== undefined && areAsPlanned(found)) {
    const { transactions } = preparing
    return { snapshot: found, plan: next, transactions, proved: preparing, areAsPlanned } satisfies Due
  }
  const { snapshot } =
    preparing === undefined ? { snapshot: found } : yield* lookInTransaction(scope).pipe(whileLooking)
  // Where nothing has changed since, the plan is as good as it was.
  const isPlanned = attempt === 1 && executed.length === 0 && snapshot === first.snapshot
  const plan = isPlanned ? first.plan : yield* planFor(snapshot, executed.length)
  const transactions = frame.isOwn ? plan.transactions.slice(0, 1) : plan.transactions
  const proved = { ...plan, transactions }
  return {
    snapshot,
    plan,
    transactions,
    proved,
    areAsPlanned: objectsAsPlanned(plan, snapshot),
  } satisfies Due
})

/** What has been done so far, and what is left to do. */
interface Reached {
  readonly result: SyncResult
  readonly position: Position
}

/**
 * One try at the next transaction: look under the lock, plan, execute the first transaction of the plan, prove, commit.
 * In a transaction of the caller’s there is no next one, and all is done at once. Whatever fails, or interrupts it, is
 * undone.
 */
const attemptOnce = <E>(
  task: Pick<Task<E>, 'scope' | 'planFor'>,
  call: Call,
  position: Position,
  attempt: number,
) => {
  const { settings, frame, passwords, version, progress } = call
  const { onEvent } = settings
  const work = Effect.fnUntraced(function* (onEnded: () => void) {
    progress.stage = 'working'
    const due: Due = yield* dueUnderLock(task, call, position, attempt)
    const { snapshot, plan, transactions, proved, areAsPlanned } = due
    const executed = [...position.executed, ...transactions]
    const result = { changed: executed.length > 0, plan: { ...plan, transactions: executed } }
    const next = { ...plan, transactions: plan.transactions.slice(transactions.length) }
    const reached: Reached = { result, position: { executed, next, areAsPlanned } }
    if (transactions.length === 0) {
      const session = yield* Session
      yield* session
        .send(frame.undo, { within: grace, onAnswer: onEnded })
        .pipe(Effect.mapError(databaseError('end the transaction', attempt)))
      return reached
    }
    const verifiers = yield* verifiersFor(transactions.flat(), passwords, version)
    yield* execute(plan, transactions, { verifiers, attempt, onEvent, executed: position.executed })
    yield* prove(proved, snapshot, attempt).pipe(failedWhile('read the catalogs under the lock', attempt))
    tell(onEvent, { kind: 'proved' })
    if (next.transactions.length === 0) progress.result = result
    yield* end(call, attempt, onEnded)
    return reached
  })
  return framed(frame, work).pipe(inSpan('pgsr.attempt', { 'pgsr.attempt': attempt }))
}

/** A lock that was not to be had in time is no accident to be retried; it is what the caller wanted to know. */
const lockTimeoutError =
  ({ lockTimeout }: Settings) =>
  <E>(error: E): E | LockTimeoutError =>
    error instanceof DatabaseError && error.sqlState === '55P03'
      ? new LockTimeoutError(error.message, lockTimeout)
      : error

const why: Readonly<Record<NonNullable<Answer['readOnly']>, string>> = {
  replica: 'the server is a replica, on which nothing can be written',
  transaction:
    'transactions of this session are read-only, by default_transaction_read_only or because the caller’s is',
}

const readOnly = (reason: NonNullable<Answer['readOnly']>): DatabaseError =>
  databaseError('execute the plan')(new StatementError({ message: why[reason], sqlState: '25006' }))

/**
 * A task whose plan fails where the server has not room for all the locks of a transaction. One of the caller’s is to
 * hold those of the whole plan, beside what it holds already.
 */
const withRoomForLocks = <E>(task: Task<E>, { isOwn }: Frame): Task<E | TooManyLocksError> => ({
  ...task,
  planFor: (snapshot, done) =>
    Effect.flatMap(task.planFor(snapshot, done), (plan) => {
      const shortage = lockShortage(snapshot, isOwn ? plan.transactions : [operationsOf(plan)])
      return shortage === undefined ? Effect.succeed(plan) : Effect.fail(new TooManyLocksError(shortage))
    }),
})

/** Looks without a lock, and compares the passwords given with what is stored where that may be read. */
const lookPersistently = Effect.fnUntraced(function* (
  { scope }: Pick<Task<unknown>, 'scope'>,
  passwords: Passwords,
  settings: Settings,
  frame: Frame,
) {
  const { roles } = passwords
  const answer = yield* persistently(() => firstLook(scope, frame, settings), settings, {
    frame,
    executes: false,
  })
  if (roles.length > 0) yield* planningLater(() => passwords.check(answer.version))
  if (roles.length === 0 || !answer.readsPasswords) return { ...answer, look: answer, compared: [] }
  const stored = yield* readStored(roles, frame, settings)
  const snapshot = yield* Effect.promise(() => passwords.compared(answer.snapshot, stored))
  return { ...answer, look: answer, snapshot, compared: roles }
})

/** What the catalogs say, to plan with and change nothing. */
export const lookOnly = Effect.fnUntraced(function* (
  task: Pick<Task<unknown>, 'scope' | 'passwords'>,
  settings: Settings,
) {
  const frame = yield* frameOf(false)
  const passwords = new Passwords(task.passwords, settings)
  const { snapshot } = yield* lookPersistently(task, passwords, settings, frame)
  return snapshot
})

const droppedAgain = (attempts: number): DatabaseError => {
  const message = 'somebody drops the intermediate roles that are made for it, again and again'
  return databaseError('prepare the plan', attempts)(new StatementError({ message, sqlState: '55000' }))
}

/**
 * One look when there is nothing to do, else one transaction after another: those before the last only prepare, and the
 * look of the last finds what is prepared. Others may drop that again, since nobody is a member of it yet; then there is
 * more to do.
 */
export const carryOut = <E>(given: Task<E>, settings: Settings, progress: Progress<SyncResult>) =>
  Effect.gen(function* () {
    const frame = yield* frameOf(true)
    const task = withRoomForLocks(given, frame)
    const passwords = new Passwords(task.passwords, settings)
    const first = yield* lookPersistently(task, passwords, settings, frame)
    const firstPlan = yield* task.planFor(first.snapshot, 0)
    const operations = operationsOf(firstPlan)
    tell(settings.onEvent, { kind: 'looked', operations: operations.length })
    if (operations.length === 0) return { changed: false, plan: firstPlan }
    if (first.readOnly !== null) return yield* Effect.fail(readOnly(first.readOnly))
    const { version, compared } = first
    // Before the lock is taken: others wait for it.
    yield* verifiersFor(operations, passwords, version)
    const call: Call = {
      settings,
      frame,
      passwords,
      compared,
      version,
      first: { look: first.look, snapshot: first.snapshot, plan: firstPlan },
      progress,
    }
    const limit = firstPlan.transactions.length * settings.attempts
    let position: Position = {
      executed: [],
      next: firstPlan,
      areAsPlanned: objectsAsPlanned(firstPlan, first.snapshot),
    }
    for (;;) {
      const reached: Reached = yield* persistently(
        (attempt) => attemptOnce(task, call, position, attempt),
        settings,
        { frame, executes: true },
      ).pipe(Effect.mapError(lockTimeoutError(settings)))
      position = reached.position
      if (position.next.transactions.length === 0) return reached.result
      if (position.executed.length > limit) return yield* Effect.fail(droppedAgain(settings.attempts))
    }
  })
