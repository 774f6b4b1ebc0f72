import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { GrantPrivilege, Operation, RevokePrivilege, SetOwner } from '../model/operation.ts'
import { accessTo, holdingPrivilege } from '../resolve/future-owner.ts'
import type { Goal } from '../resolve/target-state.ts'
import { around, temporarily } from './temporary-right.ts'
import { flatMap } from '../util/collections.ts'

type Held = readonly [hold: GrantPrivilege, letGo: readonly RevokePrivilege[]]

/**
 * The operations that hold the columns of a table while its owner changes, and let them go. The same role
 * runs them for all columns.
 */
const held = (goal: Goal, table: CatalogObject, { owner: newOwner }: SetOwner): readonly Held[] => {
  const { owner, columns = [] } = table
  const privilege = columns.length === 0 ? undefined : holdingPrivilege(goal, table)
  if (privilege === undefined) return []
  const access = accessTo(goal, table)
  const columnOf = (column: string) => ({ kind: 'column', name: [...table.name, column] }) as const
  const first = { ...columnOf(columns[0]!), owner, ownerFollows: table }
  const grantsAs = access.objects.runAs(first, privilege, { statement: 'grant' })
  const later = { ...first, owner: newOwner }
  const isLetGo = access.objects.whyNotManaged(later, privilege) === undefined
  const revokesAs = isLetGo ? access.objects.runAs(later, privilege) : undefined
  return columns.map((column): Held => {
    const on = { object: columnOf(column), privilege, grantee: newOwner } as const
    return [
      { kind: 'grantPrivilege', ...on, grantor: owner, as: grantsAs, reason: temporarily('hold', newOwner) },
      // An owner has the privilege anyway, so it does no harm if nobody may take it back.
      revokesAs === undefined
        ? []
        : [
            {
              kind: 'revokePrivilege',
              ...on,
              grantor: newOwner,
              grantOptionOnly: false,
              as: revokesAs,
              reason: temporarily('let go', newOwner),
            },
          ],
    ]
  })
}

const allHeld = (catalog: Catalog, goal: Goal, operations: readonly Operation[]): readonly Held[] =>
  flatMap(operations, (operation) => {
    const table = operation.kind === 'setOwner' ? catalog.object(operation.object) : undefined
    return operation.kind === 'setOwner' && table !== undefined ? held(goal, table, operation) : []
  })

/**
 * Holds the columns of tables whose owners change. Before 18, GRANT locks no table, so what the old owner
 * grants on a column meanwhile could be committed after the change. Writing the row of the column makes such
 * a GRANT fail, or makes it visible.
 */
export const holding = (
  catalog: Catalog,
  goal: Goal,
  operations: readonly Operation[],
): readonly Operation[] => {
  const all = allHeld(catalog, goal, operations)
  const right = { before: all.map(([hold]) => hold), after: flatMap(all, ([, letGo]) => letGo) }
  return around([right], operations)
}
