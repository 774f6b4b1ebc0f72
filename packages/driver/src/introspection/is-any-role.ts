import { quoteLiteral } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { readLastCell, Session } from '../connection/session.ts'
import { type TransactionScope, within } from '../connection/transaction-scope.ts'
import { databaseError } from '../errors.ts'
import { type Actor, settingsStatement } from './reading-settings.ts'

/** Reads whether a role has one of some names, which are names that pgsr gives. */
export const isAnyRole = Effect.fnUntraced(function* (
  names: readonly string[],
  transaction: TransactionScope,
  settings: Actor,
) {
  const session = yield* Session
  const { begin, end } = transaction.reading
  const listed = names.map(quoteLiteral).join(', ')
  const query = `select pg_catalog.count(*) from pg_catalog.pg_roles as r where r.rolname in (${listed})`
  const texts = [...begin, settingsStatement(settings), query, ...end]
  const results = yield* within(transaction, (onAnswer) =>
    session.send(texts.join(';'), { onAnswer }).pipe(Effect.mapError(databaseError('read the catalogs'))),
  )
  return yield* readLastCell(results, (count) => count !== '0')
})
