import * as Effect from 'effect/Effect'
import { Session, stopTimeout } from '../connection/session.ts'
import { databaseError, type StatementError } from '../errors.ts'
import { emit } from '../events.ts'
import { inSpan } from '../span.ts'
import type { Call } from './call.ts'

/** A server that shuts down ends a session even while the session waits for a standby to confirm a commit. */
const isConnectionLost = ({ sqlState }: StatementError): boolean =>
  sqlState === undefined || /^(08|57P)/.test(sqlState)

/** Commits, and notes the outcome even if nobody waits for the answer any more. */
export const commit = Effect.fnUntraced(function* (call: Call, attempt: number, onEnded: () => void) {
  const { transaction, status, settings } = call
  const session = yield* Session
  if (transaction.isOwn) status.stage = 'committing'
  status.awaits = 'the end of the transaction'
  yield* session
    .send(transaction.end, {
      onAnswer: () => {
        onEnded()
        status.stage = 'committed'
        emit(settings.onEvent, { kind: 'committed' })
      },
    })
    .pipe(
      Effect.mapError((error) => {
        const outcome = transaction.isOwn && isConnectionLost(error) ? 'unknown' : 'unchanged'
        if (outcome === 'unchanged') status.stage = 'working'
        return databaseError('commit', attempt, outcome)(error)
      }),
    )
}, inSpan('pgsr.commit'))

/** Ends a transaction in which nothing was to be done. */
export const endUnchanged = Effect.fnUntraced(function* (
  { transaction }: Call,
  attempt: number,
  onEnded: () => void,
) {
  const session = yield* Session
  yield* session
    .send(transaction.undo, { within: stopTimeout, onAnswer: onEnded })
    .pipe(Effect.mapError(databaseError('end the transaction', attempt)))
})
