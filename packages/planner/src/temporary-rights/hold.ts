import type { Catalog, CatalogObject } from '../catalog/catalog.ts'
import type { GrantPrivilege, Operation, RevokePrivilege, SetOwner } from '../model/operation.ts'
import { accessTo, holdingPrivilege } from '../resolve/future-owner.ts'
import type { Goal } from '../resolve/target-state.ts'
import { around, temporarily } from './temporary-right.ts'

type Held = readonly [hold: GrantPrivilege, letGo: readonly RevokePrivilege[]]

/** What holds the columns of a table while it changes the owner, and lets them go. As whom is the same for all of them. */
const held = (goal: Goal, table: CatalogObject, { owner: newOwner }: SetOwner): readonly Held[] => {
  const { owner, columns = [] } = table
  const privilege = columns.length === 0 ? undefined : holdingPrivilege(goal, table)
  if (privilege === undefined) return []
  const access = accessTo(goal, table)
  const columnOf = (column: string) => ({ kind: 'column', name: [...table.name, column] }) as const
  const first = { ...columnOf(columns[0]!), owner, follows: table }
  const grantsAs = access.objects.runAs(first, privilege, { saying: 'grant' })
  const revokesAs = access.actingAs.proxyFor(newOwner)
  return columns.map((column): Held => {
    const on = { object: columnOf(column), privilege, grantee: newOwner } as const
    return [
      { kind: 'grantPrivilege', ...on, grantor: owner, as: grantsAs, reason: temporarily('hold', newOwner) },
      // An owner has it all the same, so that it does no harm where nobody may take it back.
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
  operations.flatMap((operation) => {
    const table = operation.kind === 'setOwner' ? catalog.object(operation.object) : undefined
    return operation.kind === 'setOwner' && table !== undefined ? held(goal, table, operation) : []
  })

/**
 * What the old owner of a table grants on its columns meanwhile would be committed after the owner has changed: before 18,
 * GRANT locks no table. To write the row of a column makes that fail, or be seen.
 */
export const holding = (
  catalog: Catalog,
  goal: Goal,
  operations: readonly Operation[],
): readonly Operation[] => {
  const all = allHeld(catalog, goal, operations)
  const right = { before: all.map(([hold]) => hold), after: all.flatMap(([, letGo]) => letGo) }
  return around([right], operations)
}
