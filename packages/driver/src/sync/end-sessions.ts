import type { Plan, Snapshot } from '@pgsr/planner'
import { flatMap, sessionsEndedBy } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { readLastCell } from '../connection/session.ts'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import type { StatementError } from '../errors.ts'
import type { EndedSessions, SyncResult } from '../functions.ts'
import { ask } from '../introspection/ask.ts'
import type { Actor } from '../introspection/reading-settings.ts'

/** The oids of the absent roles whose sessions should end. A session keeps the oid when its role is dropped. */
const rolesToEnd = ({ request }: Plan, { roles }: Snapshot): readonly string[] => {
  const named = new Set(sessionsEndedBy(request))
  return named.size === 0
    ? []
    : flatMap(roles, ({ name, oid }) => (named.has(name) && oid !== null ? [oid] : []))
}

const sessionsOf = (oids: readonly string[]): string =>
  `from pg_catalog.pg_stat_activity as a where a.usesysid in (${oids.join(', ')}) and a.pid <> pg_catalog.pg_backend_pid()`

const uncommitted = { message: 'the transaction of the caller is not committed yet' }

const goesOn = (pid: number | null, { message }: Pick<StatementError, 'message'>): EndedSessions => ({
  terminated: 0,
  left: [{ pid, why: message }],
})

/**
 * Ends the sessions of absent roles if that is asked for. Their transaction is committed by then, so that they can have no
 * new ones. It cannot be undone any more, so that nothing here is an error.
 */
export const endSessions = Effect.fnUntraced(function* (
  result: SyncResult,
  before: Snapshot,
  transaction: TransactionScope,
  settings: Actor,
) {
  const oids = rolesToEnd(result.plan, before)
  if (oids.length === 0) return result
  const answerTo = <A>(query: string, parse: (text: string) => A) =>
    Effect.flatMap(ask(query, transaction, settings), (results) => readLastCell(results, parse))
  const terminate = (pid: number) =>
    answerTo(
      `select pg_catalog.count(*) from (
        select pg_catalog.pg_terminate_backend(a.pid) as told ${sessionsOf(oids)} and a.pid = ${pid} offset 0
      ) as t where t.told`,
      (count): EndedSessions => ({ terminated: Number(count), left: [] }),
    ).pipe(Effect.catch((error) => Effect.succeed(goesOn(pid, error))))
  const ended = yield* answerTo(
    `select coalesce(pg_catalog.json_agg(a.pid order by a.pid), '[]')::pg_catalog.text ${sessionsOf(oids)}`,
    (text) => JSON.parse(text) as readonly number[],
  ).pipe(
    Effect.flatMap((pids) =>
      Effect.forEach(pids, (pid) =>
        transaction.isOwn ? terminate(pid) : Effect.succeed(goesOn(pid, uncommitted)),
      ),
    ),
    Effect.catch((error) => Effect.succeed([goesOn(null, error)])),
  )
  const sessions: EndedSessions = {
    terminated: ended.reduce((sum, { terminated }) => sum + terminated, 0),
    left: flatMap(ended, ({ left }) => left),
  }
  return { ...result, sessions } satisfies SyncResult
})
