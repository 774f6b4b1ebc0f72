import { operationsOf, type Plan, renderJson, type SyncResult } from '@pgsr/node-postgres'
import type { Context } from '../context.ts'
import { asCode, asMarkdown } from '../output/markdown.ts'
import { counted } from '../output/counted.ts'
import { verdictOf } from '../output/text.ts'
import { asSql } from '../output/write-plan.ts'
import type { Planned } from '../planned/planned.ts'
import type { Line } from '../terminal/line.ts'

/** What has become of one plan. */
export type Ended = { readonly database: string; readonly plan: Plan } & (
  | { readonly state: 'done'; readonly result: SyncResult }
  | { readonly state: 'done already' }
  | { readonly state: 'failed'; readonly error: unknown; readonly whatIsSo: readonly Line[] }
  | { readonly state: 'not begun' }
)

const sessionsOf = ({ sessions }: SyncResult): readonly Line[] =>
  sessions === undefined
    ? []
    : [
        { text: `  ended ${counted(sessions.terminated, 'session')}` },
        ...sessions.left.map(({ pid, why }): Line => ({
          text: `  ${pid === null ? 'sessions go on' : `session ${pid} goes on`}: ${why}`,
          tone: 'warning',
        })),
      ]

const linesOf = (one: Ended): readonly Line[] => {
  const where = `database ${JSON.stringify(one.database)}`
  switch (one.state) {
    case 'done': {
      const count = operationsOf(one.plan).length
      return [
        ...(count === 0
          ? []
          : [{ text: `done: ${counted(count, 'operation')} in ${where}`, tone: 'gain' } as const]),
        ...sessionsOf(one.result),
      ]
    }
    case 'done already':
      return [
        { text: `done already: ${where} is as the plan leaves it, and nothing was changed`, tone: 'gain' },
      ]
    case 'failed':
      return [{ text: `failed: ${where}`, tone: 'loss' }]
    case 'not begun':
      return [{ text: `not begun: ${where}`, tone: 'warning' }]
  }
}

/** The results for a program. */
const asJson = (ended: readonly Ended[]): string =>
  `${JSON.stringify(
    {
      pgsr: 'result',
      changed: ended.some((one) => one.state === 'done' && one.result.changed),
      databases: ended.map((one) => ({
        database: one.database,
        state: one.state === 'done already' ? 'done' : one.state,
        ...(one.state === 'done' && { changed: one.result.changed }),
        ...(one.state === 'done already' && { changed: false }),
        ...(one.state === 'failed' && { error: (one.error as Error).message }),
        ...(one.state === 'done' && one.result.sessions !== undefined && { sessions: one.result.sessions }),
        plan: JSON.parse(renderJson(one.plan)) as unknown,
      })),
    },
    null,
    2,
  )}\n`

/** Whether everything was planned again, and is as it was planned. */
export const areDone = (ended: readonly Ended[]): boolean =>
  ended.every(({ state }) => state === 'done' || state === 'done already')

/** Writes what has become of plans, in the format that is asked for. */
export const writeResults = (
  { terminal, line }: Context,
  planned: Planned,
  ended: readonly Ended[],
): void => {
  const lines = ended.flatMap(linesOf)
  const isNothing = ended.every(({ plan }) => operationsOf(plan).length === 0)
  switch (line.format) {
    case 'text':
      return terminal.answer(...(isNothing && areDone(ended) ? [verdictOf(planned, true)] : lines))
    case 'sql':
      return terminal.answerExactly(asSql(planned, line.actAs))
    case 'json':
      return terminal.answerExactly(asJson(ended))
    case 'markdown':
      return terminal.answerExactly(
        [
          asMarkdown(planned, line.actAs, areDone(ended)),
          ...(lines.length === 0
            ? []
            : [`${lines.map(({ text }) => `* ${asCode(text.trim())}`).join('\n')}\n`]),
        ].join('\n'),
      )
  }
}
