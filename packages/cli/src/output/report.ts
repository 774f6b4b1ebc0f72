import {
  type ChangeSource,
  isIntermediateName,
  operationsOf,
  type Plan,
  type RolesSummary,
  type Skipped,
  type SummaryEntry,
  summaryOf,
} from '@pgsr/node-postgres'
import { leavesUndone, type PlaceOf, type Step } from '../planned/planned.ts'
import type { Line, Tone } from '../terminal/line.ts'
import { adviceFor } from './advice.ts'
import { counted } from './counted.ts'

/** A part of what is said of a plan: lines under a title. */
export interface Block {
  readonly title?: Line
  readonly lines: readonly Line[]
}

const named = (names: readonly string[]): string =>
  `${names.length === 1 ? 'role' : 'roles'} ${names.map((name) => JSON.stringify(name)).join(', ')}`

const who = (roles: readonly string[]): string =>
  roles.length === 1 && roles[0] === 'public' ? 'PUBLIC, and so every role' : named(roles)

/** The most places that a line names. */
const mostPlaces = 3

const inOrder = new Intl.Collator('en', { numeric: true })

/** `pgsr.yaml:12, 15, 18, …`: the name of the file once. */
const placesText = (places: readonly string[]): string | undefined => {
  const unique = [...new Set(places)].toSorted(inOrder.compare)
  if (unique.length === 0) return undefined
  const numbered = unique.slice(0, mostPlaces).map((place, index) => {
    const [, file = place, line] = /^(.*):(\d+)$/.exec(place) ?? []
    const before = /^(.*):\d+$/.exec(unique[index - 1] ?? '')?.[1]
    return line !== undefined && index > 0 && before === file ? line : place
  })
  return [...numbered, ...(unique.length > mostPlaces ? ['…'] : [])].join(', ')
}

const at = (sources: readonly ChangeSource[], placeOf: PlaceOf): { readonly from?: string } => {
  const from = placesText(sources.flatMap(({ role, grant }) => placeOf(role, grant) ?? []))
  return from === undefined ? {} : { from }
}

const entry =
  (sign: string, tone: Tone, placeOf: PlaceOf) =>
  ({ description, sources }: SummaryEntry): Line => ({
    text: `${sign} ${description}`,
    tone,
    ...at(sources, placeOf),
  })

const ofRoles = ({ roles, gains, loses, rearranged }: RolesSummary, placeOf: PlaceOf, note = ''): Block => ({
  title: { text: `${who(roles)}${note}`, tone: 'title' },
  lines: [
    ...loses.map(entry('-', 'loss', placeOf)),
    ...gains.map(entry('+', 'gain', placeOf)),
    ...(rearranged === 0
      ? []
      : [
          {
            text: `~ ${counted(rearranged, 'privilege')} that ${roles.length === 1 ? 'it keeps' : 'each keeps'}, held in another way`,
          },
        ]),
  ],
})

/** Lines under a title, if there are any. */
const block = (title: string, lines: readonly Line[]): readonly Block[] =>
  lines.length === 0 ? [] : [{ title: { text: title, tone: 'title' }, lines }]

const ofSkipped = (skipped: readonly Skipped[], placeOf: PlaceOf): readonly Line[] =>
  skipped.flatMap(({ role, grant, reason, message }) => [
    { text: `! ${message}`, tone: 'warning' as const, ...at([{ role, grant }], placeOf) },
    { text: `    to do: ${adviceFor[reason]}`, tone: 'faint' as const },
  ])

const ofResidue = ({ residue }: Plan, placeOf: PlaceOf): readonly Line[] =>
  residue.flatMap(({ role, message, statement, by }) => [
    { text: `! ${message}`, tone: 'warning' as const, ...at([{ role, grant: null }], placeOf) },
    { text: `    to end it: ${statement.replaceAll('\n', ' ')}`, tone: 'faint' as const },
    { text: `    by: ${by}`, tone: 'faint' as const },
  ])

/** What the plan is, in one line. */
export const headline = ({
  shown: plan,
  database,
  isLater,
}: Pick<Step, 'shown' | 'database' | 'isLater'>): string => {
  const count = operationsOf(plan).length
  const what = plan.request.kind === 'sync' ? '' : 'unused roles of pgsr’s own: '
  const where = `database ${JSON.stringify(database)}${isLater ? ', at last' : ''}`
  if (count === 0)
    return `${where}: ${what}${leavesUndone(plan) ? 'nothing that can be done' : 'nothing to do'}`
  const several = plan.transactions.length > 1 ? ` in ${plan.transactions.length} transactions` : ''
  return `${where}: ${what}${counted(count, 'operation')}${several}, run as ${JSON.stringify(plan.actingRole)}`
}

const own = (count: number): string => counted(count, 'role of pgsr’s own', 'roles of pgsr’s own')

/** The roles that appear and disappear. */
const ofExistence = (plan: Plan): readonly Line[] => {
  const { created, dropped, sessionsEnded, intermediate } = summaryOf(plan)
  // A plan to prune is about these roles, so that it names them.
  const pruned =
    plan.request.kind === 'sync'
      ? []
      : operationsOf(plan).flatMap((one) =>
          one.kind === 'dropRole' && isIntermediateName(one.role) ? [one.role] : [],
        )
  return [
    ...(dropped.length > 0 ? [{ text: `- ${named(dropped)}`, tone: 'loss' as const }] : []),
    ...pruned.map((role) => ({ text: `- ${named([role])}`, tone: 'loss' as const })),
    ...(created.length > 0 ? [{ text: `+ ${named(created)}`, tone: 'gain' as const }] : []),
    ...(intermediate.created > 0 ? [{ text: `+ ${own(intermediate.created)}` }] : []),
    ...(intermediate.dropped > pruned.length ? [{ text: `- ${own(intermediate.dropped)}` }] : []),
    ...(sessionsEnded.length > 0
      ? [{ text: `- the sessions of ${named(sessionsEnded)}, after the commit`, tone: 'loss' as const }]
      : []),
  ]
}

/** Everything that is said of a plan, the gravest first. */
export const reportOf = (step: Omit<Step, 'plan' | 'isDecisive'>, placeOf: PlaceOf): readonly Block[] => {
  const { shown: plan, isLater, dropsAtLast } = step
  const { warnings, roles, public: everybody, others, unmanaged } = summaryOf(plan)
  return [
    {
      title: { text: headline(step), tone: 'title' },
      lines: warnings.map((text) => ({ text: `! ${text}`, tone: 'warning' })),
    },
    ...(everybody === null ? [] : [ofRoles(everybody, placeOf)]),
    ...block('roles themselves', [
      ...ofExistence(plan),
      ...(dropsAtLast.length === 0
        ? []
        : [
            {
              text: `- ${named(dropsAtLast)}, with nothing left in any of the databases`,
              tone: 'loss' as const,
            },
          ]),
    ]),
    ...roles.map((one) => ofRoles(one, placeOf)),
    // A later plan asks only for roles to be dropped, so that to it all roles of the policy are others.
    ...others.map((one) => ofRoles(one, placeOf, isLater ? '' : ', which the policy does not name')),
    ...block('asked for, and not given', ofSkipped(plan.skipped, placeOf)),
    ...block('should go, and stays', ofResidue(plan, placeOf)),
    ...block(
      'stays because the mode is additive',
      plan.kept.map(({ message }) => ({ text: message })),
    ),
    ...block(
      'not managed by pgsr',
      unmanaged.map((text) => ({ text, tone: 'faint' })),
    ),
  ]
}
