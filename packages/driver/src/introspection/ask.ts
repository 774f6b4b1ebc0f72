import * as Effect from 'effect/Effect'
import { Session } from '../connection/session.ts'
import { type TransactionScope, within } from '../connection/transaction-scope.ts'
import { type Actor, settingsStatement } from './reading-settings.ts'

/** Sends one query in a reading of its own. The answer to the settings comes before the query’s. */
export const ask = Effect.fnUntraced(function* (
  query: string,
  transaction: TransactionScope,
  settings: Actor,
) {
  const session = yield* Session
  const { begin, end } = transaction.reading
  const text = [...begin, settingsStatement(settings), query, ...end].join(';')
  return yield* within(transaction, (onAnswer) => session.send(text, { onAnswer }))
})
