import { describeName, type Scope, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { inSpan } from './in-span.ts'
import * as Result from 'effect/Result'
import { asciiLiteral } from './ascii-literal.ts'
import { DatabaseError, type StatementError, TransactionOpenError, UnexpectedCatalogError } from './errors.ts'
import { forkOf } from './fork.ts'
import { callersFrame, type Frame, ownFrame, settingNames } from './frame.ts'
import { introspectionQuery } from './introspection/query.ts'
import type { Settings } from './options.ts'
import { parseStored, storedQuery } from './passwords.ts'
import { type Cells, grace, Session, type SessionShape } from './session.ts'
import { type Answer, parseAnswer } from './snapshot.ts'

/** The version of the server behind each pool or client, as it was last seen. */
const versions = new WeakMap<object, number>()

/** Says of a failed text what it was for. */
export const databaseError =
  (operation: string, attempts = 1, outcome: DatabaseError['outcome'] = 'unchanged') =>
  (cause: StatementError): DatabaseError =>
    new DatabaseError(operation, cause, { attempts, outcome })

const asRole = ({ actAs }: Pick<Settings, 'actAs'>): string =>
  actAs === undefined ? '' : ` as role ${describeName(actAs)}`

const reading = (settings: Pick<Settings, 'actAs'>) => databaseError(`read the catalogs${asRole(settings)}`)

/**
 * The settings, for the transaction, under which pgsr’s statements mean what they say and are run by whom they should:
 * temporary objects come last, and by name only. What comes before may not rely on any of them.
 */
export const settingsStatement = ({ actAs }: Pick<Settings, 'actAs'>): string => {
  const values = {
    search_path: quoted('pg_catalog, pg_temp'),
    client_encoding: quoted('UTF8'),
    ...(actAs !== undefined && { role: asciiLiteral(actAs) }),
  }
  const set = Object.entries(values).map(
    ([name, value]) => `pg_catalog.set_config('${name}', ${value}, true)`,
  )
  return `select ${set.join(', ')}`
}

const quoted = (text: string): string => `'${text}'`

const versionQuery = "select pg_catalog.current_setting('server_version_num'); select pg_catalog.version()"

/** At the first contact; what only speaks PostgreSQL’s protocol has other catalogs, and is refused. */
const readVersion = (session: SessionShape): Effect.Effect<number, DatabaseError | UnsupportedServerError> =>
  session.send(versionQuery, { isUncancelled: true }).pipe(
    Effect.mapError(databaseError('read the catalogs')),
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

const parse = <A>(cells: Cells, read: (text: string) => A): Effect.Effect<A, UnexpectedCatalogError> =>
  Effect.try({
    try: () => read(cells.at(-1) ?? ''),
    catch: (error) => new UnexpectedCatalogError((error as Error).message),
  })

const versionOf = (session: SessionShape) =>
  Effect.suspend(() => {
    const known = versions.get(session.connection)
    return known === undefined ? readVersion(session) : Effect.succeed(known)
  })

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
    Effect.flatMap((cells) => parse(cells, (text) => JSON.parse(text) as Transaction)),
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

type Asked = readonly [cells: Cells, answer: Answer]

const lookAs = (
  version: number,
  session: SessionShape,
  scope: Scope,
  [before, after]: readonly [before: string, after: string],
  settings: Pick<Settings, 'actAs'>,
) =>
  session.send(`${before};${introspectionQuery(version, scope)}${after}`).pipe(
    Effect.mapError(reading(settings)),
    Effect.flatMap((cells) => Effect.map(parse(cells, parseAnswer), (answer): Asked => [cells, answer])),
  )

/** Says in the current span how much was read. */
const sayHowMuch = ({ roles, objects }: Snapshot): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({ 'pgsr.roles_read': roles.length, 'pgsr.objects_read': objects.length })

/**
 * Looks without a lock, in one round trip (the first on a pool takes two). A transaction of the caller’s is left as it was.
 *
 * The query is that of the server’s version. Where another server answers than the one last seen, by a failover to
 * another version, its answer or its refusal of the query says so, and it is asked again.
 */
export const firstLook = Effect.fnUntraced(function* (
  scope: Scope,
  frame: Frame,
  settings: Pick<Settings, 'actAs'>,
) {
  const session = yield* Session
  const look = (version: number) =>
    peeking(frame, (after) => lookAs(version, session, scope, [settingsStatement(settings), after], settings))
  const version = yield* versionOf(session)
  const asked = yield* Effect.result(look(version))
  const actual = Result.isSuccess(asked)
    ? asked.success[1].version
    : yield* Effect.orElseSucceed(readVersion(session), () => version)
  versions.set(session.connection, actual)
  const [, answer] = yield* actual === version ? Effect.fromResult(asked) : look(actual)
  if (frame.isOwn && answer.transactionOpen)
    return yield* Effect.fail(
      new TransactionOpenError('somebody has left it open on a connection of the pool'),
    )
  yield* sayHowMuch(answer.snapshot)
  return answer
}, inSpan('pgsr.firstLook'))

/** Reads what is stored of passwords, without a lock, where the look said that it may be read. */
export const readStored = Effect.fnUntraced(function* (
  roles: readonly string[],
  frame: Frame,
  settings: Pick<Settings, 'actAs'>,
) {
  const session = yield* Session
  const query = `${settingsStatement(settings)};${storedQuery(roles)}`
  const cells = yield* peeking(frame, (after) =>
    Effect.mapError(session.send(`${query}${after}`), reading(settings)),
  )
  return parseStored(cells.at(-1))
}, inSpan('pgsr.stored'))

/** Does work inside a frame. Whatever fails, or interrupts it, is undone; that it could not be is not what failed. */
export const framed =
  (frame: Frame) =>
  <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const session = yield* Session
      if (frame.before !== undefined)
        yield* session
          .send(frame.before, { isUncancelled: true })
          .pipe(Effect.mapError(databaseError('set a savepoint')))
      const undo = Effect.suspend(() => session.send(frame.undo, { within: grace }))
      return yield* Effect.onExit(work, (exit) =>
        exit._tag === 'Success' ? Effect.void : Effect.ignore(undo),
      )
    })

/**
 * Looks without changing anything: what is set for that ends with the text by itself outside of a transaction, and in one
 * of the caller’s by what the text has to end with.
 */
const peeking = <A, E, R>(frame: Frame, work: (after: string) => Effect.Effect<A, E, R>) =>
  frame.isOwn ? work('') : framed(frame)(work(`;${frame.undo}`))

/** Looks inside a frame, behind the statements that begin it or on their own. */
export const lookInTransaction = Effect.fnUntraced(function* (scope: Scope, before = 'select') {
  const session = yield* Session
  const version = yield* versionOf(session)
  const cells = yield* session.send(`${before};${introspectionQuery(version, scope)}`)
  const { snapshot } = yield* parse(cells, parseAnswer)
  yield* sayHowMuch(snapshot)
  return { cells, snapshot }
}, inSpan('pgsr.look'))
