import type { AccessStep, Membership, ObjectName } from '@pgsr/planner'
import { describeEscalation, escalationsOf } from '@pgsr/planner/internal'
import { stepsOn } from './access.ts'
import { note, objectLink, privilegeLink, roleLink } from './cells.ts'
import { el, filled, table } from './dom.ts'
import { type Filters, takesObject } from './filters.ts'
import { everybody, mayLogIn, roles, things, world } from './world.ts'

const attributesOf = (name: string): readonly string[] => {
  const role = world.catalog.roles.get(name)
  if (role === undefined) return []
  return [
    role.login ? 'may log in' : 'may not log in',
    ...(role.superuser ? ['superuser'] : []),
    ...(role.createRole ? ['CREATEROLE'] : []),
    ...(role.createDb ? ['CREATEDB'] : []),
    ...(role.replication ? ['REPLICATION'] : []),
    ...(role.bypassRls ? ['BYPASSRLS'] : []),
    ...(role.inherit ? [] : ['NOINHERIT']),
    ...(role.validUntil === 'infinity' ? [] : [`its password is valid until ${role.validUntil}`]),
  ]
}

const optionsOf = ({ admin, inherit, set, grantor }: Membership): string =>
  [
    ...(inherit ? [] : ['does not inherit']),
    ...(set ? [] : ['no SET ROLE']),
    ...(admin ? ['ADMIN option'] : []),
    `granted by ${grantor}`,
  ].join(', ')

const membershipList = (
  title: string,
  rows: readonly (readonly [role: string, membership: Membership])[],
): readonly HTMLElement[] => {
  if (rows.length === 0) return []
  const list = el('ul', { class: 'links' })
  return [
    el('h3', {}, title),
    list,
    filled(
      list,
      rows,
      ([role, membership]) =>
        el('li', {}, roleLink(role), ' ', el('span', { class: 'sort' }, optionsOf(membership))),
      rows.length,
    ),
  ]
}

/** The roles that a role is a member of only by others. */
const indirectOf = (role: string): readonly string[] => {
  const { graph, catalog } = world
  const direct = new Set(catalog.memberships.ofMember(role).map((one) => one.role))
  return [...graph.leadsTo.reachable(role)].filter((one) => one !== role && !direct.has(one))
}

/** What a role can do, by object. Rows are made when they are shown: a superuser has thousands. */
function* rowsOf(
  role: string,
  filters: Filters,
): Iterable<{ readonly object: ObjectName; readonly steps: readonly AccessStep[] }> {
  // Whoever asks about a role wants to see it, also if it may not log in.
  const asked = { ...filters, login: filters.login && mayLogIn(role) }
  for (const { object } of things) {
    if (!takesObject(filters, object)) continue
    const steps = [...stepsOn(object, asked, { role })].map(({ step }) => step)
    if (steps.length > 0) yield { object, steps }
  }
}

/** What a role is, and everything that it can do. */
export const roleView = (role: string, filters: Filters): readonly HTMLElement[] => {
  const { catalog } = world
  const isEverybody = role === everybody
  const heading = el('h2', { tabindex: '-1' }, isEverybody ? 'PUBLIC' : role)
  if (!isEverybody && !roles.includes(role)) return [heading, note('There is no such role.')]
  const escalations = isEverybody ? [] : escalationsOf(world.graph, role)
  const list = table('What it can do', ['Object', 'Privileges, and how'], [])
  const body = list.tBodies[0]!
  const rest = filled(body, rowsOf(role, filters), ({ object, steps }) =>
    el(
      'tr',
      {},
      el('td', {}, objectLink(object)),
      el('td', { class: 'ways' }, ...steps.flatMap((step) => [privilegeLink(role, step), ' '])),
    ),
  )
  const more = el('ul', { class: 'links' })
  const indirect = isEverybody ? [] : indirectOf(role)
  return [
    heading,
    el('p', {}, isEverybody ? 'Every role, also those that will be created.' : attributesOf(role).join(', ')),
    ...membershipList(
      'Member of',
      catalog.memberships.ofMember(role).map((one) => [one.role, one] as const),
    ),
    ...(indirect.length === 0
      ? []
      : [
          el(
            'p',
            {},
            'and by these of ',
            ...indirect.flatMap((one, index) => [index === 0 ? '' : ', ', roleLink(one)]),
          ),
        ]),
    ...membershipList(
      'Members',
      catalog.memberships.inRole(role).map((one) => [one.member, one] as const),
    ),
    el('h3', {}, 'What it can do'),
    body.rows.length === 0
      ? note('Nothing, as far as the filters go.')
      : note(isEverybody ? '' : 'What every role can do is at PUBLIC, and not listed here.'),
    list,
    rest,
    ...(escalations.length === 0
      ? []
      : [
          el('h3', {}, 'How it may get more'),
          more,
          filled(more, escalations, (one) => el('li', {}, describeEscalation(one)), escalations.length),
        ]),
  ]
}
