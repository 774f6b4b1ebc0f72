import type { Catalog } from '../catalog/catalog.ts'
import { hasUselessPassword, losesAttribute } from '../diff/attributes.ts'
import type { Operation } from '../model/operation.ts'
import { type Attribute, attributeWords } from '../postgres/attribute.ts'
import { type Goal, notAskedFor } from '../resolve/target-state.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
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
  flatMap(
    sortedBy(roles, (role) => `${role === catalog.server.actingRole ? 1 : 0}${role}`),
    (role) => {
      const lost = inOrder.filter((attribute) => losesAttribute(catalog, goal, role, attribute))
      const clears = hasUselessPassword(catalog, goal, role) && goal.access.now.roles.mayAlter(role)
      const base = { role, as: catalog.server.actingRole, reason: notAskedFor(role) }
      const clearing: Operation = { kind: 'clearPassword', ...base }
      return [
        ...(clears ? [clearing] : []),
        ...flatMap(lost, (attribute): Operation[] => [
          { kind: 'setAttribute', attribute, value: false, ...base },
          ...(attribute === 'LOGIN' ? [clearing] : []),
        ]),
      ]
    },
  )
