import { describeGrantee, describeName, describeObject } from '../model/describe.ts'
import type { AccessOf, AccessPath, AccessStep, Explanation, WhoCan } from '../model/explanation.ts'
import {
  describeCondition,
  describeEscalation,
  describePath,
  describeSource,
  describeStatement,
  describeStep,
} from './sentences.ts'

/** A line of a tree, with what is below it. */
interface Branch {
  readonly text: string
  readonly below: readonly Branch[]
}

const leaf = (text: string): Branch => ({ text, below: [] })

/** Draws a tree, a line for each branch. */
const drawn = ({ text, below }: Branch, first = '', rest = ''): readonly string[] => [
  `${first}${text}`,
  ...below.flatMap((branch, index) =>
    index === below.length - 1
      ? drawn(branch, `${rest}└─ `, `${rest}   `)
      : drawn(branch, `${rest}├─ `, `${rest}│  `),
  ),
]

const render = (tree: Branch): string => `${drawn(tree).join('\n')}\n`

const endingsOf = ({ endings }: AccessPath): readonly Branch[] =>
  endings.flatMap(({ statements, note }, index) =>
    statements.length === 0
      ? endings.length === 1 && note !== undefined
        ? [leaf(`it cannot be ended: ${note}`)]
        : []
      : [
          leaf(
            `${index === 0 ? 'to end it' : 'or'}: ${statements.map(describeStatement).join('; ')}${note === undefined ? '' : ` (${note})`}`,
          ),
        ],
  )

const pathBranch = (path: AccessPath): Branch => ({ text: describePath(path), below: endingsOf(path) })

const stepBranch = (step: AccessStep): Branch => ({
  text: describeStep(step),
  below: [
    ...step.paths.map(pathBranch),
    ...step.conditions.map((condition) => leaf(describeCondition(condition))),
    ...step.afterSetRole.map((path) => ({
      ...pathBranch(path),
      text: `after SET ROLE: ${describePath(path)}`,
    })),
    ...(step.give === undefined ? [] : [leaf(`to give it: ${describeStatement(step.give)}`)]),
    ...(step.verdict === 'not granted' && step.why !== undefined ? [leaf(step.why)] : []),
  ],
})

/** What an explanation says in one sentence. */
const headline = ({
  role,
  privilege,
  object,
  verdict,
  usable,
  around,
  afterSetRole,
  login,
}: Explanation): string => {
  const who = describeGrantee(role)
  const what = `${privilege} on ${describeObject(object)}`
  if (verdict === 'unknown') return `it is not known whether ${who} has ${what}`
  if (verdict === 'not granted')
    return `${who} does not have ${what}${afterSetRole.length > 0 ? ', but can get it by SET ROLE' : ''}`
  const missing = around.filter((step) => step.verdict === 'not granted')
  const but =
    usable === false
      ? `, but lacks ${missing.map((step) => `${step.privilege} on ${describeObject(step.object)}`).join(' and ')}`
      : ''
  const condition = verdict === 'conditional' ? ', with a condition' : ''
  return `${who} has ${what}${condition}${but}${login === false ? ' (it may not log in)' : ''}`
}

/** An explanation as a text for people: a tree of what the role needs, and of the ways in which it has that. */
export const renderExplanation = (explanation: Explanation): string =>
  render({
    text: headline(explanation),
    below: [
      ...explanation.around.map(stepBranch),
      stepBranch(explanation),
      ...(explanation.columns ?? []).map(({ column, paths }) => ({
        text: `on column ${describeName(column)}`,
        below: paths.map(pathBranch),
      })),
    ],
  })

const roleLine = (name: string, login: boolean, isAfter: boolean): string =>
  `${describeGrantee(name)}${login ? ', which may log in' : ''}${isAfter ? ', after SET ROLE' : ''}`

/** Who has a privilege, as a text for people: grouped by where it comes from. */
export const renderWhoCan = ({
  privilege,
  object,
  verdict,
  why,
  everybody,
  roles,
  groups,
  columns = [],
}: WhoCan): string => {
  const what = `${privilege} on ${describeObject(object)}`
  if (verdict === 'unknown') return `it is not known who has ${what}: ${why!}\n`
  return render({
    text:
      everybody.length > 0
        ? `every role has ${what}`
        : verdict === 'granted'
          ? `who has ${what}`
          : `nobody has ${what}`,
    below: [
      ...holderBranches({ everybody, roles, groups }),
      ...columns.map(({ column, ...holders }) => ({
        text: `only on column ${describeName(column)}`,
        below: holderBranches(holders),
      })),
    ],
  })
}

const holderBranches = ({
  everybody,
  roles,
  groups,
}: Pick<WhoCan, 'everybody' | 'roles' | 'groups'>): readonly Branch[] => {
  const byName = new Map(roles.map((one) => [one.role, one]))
  return [
    ...everybody.map(pathBranch),
    ...groups.map(({ source, roles: members }) => ({
      text: describeSource(source),
      below: members.map((name) => {
        const { login, verdict: its } = byName.get(name)!
        return leaf(roleLine(name, login, its === 'not granted'))
      }),
    })),
  ]
}

/** Everything that a role can do, as a text for people: grouped by object. */
export const renderAccessOf = ({ role, login, superuser, objects, escalations }: AccessOf): string =>
  render({
    text: `${describeGrantee(role)}${superuser ? ' is a superuser, and' : ''} can do this${login === false ? ' (it may not log in)' : ''}`,
    below: [
      ...objects.map(({ object, privileges }) => ({
        text: describeObject(object),
        below: privileges.map(({ privilege, verdict, paths, afterSetRole }) => {
          const [path = afterSetRole[0]] = paths
          const more = paths.length > 1 ? `, and in ${paths.length - 1} more ways` : ''
          const how =
            verdict === 'granted' ? '' : verdict === 'conditional' ? ', with a condition' : ', after SET ROLE'
          return leaf(`${privilege}${how}: ${path === undefined ? '' : describePath(path)}${more}`)
        }),
      })),
      ...(escalations.length === 0
        ? []
        : [
            {
              text: 'how it may get more',
              below: escalations.map((escalation) => leaf(describeEscalation(escalation))),
            },
          ]),
    ],
  })
