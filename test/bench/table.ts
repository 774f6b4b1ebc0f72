import type { Comparison } from './compare.ts'
import type { Planned } from './planner-alone.ts'
import { isMet, ratioOf, type Row } from './row.ts'
import type { Scenario } from './scenario.ts'
import type { Combination } from './bench-database.ts'

type Cells = readonly string[]

const markdown = (head: Cells, rows: readonly Cells[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const milliseconds = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))

const sides = ({ floor, subject }: Comparison): string => `${milliseconds(floor)} / ${milliseconds(subject)}`

const ratio = (comparison: Comparison): string => ratioOf(comparison).toFixed(2)

const traffic = ({ traffic: { roundTrips, batches } }: Comparison): string =>
  batches === 0 ? String(roundTrips) : `${roundTrips - batches} + ${batches}`

const whereOf = ({ major, role, driver }: Combination): string => `${major}, ${role}, ${driver.name}`

export const titleOf = ({ name }: Pick<Scenario, 'name'>, combination: Combination): string =>
  `${name} (${whereOf(combination)})`

const inMegabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)]

/** What came of one row, as soon as it is known. */
export const line = (row: Row): string => {
  const { scenario, combination, direct, wired, notes } = row
  const met = isMet(row) ? '' : '  MISSED'
  return [
    `${titleOf(scenario, combination)}: ${sides(direct)} ms, ${ratio(direct)} ×, ${traffic(wired)} round trips; with latency ${sides(wired)} ms${met}`,
    ...notes.map((note) => `  ${note}`),
  ].join('\n')
}

export const plannerLine = ({ what, facts, milliseconds: time, bytes }: Planned): string =>
  `planner alone, ${what}, ${facts} facts: ${milliseconds(time)} ms, ${inMegabytes(bytes)} MB`

const aimOf = ({ scenario: { aim } }: Row): string =>
  [`≤ ${aim.ratio} ×`, ...(aim.roundTrips === undefined ? [] : [`${aim.roundTrips} round trips`])].join(', ')

/** The ratios, a column for each combination. */
const ratios = (rows: readonly Row[]): string => {
  const columns = unique(rows.map(({ combination }) => whereOf(combination)))
  const names = unique(rows.map(({ scenario }) => scenario.name))
  return markdown(
    ['scenario', 'beside', 'aim', ...columns],
    names.map((name) => {
      const own = rows.filter(({ scenario }) => scenario.name === name)
      const cells = columns.map((column) => {
        const row = own.find(({ combination }) => whereOf(combination) === column)
        if (row === undefined) return ''
        return isMet(row) ? ratio(row.direct) : `**${ratio(row.direct)}**`
      })
      return [name, own[0]!.scenario.floor, aimOf(own[0]!), ...cells]
    }),
  )
}

/** What was measured, a row for each scenario and combination. */
const details = (rows: readonly Row[], which: 'direct' | 'wired'): string =>
  markdown(
    ['scenario', 'server, role, driver', 'rounds', 'floor / pgsr, ms', 'ratio', 'round trips'],
    rows.map(({ scenario, combination, direct, wired }) => {
      const comparison = { direct, wired }[which]
      const { rounds } = comparison
      return [
        scenario.name,
        whereOf(combination),
        String(rounds),
        sides(comparison),
        ratio(comparison),
        traffic(wired),
      ]
    }),
  )

const planner = (planned: readonly Planned[]): string =>
  markdown(
    ['planner alone', 'facts', 'ms', 'µs a fact', 'MB', 'operations', 'slope'],
    planned.map((row, index) => {
      const { what, facts, milliseconds: time, bytes, operations } = row
      const former = planned[index - 1]
      const slope =
        former?.what === what
          ? (Math.log(time / former.milliseconds) / Math.log(facts / former.facts)).toFixed(2)
          : ''
      return [
        what,
        facts.toLocaleString('en'),
        milliseconds(time),
        ((time * 1000) / facts).toFixed(1),
        inMegabytes(bytes),
        operations.toLocaleString('en'),
        slope,
      ]
    }),
  )

const notesOf = (rows: readonly Row[]): string =>
  rows
    .flatMap(({ scenario, combination, notes }) =>
      notes.map((note) => `* ${titleOf(scenario, combination)}: ${note}`),
    )
    .join('\n')

/** By name, what a run has to show. */
export const tablesOf = (
  rows: readonly Row[],
  planned: readonly Planned[],
): Readonly<Record<string, string>> => ({
  ...(rows.length > 0 && {
    ratios: ratios(rows),
    details: details(rows, 'direct'),
    latency: details(rows, 'wired'),
    notes: notesOf(rows),
  }),
  ...(planned.length > 0 && { planner: planner(planned) }),
})
