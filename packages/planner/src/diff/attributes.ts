import type { Catalog } from '../catalog/catalog.ts'
import { type Attribute, attributes, isGrantableAttribute } from '../postgres/attribute.ts'
import { type Goal, judgesAttributes } from '../resolve/target-state.ts'

/** Whether a desired role has an attribute that it should not have. */
export const isUnwanted = (catalog: Catalog, goal: Goal, role: string, attribute: Attribute): boolean =>
  judgesAttributes(goal, role) &&
  isGrantableAttribute(attribute) &&
  catalog.roles.get(role)?.[attributes[attribute]] === true &&
  !isWanted(goal, role, attribute)

/** Whether a role has an attribute that it should not have, and that can be taken away. */
export const losesAttribute = (catalog: Catalog, goal: Goal, role: string, attribute: Attribute): boolean =>
  isUnwanted(catalog, goal, role, attribute) && goal.access.now.roles.maySetAttribute(role, attribute)

/** Whether a role that should not log in is known to have a password stored all the same. */
export const hasUselessPassword = (catalog: Catalog, goal: Goal, role: string): boolean => {
  const { hasPassword, login } = catalog.roles.get(role) ?? {}
  return judgesAttributes(goal, role) && hasPassword === true && login === false && !goal.logins.has(role)
}

const isWanted = ({ logins, attributes: asked }: Goal, role: string, attribute: Attribute): boolean =>
  attribute === 'LOGIN'
    ? logins.has(role)
    : isGrantableAttribute(attribute) && asked.get(role)?.has(attribute) === true
