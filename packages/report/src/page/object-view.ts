import type { AccessStep, GrantableKind, ObjectName, Privilege } from '@pgsr/planner'
import { describeObject, loginFirst, schemaOf } from '@pgsr/planner/internal'
import { stepsOn } from './access.ts'
import { note, objectLink, roleLink, wayLink } from './cells.ts'
import { el, filled, table } from './dom.ts'
import { type Filters, takesPrivilege } from './filters.ts'
import { everybody, kindOf, labelOf, privilegesOf, server, things, world } from './world.ts'

/** What a role has on an object, by privilege. */
type Steps = ReadonlyMap<Privilege, AccessStep>

const rowsOf = (
  object: ObjectName<GrantableKind>,
  filters: Filters,
): readonly (readonly [string, Steps])[] => {
  const rows = new Map<string, Map<Privilege, AccessStep>>()
  for (const { role, step } of stepsOn(object, filters)) {
    const row = rows.get(role) ?? new Map<Privilege, AccessStep>()
    rows.set(role, row.set(step.privilege, step))
  }
  return [
    everybody,
    ...loginFirst(
      world.graph,
      [...rows.keys()].filter((role) => role !== everybody),
    ),
  ].flatMap((role) => {
    const row = rows.get(role)
    return row === undefined ? [] : [[role, row] as const]
  })
}

const rowSecurity = (object: ObjectName): readonly HTMLElement[] => {
  const { access } = world.find(object) ?? {}
  if (access?.rowSecurity === undefined) return []
  const policies = access.policies ?? []
  return [
    el('h3', {}, 'Row security'),
    note(
      policies.length === 0
        ? 'It is on, and no policy lets anybody but the owner and superusers see a row.'
        : 'It is on: policies decide which rows a role sees and changes.',
    ),
    el(
      'ul',
      {},
      ...policies.map(({ policy, command, permissive, roles }) =>
        el(
          'li',
          {},
          `${policy}: ${command}, for ${roles.join(', ')}${permissive ? '' : ', which only restricts'}`,
        ),
      ),
    ),
  ]
}

const inside = (object: ObjectName): readonly HTMLElement[] => {
  const isInside = (one: ObjectName): boolean =>
    object.kind === 'schema'
      ? schemaOf(one) === object.name[0]
      : one.kind === 'column' && one.name[0] === object.name[0] && one.name[1] === object.name[1]
  if (object.kind !== 'schema' && object.kind !== 'table') return []
  const found = things.filter((one) => isInside(one.object))
  if (found.length === 0) return []
  const list = el('ul', { class: 'links' })
  return [
    el(
      'h3',
      {},
      object.kind === 'schema'
        ? `What is in it: ${found.length} objects`
        : 'Columns with privileges of their own',
    ),
    list,
    filled(list, found, (one) => el('li', {}, objectLink(one.object)), found.length),
  ]
}

/** What an object is, and who has what on it. */
export const objectView = (object: ObjectName<GrantableKind>, filters: Filters): readonly HTMLElement[] => {
  const found = world.find(object)
  const heading = el('h2', { tabindex: '-1' }, labelOf(object))
  if (found === undefined)
    return [heading, note(`${describeObject(object)} was not read, or does not exist.`)]
  const schema = schemaOf(object)
  const privileges = privilegesOf(object).filter((one) => takesPrivilege(filters, one))
  const rows = rowsOf(object, filters)
  const list = table('Who has what on it', ['Role', ...privileges], [])
  return [
    heading,
    el(
      'p',
      {},
      `${kindOf(object)}, owned by `,
      roleLink(found.owner),
      '. To use it, a role also needs ',
      ...(schema === undefined
        ? []
        : [
            'USAGE on schema ',
            el('a', { href: `#object/schema/${encodeURIComponent(schema)}` }, schema),
            ' and ',
          ]),
      'CONNECT on the database ',
      el('a', { href: `#object/database/${encodeURIComponent(server.database)}` }, server.database),
      '.',
    ),
    ...rowSecurity(object),
    el('h3', {}, 'Who has what on it'),
    rows.length === 0 ? note('Nobody, as far as the filters go.') : list,
    filled(
      list.tBodies[0]!,
      rows,
      ([role, steps]) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, roleLink(role)),
          ...privileges.map((privilege) => {
            const step = steps.get(privilege)
            return el('td', {}, step !== undefined && wayLink(role, step))
          }),
        ),
      rows.length,
    ),
    ...inside(object),
  ]
}
