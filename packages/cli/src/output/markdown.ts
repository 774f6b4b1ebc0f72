import { operationsOf } from '@pgsr/node-postgres'
import { type Planned, toldSteps } from '../planned/planned.ts'
import { type Line, shown } from '../terminal/line.ts'
import { type Block, headline, reportOf } from './report.ts'
import { sqlOf, verdictOf } from './text.ts'

/** GitHub takes comments of 65,536 characters. The SQL, which the JSON has too, is left out if there is no room for it. */
const mostCharacters = 60_000

/** A fence that no line of a text ends. */
const fenced = (language: string, text: string): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

const lineOf = ({ text, from }: Line): string =>
  `${shown(text)}${from === undefined ? '' : `  # ${shown(from)}`}`

/** Lines that begin with + and - are green and red in a diff, and nothing in a name is taken for Markdown. */
const diffOf = (blocks: readonly Block[]): string =>
  blocks
    .map(({ title, lines }) =>
      [...(title === undefined ? [] : [`  ${lineOf(title)}`]), ...lines.map(lineOf)].join('\n'),
    )
    .join('\n\n')

/** Words of the plan, in which names may look like Markdown. */
const asCode = (text: string): string => {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${shown(text)}${fence}`
}

/** Plans as Markdown, for a comment on a pull request. */
export const asMarkdown = (planned: Planned, actAs: string | undefined): string => {
  const plans = toldSteps(planned)
  const said = plans.map((step) => {
    const [first, ...others] = reportOf(step, planned.placeOf)
    const warnings = first === undefined || first.lines.length === 0 ? [] : [{ lines: first.lines }]
    const blocks = [...warnings, ...others]
    return [
      `#### ${asCode(headline(step.shown, step.database))}`,
      ...(blocks.length === 0 ? [] : [fenced('diff', diffOf(blocks))]),
    ].join('\n\n')
  })
  const sql = plans
    .filter(({ plan }) => operationsOf(plan).length > 0)
    .map(
      ({ database, plan }, index) =>
        `<details><summary>SQL${plans.length === 1 ? '' : ` of plan ${index + 1}`}</summary>\n\n${fenced('sql', `-- ${shown(JSON.stringify(database))}\n${sqlOf(plan, actAs).trimEnd()}`)}\n\n</details>`,
    )
  const notes = planned.notCompared.map((text) => `* ${asCode(text)}`)
  const parts = [
    `### pgsr: ${verdictOf(planned).text}`,
    ...said,
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ]
  const whole = [...parts, ...sql].join('\n\n')
  const text =
    whole.length <= mostCharacters ? whole : [...parts, 'The SQL is too long for a comment.'].join('\n\n')
  return `${text}\n`
}
