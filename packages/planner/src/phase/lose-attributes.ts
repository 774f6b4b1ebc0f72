import { type Attribute, attributes, attributeWords, isGrantableAttribute } from '../attribute.ts'
import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { notAskedFor, type Wanted } from '../wanted.ts'
import type { World } from '../world.ts'

const isWanted = ({ logins, attributes: asked }: Wanted, role: string, attribute: Attribute): boolean =>
  attribute === 'LOGIN'
    ? logins.has(role)
    : isGrantableAttribute(attribute) && asked.get(role)?.has(attribute) === true

/** Whether a role has an attribute and should not. */
export const isUnwanted = (world: World, wanted: Wanted, role: string, attribute: Attribute): boolean =>
  wanted.managesCluster &&
  isGrantableAttribute(attribute) &&
  wanted.desired.has(role) &&
  world.roles.get(role)?.[attributes[attribute]] === true &&
  !isWanted(wanted, role, attribute)

/** Whether it has one that it should not have, and that can be taken away. */
export const losesAttribute = (world: World, wanted: Wanted, role: string, attribute: Attribute): boolean =>
  isUnwanted(world, wanted, role, attribute) && wanted.authority.maySetAttribute(role, attribute)

/** The acting role takes from itself last what lets it take anything. */
const inOrder: readonly Attribute[] = sortedBy(attributeWords, (attribute) =>
  String(['CREATEROLE', 'SUPERUSER'].indexOf(attribute) + 1),
)

/** Whether a role that is not to log in has a password stored all the same, as far as that may be known. */
export const hasUselessPassword = (
  world: World,
  { managesCluster, logins }: Wanted,
  role: string,
): boolean => {
  const { hasPassword, login } = world.roles.get(role) ?? {}
  return managesCluster && hasPassword === true && login === false && !logins.has(role)
}

/**
 * Attributes go that are not asked for, the acting role’s own last. A role that is not to log in has no password: it must
 * not work again the day somebody grants LOGIN.
 */
export const loseAttributes = (
  world: World,
  wanted: Wanted,
  roles: readonly string[],
): readonly Operation[] =>
  sortedBy(roles, (role) => `${role === world.server.actingRole ? 1 : 0}${role}`).flatMap((role) => {
    const base = { role, as: world.server.actingRole, because: notAskedFor(role) }
    const clears = hasUselessPassword(world, wanted, role) && wanted.authority.mayAlter(role)
    return [
      ...(clears ? [{ kind: 'clearPassword' as const, ...base }] : []),
      ...inOrder.flatMap((attribute): Operation[] => {
        if (!losesAttribute(world, wanted, role, attribute)) return []
        return [
          { kind: 'setAttribute', attribute, value: false, ...base },
          ...(attribute === 'LOGIN' ? [{ kind: 'clearPassword' as const, ...base }] : []),
        ]
      }),
    ]
  })
