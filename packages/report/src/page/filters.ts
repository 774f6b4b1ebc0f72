import type { ObjectName, Privilege } from '@pgsr/planner'
import { el } from './dom.ts'
import { mayLogIn, privilegesOf, schemaAround, schemas, things } from './world.ts'
import { type Way, wayNames, ways } from './ways.ts'

/** What lists are limited to. */
export interface Filters {
  readonly login: boolean
  readonly schema: string
  readonly privilege: string
  readonly way: string
}

const privileges: readonly Privilege[] = [
  ...new Set([...new Map(things.map(({ object }) => [object.kind, object])).values()].flatMap(privilegesOf)),
]

const choice = (
  id: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
): readonly [HTMLLabelElement, HTMLSelectElement] => {
  const select = el('select', { id })
  select.append(new Option('any', ''), ...options.map(([value, text]) => new Option(text, value)))
  return [el('label', { for: id }, label, select), select]
}

/** The controls of the filters, and what they say. */
export class FilterControls {
  readonly element: HTMLElement
  readonly #login = el('input', { type: 'checkbox', id: 'login' })
  readonly #schema: HTMLSelectElement
  readonly #privilege: HTMLSelectElement
  readonly #way: HTMLSelectElement

  constructor(onChange: () => void) {
    const [schemaLabel, schema] = choice(
      'schema',
      'Schema',
      schemas.map((name) => [name, name]),
    )
    const [privilegeLabel, privilege] = choice(
      'privilege',
      'Privilege',
      privileges.map((name) => [name, name]),
    )
    const [wayLabel, way] = choice(
      'way',
      'Way',
      wayNames.map((name) => [name, ways[name]]),
    )
    this.#schema = schema
    this.#privilege = privilege
    this.#way = way
    const clear = el('button', { type: 'button', id: 'clear' }, 'Clear filters')
    clear.addEventListener('click', () => {
      this.#login.checked = false
      for (const select of [schema, privilege, way]) select.value = ''
      onChange()
    })
    this.element = el(
      'fieldset',
      { class: 'filters' },
      el('legend', {}, 'Filters, for all lists'),
      el('label', { class: 'check' }, this.#login, 'only roles that may log in'),
      schemaLabel,
      privilegeLabel,
      wayLabel,
      clear,
    )
    this.element.addEventListener('change', onChange)
  }

  get value(): Filters {
    return {
      login: this.#login.checked,
      schema: this.#schema.value,
      privilege: this.#privilege.value,
      way: this.#way.value,
    }
  }
}

export const takesRole = ({ login }: Filters, role: string): boolean => !login || mayLogIn(role)

export const takesObject = ({ schema }: Filters, object: ObjectName): boolean =>
  schema === '' || schemaAround(object) === schema

export const takesPrivilege = ({ privilege }: Filters, one: Privilege): boolean =>
  privilege === '' || privilege === one

export const takesWays = ({ way }: Filters, found: readonly Way[]): boolean =>
  way === '' || found.includes(way as Way)
