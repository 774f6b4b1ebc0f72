import { type Scope, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import * as Result from 'effect/Result'
import { asciiLiteral } from '../connection/ascii-literal.ts'
import { firstColumn, type Sending, Session, type SessionShape } from '../connection/session.ts'
import type { Results } from '../connection/wire.ts'
import { type TransactionScope, within } from '../connection/transaction-scope.ts'
import {
  type DatabaseError,
  databaseError,
  StatementError,
  TransactionOpenError,
  UnexpectedCatalogError,
} from '../errors.ts'
import type { Settings } from '../options.ts'
import { storedQuery, type StoredScope } from '../passwords/passwords.ts'
import { inSpan } from '../span.ts'
import { knownServer, lastFound, rememberFound } from './known-server.ts'
import { isGarbled, isRefusedEncoding, needsBytes, noteBytes, textOfBytes } from './names-in-bytes.ts'
import { covers, type Found, type Needs, needsOf, withFound } from './needs.ts'
import { type Answer, parseAnswer } from './snapshot.ts'
import { momentOf, momentStatement } from './moment.ts'
import { introspectionStatements } from './statements.ts'
import { unsupportedServer } from './unsupported-servers.ts'

type Actor = Pick<Settings, 'actAs'>

const readingFailed = ({ actAs }: Actor) =>
  databaseError(`read the catalogs${actAs === undefined ? '' : ` as role ${describeName(actAs)}`}`)

/**
 * Sets, for the transaction, what pgsr’s statements depend on: the acting role, the encoding, and a search_path in which
 * temporary objects come last. Nothing before this statement may depend on these settings.
 */
export const settingsStatement = ({ actAs }: Actor, more: Readonly<Record<string, string>> = {}): string => {
  const values = {
    search_path: quoted('pg_catalog, pg_temp'),
    client_encoding: quoted('UTF8'),
    ...(actAs !== undefined && { role: asciiLiteral(actAs) }),
    ...more,
  }
  const set = Object.entries(values).map(
    ([name, value]) => `pg_catalog.set_config('${name}', ${value}, true)`,
  )
  return `select ${set.join(', ')}`
}

const quoted = (text: string): string => `'${text}'`

/**
 * Settings for PostgreSQL’s planner. Compiling a statement with JIT, and starting parallel workers, takes longer than running
 * it. Without `enable_seqscan = off`, PostgreSQL would read catalogs that have just grown in full, again and again, since
 * its statistics still show them as small. A transaction of the caller’s keeps its own.
 * @see https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const forPlanner: readonly (readonly [name: string, value: string, since: number])[] = [
  ['jit', 'off', 110000],
  ['enable_seqscan', 'off', 0],
  ['max_parallel_workers_per_gather', '0', 0],
]

export const plannerSettings = (
  { isOwn }: TransactionScope,
  version: number,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    forPlanner
      .filter(([, , since]) => isOwn && version >= since)
      .map(([name, value]) => [name, quoted(value)]),
  )

const leftOpen = new TransactionOpenError('that was left open on a connection of the pool')

const versionQuery = "select pg_catalog.current_setting('server_version_num'); select pg_catalog.version()"

/** Reads the version at the first contact, and refuses servers that only speak PostgreSQL’s protocol. */
const readVersion = (session: SessionShape): Effect.Effect<number, DatabaseError | UnsupportedServerError> =>
  session.send(versionQuery, { isUncancelled: true }).pipe(
    Effect.mapError(databaseError('read the catalogs')),
    Effect.flatMap((results) => {
      const [version, text] = firstColumn(results)
      const unsupported = unsupportedServer(text ?? '')
      if (unsupported !== undefined)
        return Effect.fail(
          new UnsupportedServerError(
            `cannot sync roles: the server is ${unsupported}, which only speaks PostgreSQL’s protocol`,
          ),
        )
      knownServer(session).version = Number(version)
      return Effect.succeed(Number(version))
    }),
  )

const versionOf = (session: SessionShape) =>
  Effect.suspend(() => {
    const { version } = knownServer(session)
    return version === undefined ? readVersion(session) : Effect.succeed(version)
  })

/** An answer of the catalogs, as the server sent it. */
interface Sent {
  /** Of each statement that reads, in order. */
  readonly results: Results
  /** What all of them saw, if they are known to have seen the same. */
  readonly moment: string | null
  /** Whether a transaction was open before. */
  readonly wasOpen: boolean
  /** Whether some name is not valid in the encoding. */
  readonly isGarbled: boolean
  /** The results of the statements before. */
  readonly before: Results
}

/** A reading of the catalogs. */
export interface Reading extends Answer, Pick<Sent, 'results' | 'moment' | 'wasOpen'> {}

const isSame = (results: Results, others: Results | undefined): boolean =>
  others !== undefined &&
  results.every((rows, index) => {
    const otherRows = others[index]!
    return (
      rows.length === otherRows.length &&
      rows.every((row, number) => row.every((value, column) => value === otherRows[number]![column]))
    )
  })

/** The statements before and behind those that read, in one text. */
interface Around extends Sending {
  readonly before: readonly string[]
  readonly behind: readonly string[]
  /** Whether all statements see the same. */
  readonly isOneMoment: boolean
}

/** Sends the statements and decodes their answers, which are in bytes once invalid names have been met on the connection. */
const send = (
  session: SessionShape,
  { version, scope, needs }: Pick<Asked, 'version' | 'scope' | 'needs'>,
  { before, behind, isOneMoment, ...sending }: Around,
) =>
  Effect.suspend(() => {
    const inBytes = needsBytes(session.connection)
    const reading = introspectionStatements(version, scope, needs, inBytes)
    const texts = [
      ...before,
      momentStatement,
      ...reading,
      ...(isOneMoment ? [] : [momentStatement]),
      ...behind,
    ]
    return session.send(texts.join(';'), sending).pipe(
      Effect.map((all): Sent => {
        // Not all statements before are queries.
        const first = all.length - reading.length - (isOneMoment ? 0 : 1)
        const sent = all.slice(first, first + reading.length)
        const start = momentOf(all[first - 1])
        const results = inBytes
          ? sent.map((rows) => rows.map((row) => row.map((value) => value && textOfBytes(value))))
          : sent
        return {
          before: all.slice(0, first - 1),
          results,
          moment: isOneMoment || momentOf(all.at(-1)).sees === start.sees ? start.sees : null,
          wasOpen: start.wasOpen,
          isGarbled:
            !inBytes &&
            results.some((rows) =>
              rows.some((row) => row.some((value) => value !== null && isGarbled(value))),
            ),
        }
      }),
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (isRefusedEncoding(error)) noteBytes(session.connection)
        }),
      ),
    )
  })

