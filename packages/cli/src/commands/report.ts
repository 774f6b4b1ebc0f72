import { introspectAccess } from '@pgsr/node-postgres'
import { renderReport } from '@pgsr/report'
import type { ExitName } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { readFrom } from './read-from.ts'
import { callOptions, type Context } from '../context.ts'
import { writeText } from '../policy-file/write.ts'

/** Now, as people write it. */
const now = (): string => `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Writes a page of who can do what. */
export const run = async (context: Context): Promise<ExitName> => {
  const { line, terminal } = context
  if (line.out === undefined && terminal.showsAnswers)
    throw new UsageError(
      'a page of HTML is nothing for a terminal',
      'pgsr report --out report.html writes a file',
    )
  const snapshot = await readFrom(context, (pool) => introspectAccess(pool, callOptions(context)))
  const html = renderReport({ snapshot, readAt: now() })
  if (line.out === undefined) {
    terminal.answerExactly(html)
    return 'done'
  }
  await writeText(line.out, html, line.force, '--force writes over it')
  terminal.answer({ text: `wrote ${line.out}: open it in a browser`, tone: 'gain' })
  return 'done'
}
