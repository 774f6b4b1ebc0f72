import type { Comparison } from './compare.ts'
import { ownCheckout } from './checkout.ts'
import { isAimMet, type Planned } from './planner-alone.ts'
import { isMet, ratioOf, type Row } from './row.ts'
import type { Scenario } from './scenario.ts'
import type { Combination } from './bench-database.ts'

type Cells = readonly string[]

const markdown = (head: Cells, rows: readonly Cells[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const milliseconds = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))

const sides = ({ floor, subject, beside }: Comparison): string =>
  [floor, subject, ...(beside === undefined ? [] : [beside])].map(milliseconds).join(' / ')

const ratio = (comparison: Pick<Comparison, 'floor' | 'subject'>): string => ratioOf(comparison).toFixed(2)

/** How this build compares with the one beside it. */
const besideRatio = ({ subject, beside }: Comparison): string =>
  beside === undefined ? '' : ratio({ floor: beside, subject })

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
  const other = direct.beside === undefined ? '' : `, ${besideRatio(direct)} × the build beside it`
  return [
    `${titleOf(scenario, combination)}: ${sides(direct)} ms, ${ratio(direct)} ×${other}, ${traffic(wired)} round trips; with latency ${sides(wired)} ms${met}`,
    ...notes.map((note) => `  ${note}`),
  ].join('\n')
}

export const plannerLine = (planned: Planned): string => {
  const { what, facts, milliseconds: time, bytes, checkout } = planned
  const whose = checkout === ownCheckout ? '' : ` of ${checkout}`
  const met = isAimMet(planned) ? '' : '  MISSED'
  return `planner alone${whose}, ${what}, ${facts} facts: ${milliseconds(time)} ms, ${inMegabytes(bytes)} MB${met}`
}

const aimOf = ({ scenario: { aim } }: Row): string =>
  [
    aim.ratio === undefined ? 'stated' : `≤ ${aim.ratio} ×`,
    ...(aim.roundTrips === undefined ? [] : [`${aim.roundTrips} round trips`]),
  ].join(', ')

/** A row for each scenario, and a column for each combination after those about the scenario itself. */
const byCombination = (
  rows: readonly Row[],
  head: Cells,
  about: (ofScenario: readonly Row[]) => Cells,
  cell: (row: Row) => string,
): string => {
  const columns = unique(rows.map(({ combination }) => whereOf(combination)))
  const names = unique(rows.map(({ scenario }) => scenario.name))
  return markdown(
    ['scenario', ...head, ...columns],
    names.map((name) => {
      const own = rows.filter(({ scenario }) => scenario.name === name)
      const cells = columns.map((column) => {
        const row = own.find(({ combination }) => whereOf(combination) === column)
        return row === undefined ? '' : cell(row)
      })
      return [name, ...about(own), ...cells]
    }),
  )
}

/** What a call takes, in milliseconds, with the first driver. */
const costs = (rows: readonly Row[]): string =>
  byCombination(
    rows.filter(({ combination }) => combination.driver === rows[0]!.combination.driver),
    ['round trips'],
    (own) => [unique(own.map(({ wired }) => traffic(wired))).join(', ')],
    ({ direct }) => milliseconds(direct.subject),
  )

const ratios = (rows: readonly Row[]): string =>
  byCombination(
    rows,
    ['beside', 'aim'],
    ([first]) => [first!.scenario.floor, aimOf(first!)],
    (row) => (isMet(row) ? ratio(row.direct) : `**${ratio(row.direct)}**`),
  )

/** What was measured, a row for each scenario and combination. */
const details = (rows: readonly Row[], which: 'direct' | 'wired'): string => {
  const hasBeside = rows.some((row) => row[which].beside !== undefined)
  const optional = (...cells: Cells): Cells => (hasBeside ? cells : [])
  const all = `floor / pgsr${hasBeside ? ' / beside' : ''}, ms`
  return markdown(
    ['scenario', 'server, role, driver', 'rounds', all, 'ratio', ...optional('pgsr / beside'), 'round trips'],
    rows.map((row) => {
      const { scenario, combination, wired } = row
      const comparison = row[which]
      return [
        scenario.name,
        whereOf(combination),
        String(comparison.rounds),
        sides(comparison),
        ratio(comparison),
        ...optional(besideRatio(comparison)),
        traffic(wired),
      ]
    }),
  )
}

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

/** All that was measured: straight to the server, and with latency. */
export const detailsOf = (rows: readonly Row[]): readonly string[] =>
  rows.length === 0 ? [] : [details(rows, 'direct'), details(rows, 'wired')]

/** By name, what a run has to show. */
export const tablesOf = (
  rows: readonly Row[],
  planned: readonly Planned[],
): Readonly<Record<string, string>> => ({
  ...(rows.length > 0 && {
    costs: costs(rows),
    ratios: ratios(rows),
    notes: notesOf(rows),
  }),
  ...(planned.length > 0 && { planner: planner(planned) }),
})
