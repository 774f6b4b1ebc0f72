import type { AccessStep } from '@pgsr/planner'
import { stepsOn } from './access.ts'
import { note, objectLink, privilegeLink, roleLink } from './cells.ts'
import { el, filled, table } from './dom.ts'
import { type Filters, takesObject } from './filters.ts'
import { matches } from './sidebar.ts'
import { mayLogIn, roles, schemas, things, world } from './world.ts'

/** One role, one object, one privilege. */
interface Row {
  readonly role: string
  readonly step: AccessStep
}

/** Who has what, as far as the filters and the search let it through. Rows are made when they are shown. */
function* rowsFor(filters: Filters, words: readonly string[]): Iterable<Row> {
  for (const { object, label } of things) {
    if (!takesObject(filters, object)) continue
    const lower = label.toLowerCase()
    yield* stepsOn(object, filters, {
      superusers: filters.way === 'superuser',
      takes: (role) => words.length === 0 || matches(`${role.toLowerCase()} ${lower}`, words),
    })
  }
}

const facts = (): HTMLElement => {
  const logins = roles.filter(mayLogIn).length
  const superusers = roles.filter((role) => world.catalog.isSuperuser(role))
  return el(
    'ul',
    { class: 'facts' },
    el('li', {}, `${roles.length} roles, of which ${logins} may log in`),
    el('li', {}, `${things.length} objects in ${schemas.length} schemas`),
    el(
      'li',
      {},
      'superusers, who can do everything and are left out below: ',
      ...superusers.flatMap((role, index) => [index === 0 ? '' : ', ', roleLink(role)]),
    ),
  )
}

/** Who has what in the whole database. */
export const everythingView = (filters: Filters, words: readonly string[]): readonly HTMLElement[] => {
  const list = table('Who has what', ['Role', 'Object', 'Privilege, and how'], [])
  const body = list.tBodies[0]!
  const rest = filled(body, rowsFor(filters, words), ({ role, step }) =>
    el(
      'tr',
      {},
      el('td', {}, roleLink(role)),
      el('td', {}, objectLink(step.object)),
      el('td', {}, privilegeLink(role, step)),
    ),
  )
  return [
    el('h2', { tabindex: '-1' }, 'Who has what'),
    facts(),
    body.rows.length === 0 ? note('Nobody but superusers, as far as the search and the filters go.') : list,
    rest,
  ]
}
