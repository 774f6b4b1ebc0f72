import { isIntermediateName, operationsOf, type Plan, type Scope, type Snapshot } from '@pgsr/planner'
import { flatMap, lockShortage } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { randomUUID } from 'node:crypto'
import type { CallStatus } from '../connection/deadline.ts'
import { Session } from '../connection/session.ts'
import { transactionScope, type TransactionScope } from '../connection/transaction-scope.ts'
import {
  DatabaseError,
  databaseError,
  LockTimeoutError,
  StatementError,
  TooManyLocksError,
} from '../errors.ts'
import { emit } from '../events.ts'
import type { SyncResult } from '../functions.ts'
import { isAnyRole } from '../introspection/is-any-role.ts'
import { knownServer } from '../introspection/known-server.ts'
import { readCatalogs, readStoredPasswords } from '../introspection/read-catalog.ts'
import type { Purpose } from '../introspection/needs.ts'
import type { Answer } from '../introspection/snapshot.ts'
import type { Settings } from '../options.ts'
import { Passwords, type StoredScope } from '../passwords/passwords.ts'
import { sentPasswords } from './batches.ts'
import type { Call } from './call.ts'
import { withOwnRequest } from './known-requests.ts'
import { LockBudget } from './lock-budget.ts'
import { planningAsync } from './planning.ts'
import type { PlanSource } from './plan-source.ts'
import { withRetries } from './retry.ts'
import { endSessions } from './end-sessions.ts'
import { attemptTransaction } from './transaction-attempt.ts'
import { isComplete, planned, resultOf } from './transaction-progress.ts'

/** A lock that is not free in time is not a reason to retry: the caller has set how long to wait. */
const lockTimeoutError =
  ({ lockTimeout }: Settings) =>
  <E>(error: E): E | LockTimeoutError =>
    error instanceof DatabaseError && error.sqlState === '55P03'
      ? new LockTimeoutError(error.operation, error.cause.message, lockTimeout)
      : error

const readOnlyMessages: Readonly<Record<NonNullable<Answer['readOnly']>, string>> = {
  replica: 'the server is a replica, which is read-only',
  transaction: 'the transaction of the caller is read-only',
}

/** Fails where nothing can be written. A transaction of pgsr’s own is read-write, whatever the default. */
const refuseReadOnly = (
  readOnly: Answer['readOnly'],
  { isOwn }: TransactionScope,
): Effect.Effect<void, DatabaseError> =>
  readOnly === null || (readOnly === 'transaction' && isOwn)
    ? Effect.void
    : Effect.fail(
        databaseError('execute the plan')(
          new StatementError({ message: readOnlyMessages[readOnly], sqlState: '25006' }),
        ),
      )

/**
 * Refuses plans that need more locks than the server has room for. A transaction of the caller’s has to hold the locks of
 * the whole plan.
 */
const withRoomForLocks = <E>(
  source: PlanSource<E>,
  { isOwn }: TransactionScope,
): PlanSource<E | TooManyLocksError> => ({
  ...source,
  planFor: (snapshot, ...more) =>
    Effect.flatMap(source.planFor(snapshot, ...more), (plan) => {
      const shortage = lockShortage(snapshot, isOwn ? plan.transactions : [operationsOf(plan)])
      return shortage === undefined ? Effect.succeed(plan) : Effect.fail(new TooManyLocksError(shortage))
    }),
})

/** Reads the catalogs without a lock, and the stored passwords if they may be read, to compare them with those given. */
const readFirst = Effect.fnUntraced(function* (
  { scope, storedToCompare }: Pick<PlanSource<unknown>, 'scope' | 'storedToCompare'>,
  passwords: Passwords,
  settings: Settings,
  transaction: TransactionScope,
  purpose: Purpose,
) {
  const roles = (purpose === 'compare' ? storedToCompare : undefined) ?? scope.desired
  const storedScope: StoredScope = { roles, compared: passwords.compares }
  const reading = yield* withRetries(
    () => readCatalogs(scope, storedScope, transaction, settings, purpose),
    settings,
    { transaction, executes: false },
  )
  if (passwords.roles.length > 0) yield* planningAsync(() => passwords.check(reading.version))
  if (roles.length === 0 || !reading.readsPasswords)
    return { reading, snapshot: reading.snapshot, stored: undefined }
  const text =
    reading.stored === undefined
      ? yield* readStoredPasswords(storedScope, transaction, settings)
      : reading.stored
  const snapshot = yield* Effect.promise(() => passwords.compared(reading.snapshot, text))
  return { reading, snapshot, stored: storedScope }
})

/** Reads the catalogs and changes nothing. */
export const readSnapshot = Effect.fnUntraced(function* (
  source: Pick<PlanSource<unknown>, 'scope' | 'passwords'>,
  settings: Settings,
  within?: TransactionScope,
) {
  const transaction = within ?? (yield* transactionScope(false))
  const { snapshot } = yield* readFirst(
    source,
    new Passwords(source.passwords, settings),
    settings,
    transaction,
    'change',
  )
  return snapshot
})

