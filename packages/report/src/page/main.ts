import { el } from './dom.ts'
import { everythingView } from './everything-view.ts'
import { objectView } from './object-view.ts'
import { roleView } from './role-view.ts'
import { type Route, routeOf } from './route.ts'
import { Sidebar } from './sidebar.ts'
import { whyView } from './why-view.ts'
import { readAt, server } from './world.ts'

const view = el('article', { id: 'view', 'aria-label': 'Answer' })

const drawnFor = (route: Route, { filters, words }: Sidebar): readonly HTMLElement[] => {
  switch (route.kind) {
    case 'everything':
      return everythingView(filters, words)
    case 'role':
      return roleView(route.role, filters)
    case 'object':
      return objectView(route.object, filters)
    case 'why':
      return whyView(route)
  }
}

const draw = (): void => view.replaceChildren(...drawnFor(routeOf(location.hash), sidebar))

/** How long nobody types before the answer follows the search: what is found shows at once. */
const pause = 150

let waiting: ReturnType<typeof setTimeout> | undefined

const sidebar: Sidebar = new Sidebar(() => {
  clearTimeout(waiting)
  waiting = setTimeout(draw, pause)
})

window.addEventListener('hashchange', () => {
  draw()
  sidebar.mark(location.hash)
  window.scrollTo(0, 0)
  // So that the keyboard and a screen reader go on in the answer.
  view.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true })
})

const version = `${Math.floor(server.version / 10000)}`

document.body.append(
  el(
    'header',
    {},
    el('h1', {}, el('a', { href: '#' }, 'Who can do what')),
    el(
      'p',
      {},
      `database ${server.database}, PostgreSQL ${version}${readAt === undefined ? '' : `, read ${readAt}`}, as ${server.actingRole}`,
    ),
  ),
  el('main', {}, sidebar.element, view),
)
draw()
