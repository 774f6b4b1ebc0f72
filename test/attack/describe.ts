import type { Finding, Plot, AttackResult } from './attempt.ts'

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')

const describeFinding = ({ what, statement, role }: Finding): string =>
  `  ${what}${role === undefined ? '' : ` (${role})`}\n    in, by the ${statement.by}: ${oneLine(statement.text)}`

/** Says what was found, in a word for each. */
export const describeResult = ({ title, kind, driver }: Plot, result: AttackResult): string =>
  [
    `${title}, as ${kind}, with ${driver.name}`,
    ...result.findings.map(describeFinding),
    ...result.failures.map((failure) => `  ${oneLine(failure)}`),
  ].join('\n')

/** The world as SQL, what was asked for, and what was tried. */
export const describePlot = ({ world, request }: Plot): string =>
  [
    ...world.statements.map(({ by, text }) => `/* ${by} */ ${oneLine(text)};`),
    `/* the request */ ${JSON.stringify(request)}`,
    ...world.actions.map(({ by, text }) => `/* ${by} */ ${oneLine(text)};`),
  ].join('\n')

/** What is wrong, with all that is needed to see it again; nothing, if nothing is. */
export const complaint = (plot: Plot, result: AttackResult): string =>
  result.findings.length + result.failures.length === 0
    ? ''
    : `${describeResult(plot, result)}\n${describePlot(plot)}`