const parsed = (
  { results, moment, wasOpen }: Sent,
  asked: Pick<Asked, 'scope' | 'needs' | 'version'>,
  known?: Reading,
) =>
  known !== undefined && isSame(results, known.results)
    ? Effect.succeed<Reading>({ ...known, moment, wasOpen })
    : Effect.try({
        try: (): Reading => ({ ...parseAnswer(results, asked), results, moment, wasOpen }),
        catch: (error) => new UnexpectedCatalogError((error as Error).message),
      })

/** How often the catalogs are read again while others change them. */
const mostReadings = 20

const keepsChanging = new StatementError({
  message: 'other sessions keep changing the catalogs while they are read',
  sqlState: '40001',
})

/**
 * Reads until the answer has everything that there is, at one moment. Each statement sees what was committed before it. If
 * something may have been committed between two statements, the answer is true only if the one before was the same: then
 * nothing that it contains has changed meanwhile.
 * @param isOneMoment whether all statements see the same anyway
 */
const readWhole = Effect.fnUntraced(function* <A extends Reading, E, R>(
  read: (needs: Needs) => Effect.Effect<A, E, R>,
  needs: Needs,
  isOneMoment: boolean,
  known?: Reading,
) {
  let asked = needs
  let previous = known?.results
  for (let readings = 0; readings < mostReadings; readings++) {
    const answer = yield* read(asked)
    if (!covers(asked, answer.found)) {
      asked = withFound(asked, answer.found)
      previous = undefined
    } else if (isOneMoment || answer.moment !== null || isSame(answer.results, previous)) return answer
    else previous = answer.results
  }
  return yield* Effect.fail(keepsChanging)
})

