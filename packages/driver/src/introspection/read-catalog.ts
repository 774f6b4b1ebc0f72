import { type Scope, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import * as Result from 'effect/Result'
import { asciiLiteral } from '../connection/ascii-literal.ts'
import { readLastCell, type Sending, Session, type SessionShape } from '../connection/session.ts'
import { readWithin, type TransactionScope } from '../connection/transaction-scope.ts'
import { type DatabaseError, databaseError, TransactionOpenError } from '../errors.ts'
import type { Settings } from '../options.ts'
import { storedQuery, type StoredScope } from '../passwords/passwords.ts'
import { inSpan } from '../span.ts'
import { isGarbled, isRefusedEncoding, needsBytes, noteBytes, textOfBytes } from './names-in-bytes.ts'
import { introspectionQuery } from './query.ts'
import { parseAnswer } from './snapshot.ts'
import { unsupportedServer } from './unsupported-servers.ts'

/** What is remembered of the server behind a pool or client. */
interface Known {
  /** The version that it had last. */
  version?: number
  /** Whether stored passwords may be read, by the role to act as. */
  readonly readsPasswords: Map<string | undefined, boolean>
}

const remembered = new WeakMap<object, Known>()

const knownOf = ({ connection }: SessionShape): Known => {
  const known = remembered.get(connection) ?? { readsPasswords: new Map<string | undefined, boolean>() }
  remembered.set(connection, known)
  return known
}

type Actor = Pick<Settings, 'actAs'>

const readingFailed = ({ actAs }: Actor) =>
  databaseError(`read the catalogs${actAs === undefined ? '' : ` as role ${describeName(actAs)}`}`)

/**
 * Sets, for the transaction, what pgsr’s statements depend on: the acting role, the encoding, and a search_path in which
 * temporary objects come last. Nothing before this statement may depend on these settings.
 */
export const settingsStatement = ({ actAs }: Actor): string => {
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

/** Reads the version at the first contact, and refuses servers that only speak PostgreSQL’s protocol. */
const readVersion = (session: SessionShape): Effect.Effect<number, DatabaseError | UnsupportedServerError> =>
  session.send(versionQuery, { isUncancelled: true }).pipe(
    Effect.mapError(databaseError('read the catalogs')),
    Effect.flatMap(([version, text]) => {
      const unsupported = unsupportedServer(text ?? '')
      if (unsupported !== undefined)
        return Effect.fail(
          new UnsupportedServerError(
            `cannot sync roles: the server is ${unsupported}, which only speaks PostgreSQL’s protocol`,
          ),
        )
      knownOf(session).version = Number(version)
      return Effect.succeed(Number(version))
    }),
  )

const versionOf = (session: SessionShape) =>
  Effect.suspend(() => {
    const { version } = knownOf(session)
    return version === undefined ? readVersion(session) : Effect.succeed(version)
  })

/** Sends the query and decodes its answer. It answers in bytes once invalid names have been met on the connection. */
const readAnswer = (session: SessionShape, text: (inBytes: boolean) => string, sending: Sending = {}) =>
  Effect.suspend(() => {
    const inBytes = needsBytes(session.connection)
    return session.send(text(inBytes), sending).pipe(
      Effect.map((cells) => {
        const last = cells.at(-1) ?? ''
        return { cells, text: inBytes ? textOfBytes(last) : last, isGarbled: !inBytes && isGarbled(last) }
      }),
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (isRefusedEncoding(error)) noteBytes(session.connection)
        }),
      ),
    )
  })

/** What one text reads, and how. */
interface Reading {
  readonly version: number
  readonly scope: Scope
  /** The query of stored passwords, if they are read too. */
  readonly stored: string | undefined
  readonly settings: Actor
  /** What the text ends with. */
  readonly after: string
  readonly onAnswer: () => void
}

