import { quoteLiteral } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { readLastCell } from '../connection/session.ts'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import { databaseError } from '../errors.ts'
import { ask } from './ask.ts'
import type { Actor } from './reading-settings.ts'

/** Reads whether a role has one of some names, which are names that pgsr gives. */
export const isAnyRole = Effect.fnUntraced(function* (
  names: readonly string[],
  transaction: TransactionScope,
  settings: Actor,
) {
  const listed = names.map(quoteLiteral).join(', ')
  const query = `select pg_catalog.count(*) from pg_catalog.pg_roles as r where r.rolname in (${listed})`
  const results = yield* ask(query, transaction, settings).pipe(
    Effect.catchTag('StatementError', (error) => Effect.fail(databaseError('read the catalogs')(error))),
  )
  return yield* readLastCell(results, (count) => count !== '0')
})
