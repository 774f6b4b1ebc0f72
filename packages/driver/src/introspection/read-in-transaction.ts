import type { Scope } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { Session } from '../connection/session.ts'
import type { Results } from '../connection/wire.ts'
import { inSpan } from '../span.ts'
import { momentOf, momentStatement } from './moment.ts'
import { noteBytes } from './names-in-bytes.ts'
import { type Found, type Needs, needsOf, type Purpose, withFound, withPurpose } from './needs.ts'
import { annotateSize, parsed, type Reading, readWhole, send } from './reading.ts'
import { versionOf } from './server-version.ts'

/**
 * Reads whether nothing has been committed since an earlier reading. The transaction of that reading must be over.
 * @param before the statements that come first in the text
 */
export const readMoment = Effect.fnUntraced(function* (before: readonly string[], { moment }: Reading) {
  const session = yield* Session
  const results = yield* session.send([...before, momentStatement].join(';'))
  return { before: results.slice(0, -1), isSame: moment !== null && momentOf(results.at(-1)).sees === moment }
})

/** How the catalogs are read inside a transaction. */
interface Within {
  /** The statements that come first in the first text, and last. */
  readonly before?: readonly string[]
  readonly behind?: readonly string[]
  /** An earlier reading of the same scope: if nothing has changed, the result has the same snapshot object. */
  readonly known?: Reading
  readonly purpose?: Purpose
}

/**
 * Reads the catalogs inside a transaction.
 * @param found what an earlier reading has found, of whatever scope
 */
export const readCatalogsInTransaction = Effect.fnUntraced(function* (
  scope: Scope,
  found: Found,
  { before = [], behind = [], known, purpose = 'change' }: Within = {},
) {
  const session = yield* Session
  const version = yield* versionOf(session)
  let first: Results | undefined
  const read = Effect.fnUntraced(function* (needs: Needs) {
    const asked = { scope, needs, version }
    const alone = { before: [], behind: [], isOneMoment: false }
    const sent = yield* send(session, asked, first === undefined ? { ...alone, before, behind } : alone)
    first ??= sent.before
    const isGarbled = sent.isGarbled()
    if (isGarbled) noteBytes(session.connection)
    return yield* parsed(isGarbled ? yield* send(session, asked, alone) : sent, asked, known)
  })
  const needs = withFound(needsOf(scope, found.isSuperuser), found)
  const reading = yield* readWhole(read, withPurpose(needs, purpose, version), false, known)
  yield* annotateSize(reading.snapshot)
  return { before: first ?? [], ...reading }
}, inSpan('pgsr.readCatalogs'))
