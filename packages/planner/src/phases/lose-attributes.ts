import type { Catalog } from '../catalog/catalog.ts'
import { hasUselessPassword, losesAttribute } from '../diff/attributes.ts'
import type { Operation } from '../model/operation.ts'
import { type Attribute, attributeWords } from '../postgres/attribute.ts'
import { type Goal, notAskedFor } from '../resolve/target-state.ts'
import { sortedBy } from '../util/collections.ts'
/** Attributes in the order in which they are taken away. The acting role may need the last two to take any. */
const inOrder: readonly Attribute[] = sortedBy(attributeWords, (attribute) =>
  String(['CREATEROLE', 'SUPERUSER'].indexOf(attribute) + 1),
)
/**
 * Takes away attributes that are not asked for, the acting role’s own last. A role that should not log in
 * loses its password too: it must not work again when somebody grants LOGIN.
 */
export const loseAttributes = (
  catalog: Catalog,
  goal: Goal,
  roles: readonly string[],
): readonly Operation[] =>
  sortedBy(roles, (role) => `${role === catalog.server.actingRole ? 1 : 0}${role}`).flatMap((role) => {
    const base = { role, as: catalog.server.actingRole, reason: notAskedFor(role) }
    const clears = hasUselessPassword(catalog, goal, role) && goal.access.now.roles.mayAlter(role)
    return [
      ...(clears ? [{ kind: 'clearPassword' as const, ...base }] : []),
      ...inOrder.flatMap((attribute): Operation[] => {
        if (!losesAttribute(catalog, goal, role, attribute)) return []
        return [
          { kind: 'setAttribute', attribute, value: false, ...base },
          ...(attribute === 'LOGIN' ? [{ kind: 'clearPassword' as const, ...base }] : []),
        ]
      }),
    ]
  })
