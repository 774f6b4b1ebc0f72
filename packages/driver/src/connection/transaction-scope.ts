import { quoteLiteral } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { databaseError, TransactionOpenError } from '../errors.ts'
import { plannerSettingNames } from './planner-settings.ts'
import { readLastCell, Session, type SessionShape, stopTimeout } from './session.ts'

/** Whether a call works in a transaction of its own or in the caller’s, and how it begins, ends and is undone there. */
export interface TransactionScope {
  /** Whether the transaction is pgsr’s own. A transaction of the caller’s is left open. */
  readonly isOwn: boolean
  /** Sent before anything else, on its own, and not cancelled: without it nothing could be undone. */
  readonly before: string | undefined
  /** The statements that the first text begins with. */
  readonly begin: readonly string[]
  readonly end: string
  /** Undoes everything, including settings. */
  readonly undo: string
  /** The statements that a text that only reads begins and ends with. */
  readonly reading: { readonly begin: readonly string[]; readonly end: readonly string[] }
}

/**
 * COMMIT outside of a transaction succeeds and commits nothing. If a connection was lost and silently replaced, there is
 * no savepoint to release, and the end fails.
 */
const ownScope: TransactionScope = {
  isOwn: true,
  before: undefined,
  begin: ['begin isolation level read committed read write', 'savepoint pgsr_sync'],
  end: 'release savepoint pgsr_sync;commit',
  undo: 'rollback',
  // All statements see the same state.
  reading: { begin: ['begin isolation level repeatable read'], end: ['commit'] },
}

/** The settings that pgsr changes in a transaction. */
const settingNames: readonly string[] = [
  'role',
  'search_path',
  'lock_timeout',
  'statement_timeout',
  'createrole_self_grant',
  'client_encoding',
  ...plannerSettingNames,
]

const undone = ['rollback to savepoint pgsr_sync', 'release savepoint pgsr_sync']

/**
 * A savepoint in the caller’s transaction. The settings that were changed under a savepoint stay when it is released, so
 * they are restored first.
 * @param former the values of the settings before, in order; `null` for a setting that the server does not know
 */
const callersScope = (former: readonly (string | null)[]): TransactionScope => {
  const restored = settingNames.flatMap((name, index) => {
    const value = former[index] ?? null
    return value === null ? [] : [`pg_catalog.set_config('${name}', ${quoteLiteral(value)}, true)`]
  })
  return {
    isOwn: false,
    before: 'savepoint pgsr_sync',
    begin: [],
    end: `select ${restored.join(', ')};release savepoint pgsr_sync`,
    undo: undone.join(';'),
    // This also undoes the settings.
    reading: { begin: [], end: undone },
  }
}

/** Reads whether a transaction is open, and its settings. No setting changes the meaning of this query. */
const transactionQuery = `select pg_catalog.json_build_array(
  pg_catalog.now() operator(pg_catalog.<>) pg_catalog.statement_timestamp(),
  pg_catalog.current_setting('transaction_isolation'),
  pg_catalog.json_build_array(${settingNames.map((name) => `pg_catalog.current_setting('${name}', true)`).join(', ')})
)::pg_catalog.text`

type Transaction = readonly [isOpen: boolean, isolation: string, former: readonly (string | null)[]]

const readTransaction = (session: SessionShape) =>
  session.send(transactionQuery, { isUncancelled: true }).pipe(
    Effect.mapError((error) =>
      error.sqlState === '25P02'
        ? new TransactionOpenError('that has failed and can only be rolled back')
        : databaseError('read the catalogs')(error),
    ),
    Effect.flatMap((results) => readLastCell(results, (text) => JSON.parse(text) as Transaction)),
  )

/** The isolation levels at which each statement sees what has been committed before it. */
const seesCommitted: ReadonlySet<string> = new Set(['read committed', 'read uncommitted'])

/**
 * The transaction scope of a call. Only a connection that the caller holds can be inside a transaction of the caller’s; the
 * server knows whether it is.
 * @param writes whether the call may change something, which cannot be decided on a snapshot older than the lock
 */
export const transactionScope = Effect.fnUntraced(function* (writes: boolean) {
  const session = yield* Session
  if (!session.isHeld) return ownScope
  const [isOpen, isolation, former] = yield* readTransaction(session)
  if (!isOpen) return ownScope
  if (writes && !seesCommitted.has(isolation))
    return yield* Effect.fail(
      new TransactionOpenError(
        `with isolation level ${isolation}, in which changes that others commit before the lock is taken are invisible`,
      ),
    )
  return callersScope(former)
})

/**
 * Runs an effect within a scope, and undoes everything if it fails or is interrupted. A failure to undo is not reported.
 * @param effect is given a function to call when the server has ended the scope: undoing it after that would undo work of
 * the caller’s
 */
export const within = <A, E, R>(
  scope: TransactionScope,
  effect: (onEnded: () => void) => Effect.Effect<A, E, R>,
) =>
  Effect.gen(function* () {
    const session = yield* Session
    if (scope.before !== undefined)
      yield* session
        .send(scope.before, { isUncancelled: true })
        .pipe(Effect.mapError(databaseError('set a savepoint')))
    let hasEnded = false
    const onEnded = (): void => {
      hasEnded = true
    }
    const undo = Effect.suspend(() => session.send(scope.undo, { within: stopTimeout }))
    return yield* Effect.onExit(effect(onEnded), (exit) =>
      exit._tag === 'Success' || hasEnded ? Effect.void : Effect.ignore(undo),
    )
  })
