import * as Effect from 'effect/Effect'
import { firstColumn } from '../connection/session.ts'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import { databaseError } from '../errors.ts'
import { allRoleNames } from './all-roles.ts'
import { ask } from './ask.ts'
import { textOfBytes } from './names-in-bytes.ts'
import type { Actor } from './reading-settings.ts'

/** Reads the names of all roles but the bootstrap superuser and the predefined ones. */
export const readRoleNames = Effect.fnUntraced(function* (transaction: TransactionScope, settings: Actor) {
  const results = yield* ask(allRoleNames, transaction, settings).pipe(
    Effect.catchTag('StatementError', (error) => Effect.fail(databaseError('read the catalogs')(error))),
  )
  return firstColumn(results.slice(1)).map((answer) => textOfBytes(answer ?? ''))
})
