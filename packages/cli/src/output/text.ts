import { type Plan, renderSql } from '@pgsr/node-postgres'
import {
  leavesPasswords,
  leavesUndone,
  notesOf,
  type Planned,
  stepsIn,
  toldSteps,
} from '../planned/planned.ts'
import { operationsOf } from '@pgsr/node-postgres'
import type { Line } from '../terminal/line.ts'
import { type Block, reportOf } from './report.ts'

const blank: Line = { text: '' }

/** A block with its lines indented, and an empty line before the next. */
const linesOf = ({ title, lines }: Block): readonly Line[] => [
  ...(title === undefined ? [] : [title]),
  ...lines.map((line) => ({ ...line, text: `  ${line.text}` })),
  blank,
]

/** The SQL of a plan, for psql. */
export const sqlOf = (plan: Plan, actAs: string | undefined): string =>
  renderSql(plan, actAs === undefined ? {} : { actAs })

/** Plans as text for people. */
export const asText = (planned: Planned, withSql: boolean, actAs: string | undefined): readonly Line[] => [
  ...toldSteps(planned).flatMap((step) => [
    ...reportOf(step, planned.placeOf).flatMap(linesOf),
    ...(withSql && operationsOf(step.plan).length > 0
      ? [
          ...sqlOf(step.plan, actAs)
            .trimEnd()
            .split('\n')
            .map((text): Line => ({ text })),
          blank,
        ]
      : []),
  ]),
  ...notesOf(planned).map((text): Line => ({ text: `note: ${text}`, tone: 'faint' })),
  ...(notesOf(planned).length > 0 ? [blank] : []),
  verdictOf(planned, planned.isSaved !== true),
]

/**
 * What all of it comes to.
 * @param isSoNow whether it was found just now. What a saved plan says was so when it was made
 */
export const verdictOf = (planned: Planned, isSoNow: boolean): Line => {
  const plans = stepsIn(planned).map(({ shown }) => shown)
  const count = plans.reduce((sum, plan) => sum + operationsOf(plan).length, 0)
  const remains = plans.some(leavesUndone)
  const isSync = plans.some(({ request }) => request.kind === 'sync')
  if (count === 0 && !isSoNow) return { text: 'nothing to do when the plan was made', tone: 'title' }
  if (count === 0 && !remains && leavesPasswords(planned))
    return { text: 'nothing differs, but for what is not compared', tone: 'warning' }
  if (count === 0 && !remains)
    return { text: isSync ? 'in sync: nothing differs' : 'nothing to drop', tone: 'gain' }
  const rest = remains ? 'something is skipped or stays' : ''
  if (count === 0) return { text: `nothing can be done, and ${rest}`, tone: 'warning' }
  const what = `${count} operation${count === 1 ? '' : 's'} to do`
  return remains ? { text: `${what}; ${rest}`, tone: 'warning' } : { text: what, tone: 'title' }
}
