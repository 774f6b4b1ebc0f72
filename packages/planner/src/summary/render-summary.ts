import { describeRoles } from '../model/describe-several.ts'
import { describeName } from '../model/describe.ts'
import type { Plan } from '../model/plan.ts'
import { type LeftSummary, type RolesSummary, type Summary, summaryOf } from './summary.ts'
import { flat, flatMap } from '../util/collections.ts'

/** The most lines of one list. What is longer ends with how many more there are. */
const mostLines = 8

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= mostLines
    ? lines
    : [...lines.slice(0, mostLines - 1), `… and ${lines.length - mostLines + 1} more`]

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...indented(shortened(lines))]

const ofRoles = (all: readonly RolesSummary[]): readonly (readonly string[])[] =>
  all.map(({ roles, gains, loses, rearranged }) => [
    describeRoles(roles),
    ...indented([
      ...shortened(gains.map(({ description }) => `+ ${description}`)),
      ...shortened(loses.map(({ description }) => `- ${description}`)),
      ...(rearranged > 0
        ? [`~ ${counted(rearranged, 'privilege')} that the role keeps, held in another way`]
        : []),
    ]),
  ])

/** As many groups of roles as there is room for. */
const fitting = (groups: readonly (readonly string[])[]): readonly string[] => {
  const shown = groups.slice(0, groups.length <= mostLines ? mostLines : mostLines - 1)
  const left = groups.length - shown.length
  return left === 0 ? flat(shown) : [...flat(shown), `… and ${left} more groups of roles`]
}

const ofLeft = (left: readonly LeftSummary[]): readonly string[] =>
  flatMap(left, ({ reason, messages }) => messages.map((message) => `${reason}: ${message}`))

const headline = ({ desired, operations, transactions, actingRole, hasDrift }: Summary): string => {
  const what = desired.length === 0 ? 'drops unused roles' : `syncs ${describeRoles(desired)}`
  if (operations === 0) return `pgsr ${what}: ${hasDrift ? 'nothing that can be done' : 'nothing to do'}`
  const several = transactions > 1 ? ` in ${transactions} transactions` : ''
  return `pgsr ${what}: ${counted(operations, 'operation')}${several}, run as ${describeName(actingRole)}`
}

const onIntermediate = ({ intermediate: { created, dropped } }: Summary): readonly string[] => [
  ...(created > 0 ? [`creates ${counted(created, 'role')} of pgsr’s own`] : []),
  ...(dropped > 0 ? [`drops ${counted(dropped, 'role')} of pgsr’s own`] : []),
]

/** A plan in short, as text for people: what each role gains and loses, warnings first. */
export const renderSummary = (plan: Plan): string => {
  const summary = summaryOf(plan)
  const { warnings, created, dropped, sessionsEnded, roles, skipped, residue, throughPublic, unmanaged } =
    summary
  const others = [...(summary.public === null ? [] : [summary.public]), ...summary.others]
  return [
    headline(summary),
    ...(dropped.length > 0 ? [`drops ${describeRoles(dropped)}`] : []),
    ...(sessionsEnded.length > 0 ? [`ends the sessions of ${describeRoles(sessionsEnded)}`] : []),
    ...shortened(warnings.map((warning) => `WARNING: ${warning}`)),
    ...(created.length > 0 ? [`creates ${describeRoles(created)}`] : []),
    ...onIntermediate(summary),
    ...fitting(ofRoles(roles)),
    ...section('not given', ofLeft(skipped)),
    ...section('not taken away', ofLeft(residue)),
    ...(others.length > 0 ? ['other roles', ...indented(fitting(ofRoles(others)))] : []),
    ...section('only through PUBLIC', throughPublic),
    ...section('not managed', unmanaged),
  ].join('\n')
}
