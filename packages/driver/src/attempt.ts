import {
  noSelfGrantStatement,
  objectsAsPlanned,
  type Plan,
  predictionOf,
  preparingPlan,
  type Scope,
  scopeOfPlan,
  type Snapshot,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { type DatabaseError, databaseError, LockTimeoutError, ProofError, StatementError } from './errors.ts'
import { tell } from './event.ts'
import { type Batch, batchesOf, execute, isLockTimeout, type Means, sentFor } from './execute.ts'
import { type Frame, framed } from './frame.ts'
import { inSpan } from './in-span.ts'
import { inTime, type Time } from './in-time.ts'
import { readLastCell } from './last-cell.ts'
import { readLockHolders } from './lock-holders.ts'
import { type Look, lookInTransaction, settingsStatement, type StoredScope } from './look.ts'
import { meanwhile } from './meanwhile.ts'
import type { Settings } from './options.ts'
import { type Passwords, storedQuery } from './passwords.ts'
import type { Progress } from './progress.ts'
import { grace, Session } from './session.ts'
import type { SyncResult, Task } from './task.ts'

/** What stays the same through all attempts of a call. */
export interface Call extends Means {
  readonly settings: Settings
  readonly frame: Frame
  readonly passwords: Passwords
  /** Of which roles is read what is stored of their passwords, where that may be read. */
  readonly stored: StoredScope | undefined
  readonly version: number
  /** What was read without the lock, and that with what passwords were then. */
  readonly first: { readonly look: Look; readonly snapshot: Snapshot }
  readonly progress: Progress<SyncResult>
}

/** How far a call has come. */
export interface Position {
  readonly executed: Plan['transactions']
  /** What is planned to follow. */
  readonly next: Plan
  /** Whether the objects that operations touch are what they were when that was planned. */
  readonly areAsPlanned: ReturnType<typeof objectsAsPlanned>
}

/** The server’s clock, in seconds. */
const clock = "select pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::pg_catalog.text"

/**
 * Begins, and waits for the lock before anything else is locked. The first rows that it answers are those of the settings,
 * of the clock before the wait, of the lock, of the clock after it, and of the stored passwords.
 */
const beginning = ({ settings, frame, stored, patience }: Call): string => {
  const { lockKey, statementTimeout } = settings
  const statements = [
    settingsStatement(settings),
    `set local lock_timeout = ${patience.lockTimeout()}`,
    clock,
    `select pg_catalog.pg_advisory_xact_lock(${lockKey})`,
    clock,
    ...(stored === undefined ? [] : [storedQuery(stored.roles, stored.compared)]),
    ...(statementTimeout === undefined ? [] : [`set local statement_timeout = ${statementTimeout}`]),
    noSelfGrantStatement,
  ]
  return `${frame.begin}${statements.join(';')}`
}

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

/** Says who has the lock that was not to be had in time. */
const lockNotHad = Effect.fnUntraced(function* ({ settings }: Call, refused: StatementError) {
  const holders = yield* readLockHolders(settings).pipe(Effect.orElseSucceed(() => []))
  const take = `take the advisory lock ${settings.lockKey}`
  const operation = holders.length > 0 ? take : `${take} and read the catalogs under it`
  return yield* Effect.fail(new LockTimeoutError(operation, refused.message, settings.lockTimeout, holders))
})

/** Begins, waits for the lock, and looks again. */
const lookUnderLock = Effect.fnUntraced(function* (scope: Scope, call: Call) {
  const { settings, passwords, patience, progress } = call
  tell(settings.onEvent, { kind: 'lockWaitBegins', lockKey: settings.lockKey })
  progress.awaits = `the advisory lock ${settings.lockKey}`
  const looking = { before: beginning(call), known: call.first.look }
  const { cells, snapshot } = yield* lookInTransaction(scope, looking).pipe(
    Effect.catchIf(
      (error): error is StatementError => error instanceof StatementError && isLockTimeout(error),
      (refused) => lockNotHad(call, refused),
    ),
  )
  const [, before, , after, stored] = cells
  const milliseconds = Math.max(0, Math.round((Number(after) - Number(before)) * 1000))
  tell(settings.onEvent, { kind: 'lockWaitEnds', milliseconds })
  patience.spend(milliseconds)
  progress.awaits = 'the plan'
  yield* Effect.annotateCurrentSpan({ 'pgsr.lock_wait_ms': milliseconds })
  if (call.stored === undefined) return snapshot
  return yield* Effect.promise(() => passwords.compared(snapshot, stored ?? null))
}, inSpan('pgsr.lock'))

/** What a transaction is to do. */
interface Due extends Pick<Position, 'areAsPlanned'> {
  /** What the catalogs say now. */
  readonly snapshot: Snapshot
  /** All that is left to do. */
  readonly plan: Plan
  /** What is to be done now, as a plan of its own, which is to be proved. */
  readonly now: Plan
  /** The messages that do it. */
  readonly batches: readonly Batch[]
}

/** In a transaction of the caller’s all is done at once. */
const dueOf = ({ transactions }: Plan, { isOwn }: Frame): Plan['transactions'] =>
  isOwn ? transactions.slice(0, 1) : transactions

/**
 * Begins, looks, and plans. The first transaction looks at everything, so that what is refused is refused before anything is
 * done, and so does the last, which counts. Of what only prepares between them nothing more is looked at than what it
 * touches, and where that is as it was it need not be planned again.
 */
const dueUnderLock = Effect.fnUntraced(function* <E>(
  { scope, planFor }: Pick<Task<E>, 'scope' | 'planFor'>,
  call: Call,
  { executed, next, areAsPlanned }: Position,
  attempt: number,
) {
  const { settings, frame, first, passwords, version } = call
  const whileLooking = failedWhile('read the catalogs under the lock', attempt)
  // Another attempt needs other names for new roles.
  const planned = attempt === 1 ? dueOf(next, frame) : []
  const preparing = frame.isOwn && attempt === 1 && executed.length > 0 ? preparingPlan(next) : undefined
  const sent = yield* sentFor(planned.flat(), passwords, version)
  const [found, batches] = yield* meanwhile(
    lookUnderLock(preparing === undefined ? scope : scopeOfPlan(preparing), call).pipe(whileLooking),
    () => batchesOf(planned, next.actingRole, sent, call.unlockable),
    settings,
  )
  const asPlanned = (snapshot: Snapshot, now: Plan): Due => ({
    snapshot,
    plan: next,
    now,
    batches,
    areAsPlanned,
  })
  if (preparing !== undefined && areAsPlanned(found, planned.flat())) return asPlanned(found, preparing)
  const { snapshot } =
    preparing === undefined ? { snapshot: found } : yield* lookInTransaction(scope).pipe(whileLooking)
  // Where nothing has changed since, the plan is as good as it was.
  if (attempt === 1 && executed.length === 0 && snapshot === first.snapshot)
    return asPlanned(snapshot, { ...next, transactions: planned })
  const plan = yield* planFor(snapshot, executed.length)
  const transactions = dueOf(plan, frame)
  const newlySent = yield* sentFor(transactions.flat(), passwords, version)
  const newBatches = yield* inTime(settings, () =>
    batchesOf(transactions, plan.actingRole, newlySent, call.unlockable),
  )
  return {
    snapshot,
    plan,
    now: { ...plan, transactions },
    batches: newBatches,
    areAsPlanned: objectsAsPlanned(plan, snapshot),
  } satisfies Due
})

/** The event triggers that may have fired. */
const eventTriggersQuery = `select coalesce(pg_catalog.json_agg(e.evtname order by e.evtname), '[]')::pg_catalog.text
  from pg_catalog.pg_event_trigger as e where e.evtenabled <> 'D' and e.evtevent <> 'login'`

/** Which event triggers may be why; where that cannot be read, none. */
const readEventTriggers = Effect.gen(function* () {
  const session = yield* Session
  const cells = yield* session.send(eventTriggersQuery)
  return yield* readLastCell(cells, (text) => JSON.parse(text) as readonly string[])
}).pipe(Effect.orElseSucceed((): readonly string[] => []))

/** Reads again what the plan touched, and fails unless it is what the plan predicted. */
const prove = Effect.fnUntraced(function* (
  plan: Plan,
  differenceTo: ReturnType<typeof predictionOf>,
  attempts: number,
  time: Time,
) {
  const { snapshot: found } = yield* lookInTransaction(scopeOfPlan(plan))
  const difference = yield* inTime(time, () => differenceTo(found))
  if (difference === undefined) return
  yield* Effect.fail(new ProofError(difference, attempts, yield* readEventTriggers))
}, inSpan('pgsr.prove'))

/** A server that shuts down ends a session even while that waits for a standby to confirm what is committed. */
const isConnectionLost = ({ sqlState }: StatementError): boolean =>
  sqlState === undefined || /^(08|57P)/.test(sqlState)

/** Ends the transaction. What becomes of that is noted even where nobody waits for the answer. */
const end = Effect.fnUntraced(function* (
  { frame, progress, settings }: Call,
  attempt: number,
  onEnded: () => void,
) {
  const session = yield* Session
  if (frame.isOwn) progress.stage = 'committing'
  progress.awaits = 'the end of the transaction'
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

/** What has been done so far, and what is left to do. */
export interface Reached {
  readonly result: SyncResult
  readonly position: Position
}

/**
 * One try at the next transaction: look under the lock, plan, execute the first transaction of the plan, prove, commit.
 * In a transaction of the caller’s there is no next one, and all is done at once. Whatever fails, or interrupts it, is
 * undone.
 */
export const attemptOnce = <E>(
  task: Pick<Task<E>, 'scope' | 'planFor'>,
  call: Call,
  position: Position,
  attempt: number,
) => {
  const { settings, frame, progress } = call
  const { onEvent } = settings
  const work = Effect.fnUntraced(function* (onEnded: () => void) {
    progress.stage = 'working'
    const due: Due = yield* dueUnderLock(task, call, position, attempt)
    const { snapshot, plan, now, batches, areAsPlanned } = due
    const { transactions } = now
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
    const [, differenceTo] = yield* meanwhile(
      execute(plan, { ...call, transactions, batches, attempt, onEvent, executed: position.executed }),
      () => predictionOf(now, snapshot),
      settings,
    )
    progress.awaits = 'the catalogs to be read once more'
    yield* prove(now, differenceTo, attempt, settings).pipe(
      failedWhile('read the catalogs under the lock', attempt),
    )
    tell(onEvent, { kind: 'proved' })
    if (next.transactions.length === 0) progress.result = result
    yield* end(call, attempt, onEnded)
    return reached
  })
  return framed(frame, work).pipe(inSpan('pgsr.attempt', { 'pgsr.attempt': attempt }))
}
