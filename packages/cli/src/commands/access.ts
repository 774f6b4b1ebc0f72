import { accessOf, renderAccessOf } from '@pgsr/node-postgres'
import type { ExitName } from '../command-line/exit-codes.ts'
import { readFrom } from './read-from.ts'
import { callOptions, type Context } from '../context.ts'
import { answerJson, answerText } from '../output/answer.ts'

/** Lists everything that a role can do. */
export const run = async (context: Context): Promise<ExitName> => {
  const { line } = context
  const [role = ''] = line.needed
  const answer = await readFrom(context, (pool) =>
    accessOf(pool, role, { byPublic: line.public, ...callOptions(context) }),
  )
  if (line.format === 'json') answerJson(context, answer)
  else answerText(context, renderAccessOf(answer))
  return 'done'
}
