import { operationsOf } from '@pgsr/node-postgres'
import { notesOf, type Planned, toldSteps } from '../planned/planned.ts'
import { type Line, shown } from '../terminal/line.ts'
import { type Block, headline, reportOf } from './report.ts'
import { sqlOf, verdictOf } from './text.ts'

/** GitHub takes comments of 65,536 characters. The SQL, which the JSON has too, is left out if there is no room for it. */
const mostCharacters = 60_000

/** A run of backticks that is longer than any in a text, and so does not end where the text has some. */
const fenceFor = (text: string, shortest: number): string => {
  const longest = Math.max(shortest - 1, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  return '`'.repeat(longest + 1)
}

/** A fence that no line of a text ends. */
const fenced = (language: string, text: string): string => {
  const fence = fenceFor(text, 3)
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
export const asCode = (text: string): string => {
  const code = shown(text)
  const fence = fenceFor(code, 1)
  // A backtick beside the fence would be a part of it.
  const space = /^`|`$/.test(code) ? ' ' : ''
  return `${fence}${space}${code}${space}${fence}`
}

/**
 * Plans as Markdown, for a comment on a pull request.
 * @param isSoNow whether what it comes to was found just now
 */
export const asMarkdown = (
  planned: Planned,
  actAs: string | undefined,
  isSoNow = planned.isSaved !== true,
): string => {
  const plans = toldSteps(planned)
  const said = plans.map((step) => {
    const [first, ...others] = reportOf(step, planned.placeOf)
    const warnings = first === undefined || first.lines.length === 0 ? [] : [{ lines: first.lines }]
    const blocks = [...warnings, ...others]
    return [
      `#### ${asCode(headline(step))}`,
      ...(blocks.length === 0 ? [] : [fenced('diff', diffOf(blocks))]),
    ].join('\n\n')
  })
  const sql = plans
    .filter(({ plan }) => operationsOf(plan).length > 0)
    .map(
      ({ database, plan }, index) =>
        `<details><summary>SQL${plans.length === 1 ? '' : ` of plan ${index + 1}`}</summary>\n\n${fenced('sql', `-- ${shown(JSON.stringify(database))}\n${sqlOf(plan, actAs).trimEnd()}`)}\n\n</details>`,
    )
  const notes = notesOf(planned).map((text) => `* ${asCode(text)}`)
  const parts = [
    `### pgsr: ${verdictOf(planned, isSoNow).text}`,
    ...said,
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ]
  const whole = [...parts, ...sql].join('\n\n')
  const text =
    whole.length <= mostCharacters ? whole : [...parts, 'The SQL is too long for a comment.'].join('\n\n')
  return `${text}\n`
}
