import { lockShortage, objectsAsPlanned, operationsOf } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { attemptOnce, type Call, type Position, type Reached } from './attempt.ts'
import {
  DatabaseError,
  databaseError,
  LockTimeoutError,
  StatementError,
  TooManyLocksError,
} from './errors.ts'
import { tell } from './event.ts'
import { sentFor } from './execute.ts'
import { type Frame, frameOf } from './frame.ts'
import { firstLook, readStored, type StoredScope } from './look.ts'
import type { Settings } from './options.ts'
import { Passwords } from './passwords.ts'
import { Patience } from './patience.ts'
import { planningLater } from './prepare.ts'
import type { Progress } from './progress.ts'
import { persistently } from './retry.ts'
import type { Answer } from './snapshot.ts'
import type { SyncResult, Task } from './task.ts'

/** A lock that was not to be had in time is no accident to be retried; it is what the caller wanted to know. */
const lockTimeoutError =
  ({ lockTimeout }: Settings) =>
  <E>(error: E): E | LockTimeoutError =>
    error instanceof DatabaseError && error.sqlState === '55P03'
      ? new LockTimeoutError(error.operation, error.cause.message, lockTimeout)
      : error

const why: Readonly<Record<NonNullable<Answer['readOnly']>, string>> = {
  replica: 'the server is a replica, on which nothing can be written',
  transaction: 'the transaction of the caller’s is read-only',
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

/** Looks without a lock, and at what is stored of passwords where that may be read, to compare it with those given. */
const lookPersistently = Effect.fnUntraced(function* (
  { scope }: Pick<Task<unknown>, 'scope'>,
  passwords: Passwords,
  settings: Settings,
  frame: Frame,
) {
  const wanted: StoredScope = { roles: scope.desired, compared: passwords.roles }
  const answer = yield* persistently(() => firstLook(scope, wanted, frame, settings), settings, {
    frame,
    executes: false,
  })
  if (passwords.roles.length > 0) yield* planningLater(() => passwords.check(answer.version))
  if (scope.desired.length === 0 || !answer.readsPasswords)
    return { ...answer, look: answer, stored: undefined }
  const text = answer.stored === undefined ? yield* readStored(wanted, frame, settings) : answer.stored
  const snapshot = yield* Effect.promise(() => passwords.compared(answer.snapshot, text))
  return { ...answer, look: answer, snapshot, stored: wanted }
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
    // A transaction of our own is begun as one that writes, whatever the default.
    if (first.readOnly === 'replica' || (first.readOnly === 'transaction' && !frame.isOwn))
      return yield* Effect.fail(readOnly(first.readOnly))
    const { version, stored } = first
    // Before the lock is taken: others wait for it.
    yield* sentFor(operations, passwords, version)
    const call: Call = {
      settings,
      frame,
      passwords,
      stored,
      version,
      first: { look: first.look, snapshot: first.snapshot },
      progress,
      patience: new Patience(settings.lockTimeout),
      unlockable: new Set(),
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