const readOnce = (session: SessionShape, { version, scope, stored, settings, after, onAnswer }: Reading) => {
  const before = [settingsStatement(settings), ...(stored === undefined ? [] : [stored])].join(';')
  const query = (inBytes: boolean): string =>
    `${before};${introspectionQuery(version, scope, inBytes)}${after}`
  return readAnswer(session, query, { onAnswer }).pipe(
    Effect.mapError(readingFailed(settings)),
    Effect.flatMap(({ cells, text, isGarbled: hasInvalidNames }) =>
      readLastCell([text], () => ({
        ...parseAnswer(text, scope),
        text,
        hasInvalidNames,
        ...(stored !== undefined && { stored: cells[1] ?? null }),
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
 * Reads the catalogs without a lock, in one round trip; the first reading on a pool takes two. A transaction of the caller’s
 * is left as it was.
 *
 * The query depends on the version of the server. After a failover to another version, the answer, or the refusal of the
 * query, shows that, and the query is sent again. Stored passwords are read in the same round trip if the last reading
 * showed that they may be read. If that is refused now, they are left out.
 */
export const readCatalogs = Effect.fnUntraced(function* (
  scope: Scope,
  storedScope: StoredScope,
  transaction: TransactionScope,
  settings: Actor,
) {
  const session = yield* Session
  const known = knownOf(session)
  const read = (version: number, stored?: string) =>
    orInBytes(session, () =>
      readWithin(transaction, (undo, onAnswer) =>
        readOnce(session, { version, scope, stored, settings, after: undo, onAnswer }),
      ),
    )
  const version = yield* versionOf(session)
  const readsPasswords = storedScope.roles.length > 0 && known.readsPasswords.get(settings.actAs) === true
  const first = yield* Effect.result(read(version, readsPasswords ? storedQuery(storedScope) : undefined))
  const second = readsPasswords && isForbidden(first) ? yield* Effect.result(read(version)) : first
  const actual = Result.isSuccess(second)
    ? second.success.version
    : yield* Effect.orElseSucceed(readVersion(session), () => version)
  known.version = actual
  const answer = yield* actual === version ? Effect.fromResult(second) : read(actual)
  known.readsPasswords.set(settings.actAs, answer.readsPasswords)
  if (transaction.isOwn && answer.transactionOpen)
    return yield* Effect.fail(new TransactionOpenError('that was left open on a connection of the pool'))
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
  const query = `${settingsStatement(settings)};${storedQuery(scope)}`
  const cells = yield* readWithin(transaction, (undo, onAnswer) =>
    Effect.mapError(session.send(`${query}${undo}`, { onAnswer }), readingFailed(settings)),
  )
  return cells.at(-1) ?? null
}, inSpan('pgsr.readStoredPasswords'))

/** The answer of the catalogs as a text, and the snapshot of it. */
export interface TextAndSnapshot {
  readonly text: string
  readonly snapshot: Snapshot
}

/**
 * Reads the catalogs inside a transaction.
 * @param before the statements that come first in the text
 * @param known an earlier reading of the same scope: if nothing has changed, the result has the same snapshot object
 */
export const readCatalogsInTransaction = Effect.fnUntraced(function* (
  scope: Scope,
  { before = 'select', known }: { readonly before?: string; readonly known?: TextAndSnapshot } = {},
) {
  const session = yield* Session
  const version = yield* versionOf(session)
  const query = (inBytes: boolean): string => introspectionQuery(version, scope, inBytes)
  const first = yield* readAnswer(session, (inBytes) => `${before};${query(inBytes)}`)
  const { cells } = first
  if (first.isGarbled) noteBytes(session.connection)
  const { text } = first.isGarbled ? yield* readAnswer(session, query) : first
  const { snapshot } =
    text === known?.text ? known : yield* readLastCell([text], () => parseAnswer(text, scope))
  yield* annotateSize(snapshot)
  return { cells, snapshot }
}, inSpan('pgsr.readCatalogs'))
