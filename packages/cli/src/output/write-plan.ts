import type { Context } from '../context.ts'
import { renderPlanFile } from '../planned/plan-file.ts'
import { type Planned, stepsIn } from '../planned/planned.ts'
import { asMarkdown } from './markdown.ts'
import { asText, sqlOf } from './text.ts'

/** psql goes to the database before it runs what is planned there. */
const connectTo = (database: string): string => `\\connect "${database.replaceAll('"', '""')}"\n`

/** The SQL of several databases as one script. */
export const asSql = (planned: Planned, actAs: string | undefined): string => {
  const plans = stepsIn(planned)
  return plans
    .map(({ database, plan }) => `${plans.length === 1 ? '' : connectTo(database)}${sqlOf(plan, actAs)}`)
    .join('\n')
}

/** Writes plans to standard output, in the format that is asked for. */
export const writePlan = ({ terminal, line }: Context, planned: Planned): void => {
  const { format, sql, actAs } = line
  switch (format) {
    case 'text':
      return terminal.answer(...asText(planned, sql, actAs))
    case 'sql':
      return terminal.answerExactly(asSql(planned, actAs))
    case 'json':
      return terminal.answerExactly(renderPlanFile(planned))
    case 'markdown':
      return terminal.answerExactly(asMarkdown(planned, actAs))
  }
}
