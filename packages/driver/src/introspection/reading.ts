import type { Scope, Snapshot } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import type { Sending, SessionShape } from '../connection/session.ts'
import type { Results } from '../connection/wire.ts'
import { StatementError, UnexpectedCatalogError } from '../errors.ts'
import { momentOf, momentStatement } from './moment.ts'
import { isGarbled, isRefusedEncoding, needsBytes, noteBytes, textOfBytes } from './names-in-bytes.ts'
import { covers, type Needs, withFound } from './needs.ts'
import { type Answer, parseAnswer } from './snapshot.ts'
import { introspectionStatements } from './statements.ts'

/** What is read, on a server of which version. */
export interface Asked {
  readonly version: number
  readonly scope: Scope
  readonly needs: Needs
}

/** An answer of the catalogs, as the server sent it. */
interface Sent {
  /** Of each statement that reads, in order. */
  readonly results: Results
  /** What all of them saw, if they are known to have seen the same. */
  readonly moment: string | null
  /** Whether a transaction was open before. */
  readonly wasOpen: boolean
  /** Whether some name is not valid in the encoding. */
  readonly isGarbled: () => boolean
  /** The results of the statements before. */
  readonly before: Results
}

/** A reading of the catalogs. */
export interface Reading extends Answer, Pick<Sent, 'results' | 'moment' | 'wasOpen'> {}

/** Whether two answers are the same. Those to other statements are not, whose number may be another. */
const isSame = (results: Results, others: Results | undefined): boolean =>
  results.length === others?.length &&
  results.every((rows, index) => {
    const otherRows = others[index]!
    return (
      rows.length === otherRows.length &&
      rows.every((row, number) => row.every((value, column) => value === otherRows[number]![column]))
    )
  })

/** The statements before and behind those that read, in one text. */
export interface Around extends Sending {
  readonly before: readonly string[]
  readonly behind: readonly string[]
  /** Whether all statements see the same. */
  readonly isOneMoment: boolean
}

/** Sends the statements and decodes their answers, which are in bytes once invalid names have been met on the connection. */
export const send = (
  session: SessionShape,
  { version, scope, needs }: Asked,
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
    const text = texts.join(';')
    return session.send(text, sending).pipe(
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
          isGarbled: () =>
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

export const parsed = ({ results, moment, wasOpen }: Sent, asked: Asked, known?: Reading) =>
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
export const readWhole = Effect.fnUntraced(function* <A extends Reading, E, R>(
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
      asked = withFound({ ...asked, purpose: 'change' }, answer.found)
      previous = undefined
    } else if (isOneMoment || answer.moment !== null || isSame(answer.results, previous)) return answer
    else previous = answer.results
  }
  return yield* Effect.fail(keepsChanging)
})

/** Adds the size of a snapshot to the span. */
export const annotateSize = ({ roles, objects }: Snapshot): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({ 'pgsr.roles_read': roles.length, 'pgsr.objects_read': objects.length })
