import type { Scope, Snapshot, UnsupportedServerError } from '@pgsr/planner'
import { noSelfGrantStatement } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { plannerSettings } from '../connection/planner-settings.ts'
import { firstColumn, readLastCell, Session, stopTimeout } from '../connection/session.ts'
import type { Results } from '../connection/wire.ts'
import {
  type DatabaseError,
  databaseError,
  type LockHolder,
  LockTimeoutError,
  type StatementError,
  type UnexpectedCatalogError,
} from '../errors.ts'
import { emit } from '../events.ts'
import { readCatalogsInTransaction, readMoment } from '../introspection/read-in-transaction.ts'
import { settingsStatement } from '../introspection/reading-settings.ts'
import { knownServer } from '../introspection/known-server.ts'
import { type Purpose, withWhatRolesHave } from '../introspection/needs.ts'
import type { Settings } from '../options.ts'
import { storedQuery } from '../passwords/passwords.ts'
import { inSpan } from '../span.ts'
import type { Call } from './call.ts'

/** Whether a lock was not acquired in time. */
export const isLockTimeout = ({ sqlState }: StatementError): boolean => sqlState === '55P03'

/** The clock of the server, in seconds. */
const clock = "select pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::pg_catalog.text"

/**
 * Begins the transaction, and waits for the advisory lock before anything else is locked. The first rows of its answer are
 * the settings, the clock before the wait, the lock, the clock after the wait, and the stored passwords.
 */
const beginStatements = ({ settings, transaction, stored, version, lockBudget }: Call): readonly string[] => {
  const { lockKey, statementTimeout } = settings
  return [
    ...transaction.begin,
    settingsStatement(settings, plannerSettings(version)),
    `set local lock_timeout = ${lockBudget.lockTimeout()}`,
    clock,
    `select pg_catalog.pg_advisory_xact_lock(${lockKey})`,
    clock,
    ...(stored === undefined ? [] : [storedQuery(stored)]),
    ...(statementTimeout === undefined ? [] : [`set local statement_timeout = ${statementTimeout}`]),
    noSelfGrantStatement,
  ]
}

/** The sessions that hold an advisory lock of this database. `pg_locks` has the two halves of its key. */
const holdersQuery = (lockKey: bigint): string => {
  const key = BigInt.asUintN(64, lockKey)
  return `select pg_catalog.json_agg(pg_catalog.json_build_array(l.pid, a.usename, a.application_name) order by l.pid)::pg_catalog.text
  from pg_catalog.pg_locks as l left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
  where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
  and l.classid::pg_catalog.int8 = ${key >> 32n} and l.objid::pg_catalog.int8 = ${key & 0xffffffffn}
  and l.database = (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database())`
}

type HolderRow = [pid: number, role: string | null, application: string | null]

const parseHolders = (text: string): readonly LockHolder[] =>
  ((JSON.parse(text || 'null') ?? []) as HolderRow[]).map(([pid, role, application]) => ({
    pid,
    role,
    application,
  }))

/** Reads who holds the advisory lock, in the transaction that waited for it too long. */
const readLockHolders = Effect.fnUntraced(function* (settings: Settings) {
  const session = yield* Session
  const results = yield* session.send(
    `rollback to savepoint pgsr_sync;${settingsStatement(settings)};${holdersQuery(settings.lockKey)}`,
    { within: stopTimeout },
  )
  return yield* readLastCell(results, parseHolders)
})

const failWithHolders = Effect.fnUntraced(function* ({ settings }: Call, refused: StatementError) {
  const holders = yield* readLockHolders(settings).pipe(Effect.orElseSucceed(() => []))
  const take = `take the advisory lock ${settings.lockKey}`
  const operation = holders.length > 0 ? take : `${take} and read the catalogs under it`
  return yield* Effect.fail(new LockTimeoutError(operation, refused.message, settings.lockTimeout, holders))
})

const readingFailed = (attempt: number) => databaseError('read the catalogs under the lock', attempt)

/**
 * Begins the transaction, waits for the advisory lock, and reads the catalogs. If nothing at all has been committed since
 * they were first read, they are not read again. Where others commit all the time, they are read in the same round trip.
 */
