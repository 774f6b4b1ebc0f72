import type { Catalog } from '../catalog/catalog.ts'
import { propertyChanges } from '../diff/properties.ts'
import type { Operation } from '../model/operation.ts'
import type { Goal } from '../resolve/target-state.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import type { Phase } from './phase.ts'

/** Gives roles INHERIT, or takes it from them, before they become members of others. */
export const setInherit: Phase = (catalog, { inherits }) =>
  flatMap(
    sortedBy(inherits, ([role]) => role),
    ([role, value]): Operation[] => {
      if (catalog.roles.get(role)?.inherit === value) return []
      const base = { role, as: catalog.server.actingRole, reason: { role, grant: null } }
      return [{ kind: 'setAttribute', attribute: 'INHERIT', value, ...base }]
    },
  )

/** Sets the connection limits, comments and settings that are managed. */
export const setProperties: Phase = (catalog: Catalog, goal: Goal) =>
  flatMap(
    sortedBy(propertyChanges(catalog, goal), ({ role, name }) => JSON.stringify([role, name])),
    ({ role, name, value, isPermitted }): Operation[] =>
      isPermitted
        ? [
            {
              kind: 'setProperty',
              role,
              ...name,
              value,
              as: catalog.server.actingRole,
              reason: { role, grant: null },
            },
          ]
        : [],
  )
