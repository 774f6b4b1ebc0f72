import type { AccessStep, ObjectName, Privilege } from '@pgsr/planner'
import { el } from './dom.ts'
import { toObject, toRole, toWhy } from './route.ts'
import { waysIn, ways } from './ways.ts'
import { everybody, kindOf, labelOf } from './world.ts'

export const roleLink = (role: string): HTMLAnchorElement =>
  el('a', { href: toRole(role), class: 'role' }, role === everybody ? 'PUBLIC' : role)

export const objectLink = (object: ObjectName): HTMLElement =>
  el(
    'span',
    {},
    el('a', { href: toObject(object), class: 'object' }, labelOf(object)),
    ' ',
    el('span', { class: 'sort' }, kindOf(object)),
  )

/** A step in a row of a table: how a role has a privilege, which leads to all about it. */
export const wayLink = (
  role: string,
  step: Pick<AccessStep, 'privilege' | 'object' | 'verdict' | 'paths' | 'afterSetRole'>,
) => {
  const { privilege, object, verdict } = step
  const words = waysIn(step).map((way) => ways[way])
  return el(
    'a',
    { href: toWhy(role, privilege, object), class: 'way', title: `Why ${role} has ${privilege}` },
    words.join(', '),
    verdict === 'conditional' &&
      el('span', { class: 'mark', title: 'row security or something else decides what it is worth' }, ' ◐'),
  )
}

/** A privilege of a role on an object, with how it has it. */
export const privilegeLink = (role: string, step: Parameters<typeof wayLink>[1]): HTMLElement => {
  const link = wayLink(role, step)
  link.prepend(el('span', { class: 'privilege' }, step.privilege satisfies Privilege), ' ')
  return link
}

export const note = (text: string): HTMLParagraphElement => el('p', { class: 'hint' }, text)