const readIfChanged = Effect.fnUntraced(function* (scope: Scope, call: Call, mayBeUnchanged: boolean) {
  const server = knownServer(yield* Session)
  const { reading } = call.first
  const before = beginStatements(call)
  const isComparable = mayBeUnchanged && call.transaction.isOwn && reading.moment !== null
  if (!isComparable || server.isBusy === true) {
    const again = yield* readCatalogsInTransaction(scope, reading.found, { before, known: reading })
    if (isComparable) server.isBusy = again.moment !== reading.moment
    return { begun: again.before, snapshot: again.snapshot }
  }
  const { before: begun, isSame } = yield* readMoment(before, reading)
  if (isSame) return { begun, snapshot: reading.snapshot }
  server.isBusy = true
  const { snapshot } = yield* readCatalogsInTransaction(scope, reading.found, { known: reading })
  return { begun, snapshot }
})

/** What a reading may fail with. */
export type ReadingError = DatabaseError | UnexpectedCatalogError | UnsupportedServerError

/** Sends a message that begins the transaction, and waits in it for the advisory lock. */
const locking = Effect.fnUntraced(function* <A extends { readonly begun: Results }>(
  send: Effect.Effect<A, ReadingError | StatementError, Session>,
  call: Call,
  attempt: number,
) {
  const { settings, lockBudget, status } = call
  emit(settings.onEvent, { kind: 'lockRequested', lockKey: settings.lockKey })
  status.awaits = `the advisory lock ${settings.lockKey}`
  const sent = yield* send.pipe(
    Effect.catchTag(
      'StatementError',
      (refused): Effect.Effect<never, DatabaseError | LockTimeoutError, Session> =>
        isLockTimeout(refused)
          ? failWithHolders(call, refused)
          : Effect.fail(readingFailed(attempt)(refused)),
    ),
  )
  const [, before, , after, stored] = firstColumn(sent.begun)
  const milliseconds = Math.max(0, Math.round((Number(after) - Number(before)) * 1000))
  emit(settings.onEvent, { kind: 'lockAcquired', milliseconds })
  lockBudget.spend(milliseconds)
  status.awaits = 'the plan'
  yield* Effect.annotateCurrentSpan({ 'pgsr.lock_wait_ms': milliseconds })
  return { ...sent, stored }
}, inSpan('pgsr.lock'))

/** Begins the transaction, and waits for the advisory lock. */
export const takeLock = Effect.fnUntraced(function* (call: Call, attempt: number) {
  const session = yield* Session
  const begun = session.send(beginStatements(call).join(';'))
  yield* locking(
    Effect.map(begun, (results) => ({ begun: results })),
    call,
    attempt,
  )
})

/**
 * Begins the transaction, waits for the advisory lock, and reads the catalogs under it.
 * @param mayBeUnchanged whether the scope is that of the first reading, and this call has written nothing since
 */
export const readUnderLock = Effect.fnUntraced(function* (
  scope: Scope,
  call: Call,
  attempt: number,
  mayBeUnchanged: boolean,
) {
  const { snapshot, stored } = yield* locking(readIfChanged(scope, call, mayBeUnchanged), call, attempt)
  if (call.stored === undefined) return snapshot
  return yield* Effect.promise(() => call.passwords.compared(snapshot, stored ?? null))
})

/** Reads the catalogs in the message of some statements: after those before, and before those behind. */
export type ReadBehind = (
  before: readonly string[],
  behind: readonly string[],
) => Effect.Effect<Snapshot | undefined, StatementError | ReadingError, Session>

/**
 * Reads behind the statements of a plan what it touches.
 * @param isPrepared whether transactions before it have prepared what it gives to roles, and it does not touch itself
 */
export const readBehind =
  (scope: Scope, { first }: Call, isPrepared: boolean): ReadBehind =>
  (before, behind) => {
    const { found } = first.reading
    const expected = isPrepared ? withWhatRolesHave(found) : found
    return readCatalogsInTransaction(scope, expected, { before, behind, purpose: 'prove' }).pipe(
      Effect.map(({ snapshot }) => snapshot),
    )
  }

/** Reads the catalogs again in the transaction that holds the lock. */
export const readAgain = (scope: Scope, { first }: Call, attempt: number, purpose: Purpose) =>
  readCatalogsInTransaction(scope, first.reading.found, { purpose }).pipe(
    Effect.map(({ snapshot }) => snapshot),
    Effect.catchTag('StatementError', (refused) => Effect.fail(readingFailed(attempt)(refused))),
  )
