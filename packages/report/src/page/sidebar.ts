import { el, filled } from './dom.ts'
import { FilterControls, type Filters, takesObject, takesRole } from './filters.ts'
import { toObject, toRole } from './route.ts'
import { everybody, kindOf, mayLogIn, roles, things } from './world.ts'

/** Something to be found. */
interface Entry {
  readonly text: string
  readonly sort: string
  readonly href: string
  /** In lower case, to compare. */
  readonly lower: string
  readonly isTaken: (filters: Filters) => boolean
}

const entryOf = (text: string, sort: string, href: string, isTaken: Entry['isTaken']): Entry => ({
  text,
  sort,
  href,
  lower: text.toLowerCase(),
  isTaken,
})

const entries: readonly Entry[] = [
  entryOf('PUBLIC', 'every role', toRole(everybody), ({ login }) => !login),
  ...roles.map((role) =>
    entryOf(role, mayLogIn(role) ? 'role, may log in' : 'role', toRole(role), (filters) =>
      takesRole(filters, role),
    ),
  ),
  ...things.map(({ object, label }) =>
    entryOf(label, kindOf(object), toObject(object), (filters) => takesObject(filters, object)),
  ),
]

/** Whether a text has all words that are searched for. */
export const matches = (lower: string, words: readonly string[]): boolean =>
  words.every((word) => lower.includes(word))

const counted = (count: number, one: string): string =>
  `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`

/** What is called as the search says comes first, and then what begins with that. */
const byNearness = (found: readonly Entry[], query: string): readonly Entry[] => {
  if (query === '') return found
  const distance = ({ lower }: Entry): number => (lower === query ? 0 : lower.startsWith(query) ? 1 : 2)
  return found
    .map((entry) => ({ entry, at: distance(entry) }))
    .sort((a, b) => a.at - b.at)
    .map(({ entry }) => entry)
}

/** The search, the filters, and what is found. */
export class Sidebar {
  readonly element: HTMLElement
  readonly #search = el('input', {
    type: 'search',
    id: 'search',
    placeholder: 'orders, alice, sales …',
    autocomplete: 'off',
    'aria-controls': 'results',
    'aria-describedby': 'keys',
  })
  readonly #found = el('p', { role: 'status', id: 'found' })
  readonly #results = el('ul', { id: 'results', 'aria-label': 'Roles and objects that were found' })
  readonly #more = el('div')
  readonly #controls: FilterControls

  constructor(onChange: () => void) {
    const change = (): void => {
      this.#draw()
      onChange()
    }
    this.#controls = new FilterControls(change)
    this.#search.addEventListener('input', change)
    this.element = el(
      'nav',
      { 'aria-label': 'Roles and objects' },
      el('label', { for: 'search' }, 'Search roles and objects'),
      this.#search,
      el(
        'p',
        { id: 'keys', class: 'hint' },
        '/ goes to the search, ↓ and ↑ through what is found, Enter opens',
      ),
      this.#controls.element,
      this.#found,
      this.#results,
      this.#more,
    )
    this.element.addEventListener('keydown', this.#onKey)
    document.addEventListener('keydown', (event) => {
      const { target } = event
      const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement
      if (event.key !== '/' || (isTyping && target.type !== 'checkbox') || event.ctrlKey || event.metaKey)
        return
      event.preventDefault()
      this.#search.focus()
      this.#search.select()
    })
    this.#draw()
  }

  get filters(): Filters {
    return this.#controls.value
  }

  /** The words that are searched for. */
  get words(): readonly string[] {
    return this.#search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '')
  }

  /** Marks what is shown. */
  mark(hash: string): void {
    for (const link of this.#results.querySelectorAll('a')) {
      if (link.hash === hash) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && event.target === this.#search && this.#search.value !== '') {
      this.#search.value = ''
      this.#search.dispatchEvent(new Event('input'))
      return
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const links = [...this.#results.querySelectorAll('a')]
    const at = links.indexOf(event.target as HTMLAnchorElement)
    const isInList = at >= 0 || event.target === this.#search
    if (event.key === 'Enter' && event.target === this.#search) links[0]?.click()
    if (step === 0 || !isInList) return
    event.preventDefault()
    if (at + step < 0) this.#search.focus()
    else links[at + step]?.focus()
  }

  #draw(): void {
    const { filters, words } = this
    const found = byNearness(
      entries.filter(({ lower, isTaken }) => matches(lower, words) && isTaken(filters)),
      words.join(' '),
    )
    const ofRoles = found.filter(({ href }) => href.startsWith('#role/')).length
    this.#found.textContent = `Found ${counted(ofRoles, 'role')} and ${counted(found.length - ofRoles, 'object')}`
    this.#results.replaceChildren()
    this.#more.replaceChildren(
      filled(
        this.#results,
        found,
        ({ text, sort, href }) =>
          el(
            'li',
            {},
            el('a', { href }, el('span', { class: 'name' }, text), el('span', { class: 'sort' }, sort)),
          ),
        found.length,
      ),
    )
    this.mark(location.hash)
  }
}