/** What one text reads, and how. */
interface Asked {
  readonly version: number
  readonly scope: Scope
  readonly needs: Needs
  /** The query of stored passwords, if they are read too. */
  readonly stored: string | undefined
  readonly settings: Actor
  readonly transaction: TransactionScope
  readonly onAnswer: () => void
}

const readOnce = (session: SessionShape, asked: Asked) => {
  const { version, scope, needs, stored, settings, transaction, onAnswer } = asked
  const { begin, end } = transaction.reading
  const around: Around = {
    before: [
      ...begin,
      settingsStatement(settings, plannerSettings(transaction, version)),
      ...(stored === undefined ? [] : [stored]),
    ],
    behind: end,
    isOneMoment: transaction.isOwn,
    onAnswer,
  }
  return send(session, { version, scope, needs }, around).pipe(
    Effect.mapError((error) =>
      transaction.isOwn && error.sqlState === '25001' ? leftOpen : readingFailed(settings)(error),
    ),
    Effect.flatMap((answer) =>
      Effect.map(parsed(answer, asked), (reading) => ({
        ...reading,
        hasInvalidNames: answer.isGarbled,
        ...(stored !== undefined && { stored: answer.before.at(-1)?.[0]?.[0] ?? null }),
      })),
    ),
  )
}

/** Reads again, in bytes, if the first answer had names that are not valid in the encoding, or was refused for them. */
const orInBytes = <A extends { readonly hasInvalidNames: boolean }, E, R>(
  session: SessionShape,
  read: () => Effect.Effect<A, E, R>,
) =>
  Effect.suspend(() => {
    const isInBytes = needsBytes(session.connection)
    return Effect.flatMap(Effect.result(read()), (first) => {
      if (Result.isSuccess(first) && first.success.hasInvalidNames) noteBytes(session.connection)
      return !isInBytes && needsBytes(session.connection) ? read() : Effect.fromResult(first)
    })
  })

const annotateSize = ({ roles, objects }: Snapshot): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({ 'pgsr.roles_read': roles.length, 'pgsr.objects_read': objects.length })

const isForbidden = <A, E>(result: Result.Result<A, E>): boolean =>
  Result.isFailure(result) &&
  (result.failure as { readonly sqlState?: unknown } | undefined)?.sqlState === '42501'

/**
 * Reads the catalogs without a lock, in one round trip; the first reading on a pool takes two, and so does one that finds
 * something rare. A transaction of the caller’s is left as it was.
 *
 * The statements depend on the version of the server. After a failover to another version, the answer, or the refusal of
 * the statements, shows that, and they are sent again. Stored passwords are read in the same round trip if the last reading
 * showed that they may be read. If that is refused now, they are left out.
 */
