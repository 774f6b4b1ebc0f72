import type { Scope } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import * as Result from 'effect/Result'
import { plannerSettings } from '../connection/planner-settings.ts'
import { firstColumn, Session, type SessionShape } from '../connection/session.ts'
import { type TransactionScope, within } from '../connection/transaction-scope.ts'
import { databaseError, TransactionOpenError } from '../errors.ts'
import { storedQuery, type StoredScope } from '../passwords/passwords.ts'
import { inSpan } from '../span.ts'
import { ask } from './ask.ts'
import { knownServer, lastFound, rememberFound } from './known-server.ts'
import { needsBytes, noteBytes } from './names-in-bytes.ts'
import { covers, expecting, needsKey, needsOf, type Purpose, withFound, withPurpose } from './needs.ts'
import { annotateSize, type Around, type Asked, parsed, readWhole, send } from './reading.ts'
import { type Actor, settingsStatement } from './reading-settings.ts'
import { remembering } from './remembering.ts'
import { readVersion, versionOf } from './server-version.ts'

const readingFailed = ({ actAs }: Actor) =>
  databaseError(`read the catalogs${actAs === undefined ? '' : ` as role ${describeName(actAs)}`}`)

const leftOpen = new TransactionOpenError('that was left open on a connection of the pool')

/**
 * What the meaning of an answer depends on, as a text. The statements are not enough: they are the same whether a schema or
 * only its tables are asked for.
 */
const questionOf = remembering((scope: Scope, version: number, needs: string) =>
  [version, needs, JSON.stringify(scope)].join(' '),
)

/** What one text reads, and how. */
interface AskedOnce extends Asked {
  /** The query of stored passwords, if they are read too. */
  readonly stored: string | undefined
  readonly settings: Actor
  readonly transaction: TransactionScope
  readonly onAnswer: () => void
}

const readOnce = (session: SessionShape, asked: AskedOnce) => {
  const { version, scope, needs, stored, settings, transaction, onAnswer } = asked
  const { begin, end } = transaction.reading
  const around: Around = {
    before: [
      ...begin,
      settingsStatement(settings, plannerSettings(version)),
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
    Effect.flatMap((answer) => {
      const { readings } = knownServer(session)
      const question = questionOf(scope, version, needsKey(needs))
      const last = readings.get(question)
      return Effect.map(parsed(answer, asked, last), (reading) => {
        const isKnown = reading.snapshot === last?.snapshot
        if (!isKnown) readings.set(question, reading)
        return {
          ...reading,
          // If the same answer was garbled before, that was noted then.
          hasInvalidNames: !isKnown && answer.isGarbled(),
          purpose: needs.purpose,
          ...(stored !== undefined && { stored: answer.before.at(-1)?.[0]?.[0] ?? null }),
        }
      })
    }),
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
 * @param purpose for `compare`, too, all is read that matters for a change if there is something rare
 */
export const readCatalogs = Effect.fnUntraced(function* (
  scope: Scope,
  storedScope: StoredScope,
  transaction: TransactionScope,
  settings: Actor,
  purpose: Purpose,
) {
  const session = yield* Session
  const known = knownServer(session)
  const actor = known.actors.get(settings.actAs)
  const usual = needsOf(scope, actor?.isSuperuser === true)
  const last = lastFound(known, scope)
  const expected = purpose === 'change' ? expecting(usual) : usual
  const needs = last === undefined ? expected : withFound(usual, last)
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
      withPurpose(needs, purpose, version),
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
  const results = yield* ask(storedQuery(scope), transaction, settings).pipe(
    Effect.catchTag('StatementError', (error) => Effect.fail(readingFailed(settings)(error))),
  )
  return firstColumn(results)[1] ?? null
}, inSpan('pgsr.readStoredPasswords'))
