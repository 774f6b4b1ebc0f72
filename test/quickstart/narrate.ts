import { styleText } from 'node:util'

const width = 110
const margin = '   '
const inset = `${margin}  `

/** Only for a terminal that has colours; `hasColors` knows of NO_COLOR. */
const colourful = process.stdout.isTTY && process.stdout.hasColors()

const styled = (format: 'bold' | 'dim' | 'green', text: string): string =>
  colourful && text !== '' ? styleText(format, text) : text

let afterBlank = true
let chapters = 0

const print = (line: string): void => {
  console.log(line)
  afterBlank = line === ''
}

/** An empty line between two things, however many of them ask for one. */
const gap = (): void => {
  if (!afterBlank) print('')
}

export const title = (text: string): void => print(styled('bold', text))

/** Begins a numbered part of the story. */
export const heading = (text: string): void => {
  chapters += 1
  gap()
  print(styled('bold', `${chapters}. ${text}`))
}

/** Sentences, each argument on a line of its own. */
export const say = (...sentences: readonly string[]): void => {
  for (const sentence of sentences) print(`${margin}${sentence}`.trimEnd())
}

const block = (lines: readonly string[]): void => {
  gap()
  for (const line of lines) print(line === '' ? '' : `${inset}${line}`)
  gap()
}

/** What somebody has written. */
export const showCode = (text: string): void => block(text.split('\n').map((line) => styled('green', line)))

/** A query and what PostgreSQL answers. */
export const showQuery = (who: string, text: string, answer: readonly string[]): void =>
  block([`${styled('dim', `${who}=>`)} ${styled('green', `${text};`)}`, ...answer.map((line) => `  ${line}`)])

const mark = ';  -- '

/** A statement, with what is in a list that does not fit on lines of its own. */
const inLines = (statement: string): readonly string[] => {
  if (inset.length + statement.length <= width) return [statement]
  const [first, ...others] = statement.split(', "')
  return [first!, ...others.map((other) => `    "${other}`)].map((line, index) =>
    index < others.length ? `${line},` : line,
  )
}

/** The same line; but where the comment behind a statement does not fit, it follows on a line of its own. */
const fold = (line: string): readonly string[] => {
  const at = line.indexOf(mark)
  if (at === -1) return line.startsWith('--') ? [styled('dim', line)] : inLines(line)
  const statement = line.slice(0, at + 1)
  const comment = styled('dim', line.slice(at + 3))
  return inset.length + line.length <= width ? [`${statement}  ${comment}`] : [statement, `    ${comment}`]
}

/** A script, such as a plan is rendered to. */
export const showScript = (script: string): void => block(script.trimEnd().split('\n').flatMap(fold))

/** Rows in columns, as psql would show them. */
export const tableOf = (rows: readonly Readonly<Record<string, unknown>>[]): readonly string[] => {
  const columns = Object.keys(rows[0] ?? {})
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)))
  const lines = cells.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join(' | ')
      .trimEnd(),
  )
  return lines.toSpliced(1, 0, widths.map((length) => '-'.repeat(length)).join('-+-'))
}
