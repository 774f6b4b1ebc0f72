import { type Explanation, renderDot, renderMermaid, type WhoCan } from '@pgsr/node-postgres'
import type { Context } from '../context.ts'

/** Writes a text of several lines as the answer. */
export const answerText = ({ terminal }: Context, text: string): void =>
  terminal.answer(
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => ({ text: line })),
  )

/** Writes data for a program. */
export const answerJson = ({ terminal }: Context, data: unknown): void =>
  terminal.answerExactly(JSON.stringify(data, null, 2))

/** Writes an answer about access in the format that is asked for. */
export const answerAccess = (
  context: Context,
  answer: Explanation | WhoCan,
  text: string,
  more: object = {},
): void => {
  switch (context.line.format) {
    case 'json':
      return answerJson(context, { ...answer, ...more })
    case 'mermaid':
      return context.terminal.answerExactly(renderMermaid(answer))
    case 'dot':
      return context.terminal.answerExactly(renderDot(answer))
    default:
      return answerText(context, text)
  }
}
