import * as Effect from 'effect/Effect'
import { sql } from 'kysely'
import { firstColumn } from '../connection/session.ts'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import { databaseError } from '../errors.ts'
import { ask } from './ask.ts'
import { bytesOf, textOfBytes } from './names-in-bytes.ts'
import { db } from './pg-catalog.ts'
import type { Actor } from './reading-settings.ts'

/** The names of all roles but those of PostgreSQL itself, in bytes: some may not be valid in the encoding of the database. */
const { sql: query } = sql`
  select ${bytesOf(sql`r.rolname`)} from pg_catalog.pg_roles as r where r.oid <> 10 and r.rolname !~ '^pg_'`.compile(
  db,
)

/** Reads the names of all roles but the bootstrap superuser and the predefined ones. */
export const readRoleNames = Effect.fnUntraced(function* (transaction: TransactionScope, settings: Actor) {
  const results = yield* ask(query, transaction, settings).pipe(
    Effect.catchTag('StatementError', (error) => Effect.fail(databaseError('read the catalogs')(error))),
  )
  return firstColumn(results.slice(1)).map((answer) => textOfBytes(answer ?? ''))
})
