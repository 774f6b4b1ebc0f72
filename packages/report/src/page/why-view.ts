import type { AccessPath, AccessQuestion, AccessStep } from '@pgsr/planner'
import {
  describeCondition,
  describeLink,
  describeObject,
  describeSource,
  describeStatement,
  explainIn,
} from '@pgsr/planner/internal'
import { note, objectLink, roleLink } from './cells.ts'
import { el } from './dom.ts'
import type { Route } from './route.ts'
import { everybody, world } from './world.ts'

/** A path as roles and arrows, to be seen at a glance. */
const chain = (
  { memberships, setsRole, source }: AccessPath,
  role: string,
  { privilege, object }: AccessStep,
) => {
  const stops = [role, ...memberships.map((link) => link.role)]
  const isForAll = source.kind === 'PUBLIC' || source.kind === 'setting'
  return el(
    'p',
    { class: 'chain' },
    ...stops.flatMap((stop, index) => [
      index === 0 ? '' : memberships[index - 1]!.by === 'set role' ? ' ⇢ ' : ' → ',
      roleLink(stop),
      stop === setsRole ? ' (SET ROLE)' : '',
    ]),
    isForAll && role !== everybody ? ' → PUBLIC' : '',
    ` → ${source.kind === 'superuser' ? 'everything, so' : ''} ${privilege} on `,
    objectLink('object' in source ? source.object : object),
  )
}

const endings = ({ endings: all }: AccessPath): HTMLElement => {
  const list = el('ul', { class: 'endings' })
  for (const { statements, note: why } of all)
    list.append(
      el(
        'li',
        {},
        statements.length === 0
          ? `cannot be ended here: ${why ?? ''}`
          : el('code', {}, statements.map(describeStatement).join(';\n')),
        statements.length > 0 && why !== undefined && ` ${why}`,
      ),
    )
  return el('details', { class: 'ends' }, el('summary', {}, 'What ends this way'), list)
}

const pathItem = (path: AccessPath, role: string, step: AccessStep): HTMLElement =>
  el(
    'li',
    {},
    chain(path, role, step),
    el(
      'ul',
      { class: 'links' },
      ...path.memberships.map((link) => el('li', {}, describeLink(link))),
      el('li', {}, describeSource(path.source)),
    ),
    endings(path),
  )

const verdictWords = {
  granted: 'has it',
  conditional: 'has it, with a condition',
  'not granted': 'does not have it',
  unknown: 'not known',
} as const

const stepSection = (role: string, step: AccessStep): HTMLElement =>
  el(
    'section',
    { class: `step ${step.verdict.replace(' ', '-')}` },
    el(
      'h3',
      {},
      `${step.privilege} on ${describeObject(step.object)}: `,
      el('strong', {}, verdictWords[step.verdict]),
    ),
    ...step.conditions.map((one) => note(describeCondition(one))),
    step.paths.length > 0 &&
      el(
        'p',
        {},
        step.paths.length === 1
          ? 'In one way:'
          : `In ${step.paths.length}${step.morePaths ? ' or more' : ''} ways, each of which suffices:`,
      ),
    el('ol', {}, ...step.paths.map((path) => pathItem(path, role, step))),
    step.afterSetRole.length > 0 && el('p', {}, 'After SET ROLE, and not before:'),
    el('ol', {}, ...step.afterSetRole.map((path) => pathItem(path, role, step))),
    step.give !== undefined &&
      el('p', {}, 'What would give it: ', el('code', {}, describeStatement(step.give))),
    step.why !== undefined && note(step.why),
  )

const answered = (question: AccessQuestion): readonly HTMLElement[] => {
  const { role } = question
  const explanation = explainIn(world, question)
  const { usable, around, columns = [], login } = explanation
  const missing = around.filter(({ verdict }) => verdict === 'not granted')
  return [
    usable === false && explanation.verdict !== 'not granted'
      ? note(
          `It cannot use this, since it lacks ${missing.map((step) => `${step.privilege} on ${describeObject(step.object)}`).join(' and ')}.`,
        )
      : note(usable === true ? 'It has everything that it needs to use this.' : ''),
    ...(login === false ? [note('It may not log in itself.')] : []),
    stepSection(role, explanation),
    ...(columns.length === 0
      ? []
      : [
          el('h3', {}, 'On single columns'),
          el(
            'ul',
            {},
            ...columns.flatMap(({ column, paths }) =>
              paths.map((path) => el('li', {}, `${column}: `, chain(path, role, explanation))),
            ),
          ),
        ]),
    el('h3', {}, 'What it needs besides'),
    ...(around.length === 0 ? [note('Nothing.')] : around.map((step) => stepSection(role, step))),
  ]
}

/** Why a role has a privilege on an object, or what it lacks. */
export const whyView = ({
  role,
  privilege,
  object,
}: Extract<Route, { kind: 'why' }>): readonly HTMLElement[] => {
  const heading = el(
    'h2',
    { tabindex: '-1' },
    role === everybody ? 'PUBLIC' : role,
    ` and ${privilege} on ${describeObject(object)}`,
  )
  const links = el('p', {}, 'All of ', roleLink(role), ' · all of ', objectLink(object))
  try {
    return [heading, links, ...answered({ role, privilege, object })]
  } catch (error) {
    return [heading, note(error instanceof Error ? error.message : String(error))]
  }
}
