import { quoteLiteral, type Scope, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import * as Result from 'effect/Result'
import { DatabaseError, type StatementError, TransactionOpenError, UnexpectedCatalogError } from './errors.ts'
import { forkOf } from './fork.ts'
import { introspectionQuery } from './introspection/query.ts'
import { Session, type SessionShape } from './session.ts'
import { type Answer, parseAnswer } from './snapshot.ts'

/** The version of the server behind each pool or client, as it was last seen. */
const versions = new WeakMap<object, number>()

/** The settings under which pgsr’s statements mean what they say: temporary objects come last, and by name only. */
export const searchPath = 'pg_catalog, pg_temp'

/** Says of a failed text what it was for. */
export const databaseError =
  (operation: string, attempts = 1, outcome: DatabaseError['outcome'] = 'unchanged') =>
  (cause: StatementError): DatabaseError =>
    new DatabaseError(operation, cause, { attempts, outcome })

const reading = databaseError('read the catalogs')

const versionQuery = "select pg_catalog.current_setting('server_version_num'); select pg_catalog.version()"

/** At the first contact; what only speaks PostgreSQL’s protocol has other catalogs, and is refused. */
const readVersion = (session: SessionShape): Effect.Effect<number, DatabaseError | UnsupportedServerError> =>
  session.send(versionQuery).pipe(
    Effect.mapError(reading),
    Effect.flatMap(([version, text]) => {
      const fork = forkOf(text ?? '')
      if (fork !== undefined) return Effect.fail(unsupported(fork))
      versions.set(session.connection, Number(version))
      return Effect.succeed(Number(version))
    }),
  )

const unsupported = (fork: string): UnsupportedServerError =>
  new UnsupportedServerError(
    `cannot sync roles: the server is ${fork}, which only speaks PostgreSQL’s protocol`,
  )

const parse = (text: string | null | undefined): Effect.Effect<Answer, UnexpectedCatalogError> =>
  Effect.try({
    try: () => parseAnswer(text ?? ''),
    catch: (error) => new UnexpectedCatalogError((error as Error).message),
  })

type Asked = readonly [rows: readonly (string | null)[], answer: Answer]

const askAs = (version: number, session: SessionShape, scope: Scope, before: string) =>
  session.send(`${before}${introspectionQuery(version, scope)}`).pipe(
    Effect.mapError(reading),
    Effect.flatMap((rows) => Effect.map(parse(rows.at(-1)), (answer): Asked => [rows, answer])),
  )

/**
 * Reads a scope with the query of the server’s version, behind `before`. Where another server answers than the one
 * last seen, by a failover to another version, its answer or its refusal of the query says so, and it is asked again.
 */
const ask = (
  session: SessionShape,
  scope: Scope,
  before: string,
): Effect.Effect<Asked, DatabaseError | UnexpectedCatalogError | UnsupportedServerError> =>
  Effect.gen(function* () {
    const version = versions.get(session.connection) ?? (yield* readVersion(session))
    const asked = yield* Effect.result(askAs(version, session, scope, before))
    const actual = Result.isSuccess(asked) ? asked.success[1].version : yield* readVersion(session)
    versions.set(session.connection, actual)
    return yield* actual === version ? Effect.fromResult(asked) : askAs(actual, session, scope, before)
  })

/**
 * Looks without a transaction and without a lock, in one round trip (the first on a pool or client takes two).
 * A transaction of the caller’s is found out by its clock, and left with the search path it had.
 */
export const firstLook = Effect.fn('pgsr.firstLook')(function* (scope: Scope) {
  const session = yield* Session
  const before =
    "select pg_catalog.current_setting('search_path');" +
    `select pg_catalog.set_config('search_path', '${searchPath}', true);`
  const [[formerSearchPath], answer] = yield* ask(session, scope, before).pipe(
    Effect.catchTag('DatabaseError', (error): Effect.Effect<never, DatabaseError | TransactionOpenError> =>
      Effect.fail(error.sqlState === '25P02' ? new TransactionOpenError() : error),
    ),
  )
  if (!answer.transactionOpen) return answer
  yield* session
    .send(`select pg_catalog.set_config('search_path', ${quoteLiteral(formerSearchPath ?? '')}, true)`)
    .pipe(Effect.mapError(reading))
  return yield* Effect.fail(new TransactionOpenError())
})

/** Looks inside pgsr’s own transaction, behind the statements that begin it or on their own. */
export const lookInTransaction = Effect.fn('pgsr.look')(function* (scope: Scope, before = '') {
  const session = yield* Session
  const version = versions.get(session.connection) ?? (yield* readVersion(session))
  const rows = yield* session.send(`${before}${introspectionQuery(version, scope)}`)
  const answer = yield* parse(rows.at(-1))
  return answer.snapshot satisfies Snapshot
})
