type Child = Node | string | undefined | false

interface Attributes {
  readonly class?: string
  readonly href?: string
  readonly id?: string
  readonly title?: string
  readonly type?: string
  readonly value?: string
  readonly [name: `aria-${string}`]: string
  readonly for?: string
  readonly role?: string
  readonly scope?: string
  readonly tabindex?: string
  readonly placeholder?: string
  readonly autocomplete?: string
}

/** Makes an element. Texts are texts, whatever characters they have: names in a database are not the user’s own. */
export const el = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children.filter((one) => one !== undefined && one !== false))
  return element
}

/** A table with a caption for those who cannot see it. */
export const table = (
  caption: string,
  heads: readonly string[],
  rows: readonly HTMLTableRowElement[],
): HTMLTableElement =>
  el(
    'table',
    {},
    el('caption', {}, caption),
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows),
  )

/** How many rows are shown at first, and more each time that somebody asks. */
const atOnce = 200

/**
 * Fills a list step by step: a browser is slow with thousands of rows, and nobody reads them.
 * @param total how many there are, if that is known
 */
export const filled = <Row>(
  list: HTMLElement,
  rows: Iterable<Row>,
  draw: (row: Row) => HTMLElement,
  total?: number,
): HTMLElement => {
  const rest = rows[Symbol.iterator]()
  const more = el('button', { type: 'button', class: 'more' })
  let count = 0
  let next = rest.next()
  const show = (): void => {
    const drawn: HTMLElement[] = []
    for (; next.done !== true && drawn.length < atOnce; next = rest.next()) drawn.push(draw(next.value))
    list.append(...drawn)
    count += drawn.length
    if (next.done === true) more.remove()
    else
      more.textContent = `Show more (these are the first ${count}${total === undefined ? '' : ` of ${total}`})`
    drawn[0]?.querySelector('a')?.focus({ preventScroll: true })
  }
  more.addEventListener('click', show)
  const wrap = el('div', {})
  wrap.append(more)
  // The first rows take no focus: nobody has asked for them.
  const { activeElement } = document
  show()
  if (activeElement instanceof HTMLElement) activeElement.focus({ preventScroll: true })
  return wrap
}
