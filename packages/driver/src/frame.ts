import { quoteLiteral } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { databaseError, TransactionOpenError } from './errors.ts'
import { readLastCell } from './last-cell.ts'
import { grace, Session, type SessionShape } from './session.ts'

/** Whose transaction the work is done in, and so how it is begun, ended and undone. */
export interface Frame {
  /** Whether the transaction is pgsr’s own; else it is the caller’s, and is left open. */
  readonly isOwn: boolean
  /** What is sent before anything else, by itself, and not cancelled: without it nothing could be undone. */
  readonly before: string | undefined
  /** What the first text begins with. */
  readonly begin: string
  readonly end: string
  /** Undoes everything, the settings too, and takes no part of what is undone for done. */
  readonly undo: string
}

/**
 * A COMMIT outside of any transaction succeeds, and commits nothing. Where a connection was lost and silently made
 * anew, there is no savepoint to release.
 */
const ownFrame: Frame = {
  isOwn: true,
  before: undefined,
  begin: 'begin isolation level read committed read write;savepoint pgsr_sync;',
  end: 'release savepoint pgsr_sync;commit',
  undo: 'rollback',
}

/** The settings that pgsr sets in a transaction. */
const settingNames = [
  'role',
  'search_path',
  'lock_timeout',
  'statement_timeout',
  'createrole_self_grant',
  'client_encoding',
] as const

/**
 * In a transaction of the caller’s, under a savepoint. What is set under one stays set when it is released, so that it is
 * put back before.
 * @param former the values that the settings had, in their order; `null` for one that the server does not know
 */
const callersFrame = (former: readonly (string | null)[]): Frame => {
  const putBack = settingNames.flatMap((name, index) => {
    const value = former[index] ?? null
    return value === null ? [] : [`pg_catalog.set_config('${name}', ${quoteLiteral(value)}, true)`]
  })
  return {
    isOwn: false,
    before: 'savepoint pgsr_sync',
    begin: '',
    end: `select ${putBack.join(', ')};release savepoint pgsr_sync`,
    undo: 'rollback to savepoint pgsr_sync;release savepoint pgsr_sync',
  }
}

/** Whether a transaction is open, and what is set in it, asked so that no setting changes what that means. */
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
        ? new TransactionOpenError('it has failed, and can only be rolled back')
        : databaseError('read the catalogs')(error),
    ),
    Effect.flatMap((cells) => readLastCell(cells, (text) => JSON.parse(text) as Transaction)),
  )

/** Isolation levels at which each statement sees what is committed. */
const seesCommitted: ReadonlySet<string> = new Set(['read committed', 'read uncommitted'])

/**
 * Whose transaction the session’s work is done in. Only a connection that the caller holds may be inside one, which is
 * asked of the server.
 * @param writes whether the work is to change something, which cannot be decided by a snapshot from before the lock
 */
export const frameOf = Effect.fnUntraced(function* (writes: boolean) {
  const session = yield* Session
  if (!session.isHeld) return ownFrame
  const [isOpen, isolation, former] = yield* readTransaction(session)
  if (!isOpen) return ownFrame
  if (writes && !seesCommitted.has(isolation))
    return yield* Effect.fail(
      new TransactionOpenError(
        `it is ${isolation}, and would not see what others commit before the lock is had`,
      ),
    )
  return callersFrame(former)
})

/**
 * Does work inside a frame. Whatever fails, or interrupts it, is undone; that it could not be is not what failed.
 * @param work is told what to call when the server has ended the frame: to undo it then would spoil a caller’s transaction
 */
export const framed = <A, E, R>(frame: Frame, work: (onEnded: () => void) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const session = yield* Session
    if (frame.before !== undefined)
      yield* session
        .send(frame.before, { isUncancelled: true })
        .pipe(Effect.mapError(databaseError('set a savepoint')))
    let hasEnded = false
    const ended = (): void => {
      hasEnded = true
    }
    const undo = Effect.suspend(() => session.send(frame.undo, { within: grace }))
    return yield* Effect.onExit(work(ended), (exit) =>
      exit._tag === 'Success' || hasEnded ? Effect.void : Effect.ignore(undo),
    )
  })

/**
 * Looks without changing anything: what is set for that ends with the text by itself outside of a transaction, and in one
 * of the caller’s by what the text has to end with.
 */
export const peeking = <A, E, R>(
  frame: Frame,
  work: (after: string, onAnswer: () => void) => Effect.Effect<A, E, R>,
) => (frame.isOwn ? work('', () => undefined) : framed(frame, (onEnded) => work(`;${frame.undo}`, onEnded)))