export const readCatalogs = Effect.fnUntraced(function* (
  scope: Scope,
  storedScope: StoredScope,
  transaction: TransactionScope,
  settings: Actor,
) {
  const session = yield* Session
  const known = knownServer(session)
  const actor = known.actors.get(settings.actAs)
  const usual = needsOf(scope, actor?.isSuperuser === true)
  const last = lastFound(known, scope)
  const needs = last === undefined ? usual : withFound(usual, last)
  const read = (version: number, stored?: string) =>
    readWhole(
      (asked) =>
        orInBytes(session, () =>
          within(transaction, (onAnswer) =>
            readOnce(session, {
              version,
              scope,
              needs: asked,
              stored,
              settings,
              transaction,
              onAnswer,
            }),
          ),
        ),
      needs,
      transaction.isOwn,
    ).pipe(Effect.catchTag('StatementError', (error) => Effect.fail(readingFailed(settings)(error))))
  const version = yield* versionOf(session)
  const readsPasswords = storedScope.roles.length > 0 && actor?.readsPasswords === true
  const first = yield* Effect.result(read(version, readsPasswords ? storedQuery(storedScope) : undefined))
  const second = readsPasswords && isForbidden(first) ? yield* Effect.result(read(version)) : first
  const actual = Result.isSuccess(second)
    ? second.success.version
    : yield* Effect.orElseSucceed(readVersion(session), () => version)
  known.version = actual
  const answer = yield* actual === version ? Effect.fromResult(second) : read(actual)
  known.actors.set(settings.actAs, {
    isSuperuser: answer.found.isSuperuser,
    readsPasswords: answer.readsPasswords,
  })
  rememberFound(known, scope, answer.found, !covers(needsOf(scope, answer.found.isSuperuser), answer.found))
  if (transaction.isOwn && answer.wasOpen) return yield* Effect.fail(leftOpen)
  yield* annotateSize(answer.snapshot)
  return answer
}, inSpan('pgsr.readCatalogs'))

/** Reads stored passwords without a lock, after a first reading of the catalogs has shown that they may be read. */
export const readStoredPasswords = Effect.fnUntraced(function* (
  scope: StoredScope,
  transaction: TransactionScope,
  settings: Actor,
) {
  const session = yield* Session
  const { begin, end } = transaction.reading
  const query = [...begin, settingsStatement(settings), storedQuery(scope), ...end].join(';')
  const results = yield* within(transaction, (onAnswer) =>
    Effect.mapError(session.send(query, { onAnswer }), readingFailed(settings)),
  )
  return firstColumn(results)[1] ?? null
}, inSpan('pgsr.readStoredPasswords'))

/**
 * Reads whether nothing has been committed since an earlier reading. The transaction of that reading must be over.
 * @param before the statements that come first in the text
 */
export const readMoment = Effect.fnUntraced(function* (before: readonly string[], { moment }: Reading) {
  const session = yield* Session
  const results = yield* session.send([...before, momentStatement].join(';'))
  return { before: results.slice(0, -1), isSame: moment !== null && momentOf(results.at(-1)).sees === moment }
})

/**
 * Reads the catalogs inside a transaction.
 * @param before the statements that come first in the first text
 * @param known an earlier reading of the same scope: if nothing has changed, the result has the same snapshot object
 * @param found what an earlier reading has found, of whatever scope
 */
export const readCatalogsInTransaction = Effect.fnUntraced(function* (
  scope: Scope,
  found: Found,
  { before = [], known }: { readonly before?: readonly string[]; readonly known?: Reading } = {},
) {
  const session = yield* Session
  const version = yield* versionOf(session)
  let first: Results | undefined
  const read = Effect.fnUntraced(function* (needs: Needs) {
    const asked = { scope, needs, version }
    const sendAfter = (statements: readonly string[]) =>
      send(session, asked, { before: statements, behind: [], isOneMoment: false })
    const sent = yield* sendAfter(first === undefined ? before : [])
    first ??= sent.before
    if (sent.isGarbled) noteBytes(session.connection)
    return yield* parsed(sent.isGarbled ? yield* sendAfter([]) : sent, asked, known)
  })
  const reading = yield* readWhole(read, withFound(needsOf(scope, found.isSuperuser), found), false, known)
  yield* annotateSize(reading.snapshot)
  return { before: first ?? [], ...reading }
}, inSpan('pgsr.readCatalogs'))
