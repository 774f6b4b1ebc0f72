import { describeName, type Scope, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import * as Result from 'effect/Result'
import { asciiLiteral } from './ascii-literal.ts'
import { type DatabaseError, databaseError, TransactionOpenError } from './errors.ts'
import { forkOf } from './fork.ts'
import { type Frame, peeking } from './frame.ts'
import { inSpan } from './in-span.ts'
import { introspectionQuery } from './introspection/query.ts'
import { readLastCell } from './last-cell.ts'
import type { Settings } from './options.ts'
import { isGarbled, isRefusedEncoding, needsBytes, noteBytes, textOfBytes } from './names-in-bytes.ts'
import { storedQuery } from './passwords.ts'
import { type Sending, Session, type SessionShape } from './session.ts'
import { parseAnswer } from './snapshot.ts'

/** What is remembered of the server behind a pool or client. */
interface Known {
  /** Its version, as it was last seen. */
  version?: number
  /** By the role to act as: whether it may read what is stored of passwords. */
  readonly readsPasswords: Map<string | undefined, boolean>
}

const remembered = new WeakMap<object, Known>()

const knownOf = ({ connection }: SessionShape): Known => {
  const known = remembered.get(connection) ?? { readsPasswords: new Map<string | undefined, boolean>() }
  remembered.set(connection, known)
  return known
}

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
      knownOf(session).version = Number(version)
      return Effect.succeed(Number(version))
    }),
  )

const unsupported = (fork: string): UnsupportedServerError =>
  new UnsupportedServerError(
    `cannot sync roles: the server is ${fork}, which only speaks PostgreSQL’s protocol`,
  )

const versionOf = (session: SessionShape) =>
  Effect.suspend(() => {
    const { version } = knownOf(session)
    return version === undefined ? readVersion(session) : Effect.succeed(version)
  })

/** What the query answers, read as text unless names that are none have been met on the connection. */
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

/** How a look is taken. */
interface Looking {
  readonly version: number
  readonly scope: Scope
  /** What is read beside the catalogs: what is stored of passwords. */
  readonly stored: string | undefined
  readonly settings: Pick<Settings, 'actAs'>
  /** What the text ends with. */
  readonly after: string
  readonly onAnswer: () => void
}

const lookAs = (session: SessionShape, { version, scope, stored, settings, after, onAnswer }: Looking) => {
  const before = [settingsStatement(settings), ...(stored === undefined ? [] : [stored])].join(';')
  const query = (inBytes: boolean): string =>
    `${before};${introspectionQuery(version, scope, inBytes)}${after}`
  return readAnswer(session, query, { onAnswer }).pipe(
    Effect.mapError(reading(settings)),
    Effect.flatMap(({ cells, text, isGarbled: isUnread }) =>
      readLastCell([text], () => ({
        ...parseAnswer(text, scope),
        text,
        isUnread,
        ...(stored !== undefined && { stored: cells[1] ?? null }),
      })),
    ),
  )
}

/** Looks again where the first answer had names, or was refused for names, that are no text. */
const lookAgainInBytes = <A extends { readonly isUnread: boolean }, E, R>(
  session: SessionShape,
  look: () => Effect.Effect<A, E, R>,
) =>
  Effect.suspend(() => {
    const hadMet = needsBytes(session.connection)
    return Effect.flatMap(Effect.result(look()), (asked) => {
      if (Result.isSuccess(asked) && asked.success.isUnread) noteBytes(session.connection)
      return !hadMet && needsBytes(session.connection) ? look() : Effect.fromResult(asked)
    })
  })

/** Says in the current span how much was read. */
const sayHowMuch = ({ roles, objects }: Snapshot): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({ 'pgsr.roles_read': roles.length, 'pgsr.objects_read': objects.length })

/** The roles of which is read what is stored of their passwords. */
export interface StoredScope {
  /** Of these, whether there is a password. */
  readonly roles: readonly string[]
  /** Of these, what is stored of it, to compare. */
  readonly compared: readonly string[]
}

const isRefused = <A, E>(result: Result.Result<A, E>): boolean =>
  Result.isFailure(result) &&
  (result.failure as { readonly sqlState?: unknown } | undefined)?.sqlState === '42501'

/**
 * Looks without a lock, in one round trip (the first on a pool takes two). A transaction of the caller’s is left as it was.
 *
 * The query is that of the server’s version. Where another server answers than the one last seen, by a failover to
 * another version, its answer or its refusal of the query says so, and it is asked again. What is stored of passwords is
 * read in the same round trip where the last look said that it may be; where that is refused by now, it is left out.
 */
export const firstLook = Effect.fnUntraced(function* (
  scope: Scope,
  { roles, compared }: StoredScope,
  frame: Frame,
  settings: Pick<Settings, 'actAs'>,
) {
  const session = yield* Session
  const known = knownOf(session)
  const look = (version: number, stored?: string) =>
    peeking(frame, (after, onAnswer) =>
      lookAs(session, { version, scope, stored, settings, after, onAnswer }),
    )
  const version = yield* versionOf(session)
  const readsPasswords = roles.length > 0 && known.readsPasswords.get(settings.actAs) === true
  const beside = readsPasswords ? storedQuery(roles, compared) : undefined
  const first = yield* Effect.result(lookAgainInBytes(session, () => look(version, beside)))
  const asked =
    readsPasswords && isRefused(first)
      ? yield* Effect.result(lookAgainInBytes(session, () => look(version)))
      : first
  const actual = Result.isSuccess(asked)
    ? asked.success.version
    : yield* Effect.orElseSucceed(readVersion(session), () => version)
  known.version = actual
  const answer = yield* actual === version
    ? Effect.fromResult(asked)
    : lookAgainInBytes(session, () => look(actual))
  known.readsPasswords.set(settings.actAs, answer.readsPasswords)
  if (frame.isOwn && answer.transactionOpen)
    return yield* Effect.fail(
      new TransactionOpenError('somebody has left it open on a connection of the pool'),
    )
  yield* sayHowMuch(answer.snapshot)
  return answer
}, inSpan('pgsr.firstLook'))

/** Reads what is stored of passwords, without a lock, where the first look said that it may be read. */
export const readStored = Effect.fnUntraced(function* (
  { roles, compared }: StoredScope,
  frame: Frame,
  settings: Pick<Settings, 'actAs'>,
) {
  const session = yield* Session
  const query = `${settingsStatement(settings)};${storedQuery(roles, compared)}`
  const cells = yield* peeking(frame, (after, onAnswer) =>
    Effect.mapError(session.send(`${query}${after}`, { onAnswer }), reading(settings)),
  )
  return cells.at(-1) ?? null
}, inSpan('pgsr.stored'))

/** What the catalogs said, and its text. */
export interface Look {
  readonly text: string
  readonly snapshot: Snapshot
}

/**
 * Looks inside a frame, behind the statements that begin it or on their own.
 * @param known what a look within the same scope has read: where nothing has changed, the snapshot is the same
 */
export const lookInTransaction = Effect.fnUntraced(function* (
  scope: Scope,
  { before = 'select', known }: { readonly before?: string; readonly known?: Look } = {},
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
  yield* sayHowMuch(snapshot)
  return { cells, snapshot }
}, inSpan('pgsr.look'))