/** Notes whether a plan has anything to do, for the next call on the same connection. */
const noted = (plan: Plan): Effect.Effect<Plan, never, Session> =>
  Effect.map(Session, (session) => {
    knownServer(session).hadWork = operationsOf(plan).length > 0
    return plan
  })

/** The names of the roles of pgsr’s own that a plan creates. */
const namesGivenBy = (plan: Plan): readonly string[] =>
  flatMap(operationsOf(plan), (operation) =>
    operation.kind === 'createRole' && isIntermediateName(operation.role) ? [operation.role] : [],
  )

/**
 * Makes a plan, and executes nothing. The snapshot does not have all roles of the cluster, so that a name of a new role may
 * be taken. An execution finds that out, and is tried again; a plan that is shown should be right at once.
 */
export const makePlan = Effect.fnUntraced(function* <E>(source: PlanSource<E>, settings: Settings) {
  const transaction = yield* transactionScope(false)
  const snapshot = yield* readSnapshot(source, settings, transaction)
  const plan = yield* source.planFor(snapshot, 0)
  if (source.checkOutcome !== undefined) yield* source.checkOutcome(plan)
  const names = namesGivenBy(plan)
  const isTaken = names.length > 0 && (yield* isAnyRole(names, transaction, settings))
  return withOwnRequest(yield* noted(isTaken ? yield* source.planFor(snapshot, 0, randomUUID()) : plan))
})

/** Whether a plan does nothing, and leaves nothing undone but grants on objects that do not exist. */
const isNothing = (plan: Plan): boolean =>
  operationsOf(plan).length + plan.residue.length === 0 &&
  plan.skipped.every(({ reason }) => reason === 'absent')

/** Whether all roles are there that should be. Where one is not, something has to be done, or is refused. */
const hasAllRoles = ({ desired, absent = [] }: Scope, { roles }: Snapshot): boolean => {
  const known = new Set([...roles.map(({ name }) => name), ...absent])
  return desired.every((role) => known.has(role))
}

/**
 * The plan that does nothing, if that shows from what the desired roles hold. Any other plan, and any refusal, depends on
 * what the acting role may do.
 */
const planOfNothing = <E>(source: PlanSource<E>, snapshot: Snapshot): Effect.Effect<Plan | undefined> =>
  source.planFor(snapshot, 0).pipe(
    Effect.map((plan) => (isNothing(plan) ? plan : undefined)),
    Effect.orElseSucceed(() => undefined),
  )

const droppedAgain = (attempts: number): DatabaseError => {
  const message = 'another session keeps dropping the intermediate roles that the plan prepares'
  return databaseError('prepare the plan', attempts)(new StatementError({ message, sqlState: '55000' }))
}

/**
 * Runs a plan. If nothing differs, this is one reading of the catalogs. Otherwise it is one transaction after another: those
 * before the last one only prepare. Other sessions may drop what is prepared, since nobody is a member of it yet; it is
 * then prepared again.
 */
export const runPlan = Effect.fnUntraced(function* <E>(
  given: PlanSource<E>,
  settings: Settings,
  status: CallStatus<SyncResult>,
) {
  const transaction = yield* transactionScope(true)
  const source = withRoomForLocks(given, transaction)
  const passwords = new Passwords(source.passwords, settings)
  const read = (purpose: Purpose) => readFirst(source, passwords, settings, transaction, purpose)
  const { hadWork } = knownServer(yield* Session)
  const first = yield* read(source.isUsuallyNothing && hadWork !== true ? 'compare' : 'change')
  const isCompared = first.reading.purpose === 'compare'
  const mayBeNothing = isCompared && hasAllRoles(source.scope, first.snapshot)
  const nothing = mayBeNothing ? yield* planOfNothing(source, first.snapshot) : undefined
  const { reading, snapshot, stored } = isCompared && nothing === undefined ? yield* read('change') : first
  const plan = yield* noted(nothing ?? (yield* source.planFor(snapshot, 0)))
  if (source.checkOutcome !== undefined) yield* source.checkOutcome(plan)
  const operations = operationsOf(plan)
  emit(settings.onEvent, { kind: 'planned', operations: operations.length })
  if (operations.length === 0)
    return yield* endSessions({ changed: false, plan: withOwnRequest(plan) }, snapshot, transaction, settings)
  yield* refuseReadOnly(reading.readOnly, transaction)
  const { version } = reading
  // Hashed before the lock is taken, since other calls wait for it.
  yield* sentPasswords(operations, passwords, version)
  const call: Call = {
    settings,
    transaction,
    passwords,
    stored,
    version,
    first: { reading, snapshot },
    status,
    lockBudget: new LockBudget(settings.lockTimeout),
    unlockableRoles: new Set(),
  }
  const limit = plan.transactions.length * settings.attempts
  let progress = planned([], plan)
  while (!isComplete(progress)) {
    const before = progress
    if (before.executed.length > limit) return yield* Effect.fail(droppedAgain(settings.attempts))
    progress = yield* withRetries((attempt) => attemptTransaction(source, call, before, attempt), settings, {
      transaction,
      executes: true,
    }).pipe(Effect.mapError(lockTimeoutError(settings)))
  }
  return yield* endSessions(resultOf(progress), snapshot, transaction, settings)
})
