import type { Catalog } from '../catalog/catalog.ts'
import type { Operation } from '../model/operation.ts'
import { creations } from '../phases/create-roles.ts'
import { grantWanted } from '../phases/grant-privileges.ts'
import { futureOwner } from '../resolve/future-owner.ts'
import type { Goal } from '../resolve/target-state.ts'
import { withBorrowedRights } from '../temporary-rights/borrow.ts'
import { inParts, lockBudget, lockShare } from './lock-budget.ts'
import { flatMap } from '../util/collections.ts'

/** Whether creating the missing intermediate roles is by itself too much for one transaction. */
export const needsPreparation = ({ server }: Catalog, { privileges, desired }: Goal): boolean => {
  let missing = 0
  for (const { role } of privileges.values()) if (!desired.has(role)) missing++
  return missing > lockBudget(server)
}

/**
 * The transactions that can come before one that would need too many locks: they create intermediate roles,
 * which have no members yet and so give nobody anything. Applies them to the catalog.
 */
export const preparationsFor = (catalog: Catalog, goal: Goal): readonly (readonly Operation[])[] => {
  const privileges = new Map([...goal.privileges.values()].map((privilege) => [privilege.role, privilege]))
  const pairs: { readonly creates: readonly Operation[]; readonly grant: Operation }[] = []
  // A delegate is created together with the first of its roles.
  const toMake = new Map<string, readonly Operation[]>()
  for (const { before, create } of creations(catalog, goal)) {
    if (before.length > 0) toMake.set(create.as, before)
    if (create.provides === undefined) continue
    const privilege = privileges.get(create.role)!
    const owner = catalog.objects.get(privilege.key)?.owner
    if (owner === undefined || futureOwner(catalog, goal, privilege.key) !== owner) continue
    const grant = grantWanted(catalog, goal, privilege)
    pairs.push({ creates: [...(toMake.get(create.as) ?? []), create], grant })
    toMake.delete(create.as)
  }
  const all = flatMap(pairs, ({ creates, grant }) => [...creates, grant])
  const parts = inParts(pairs, lockShare(catalog.server, all))
  return parts.map((part) =>
    withBorrowedRights(catalog, (run) => {
      for (const { creates } of part) creates.forEach(run)
      for (const { grant } of part) run(grant)
    }),
  )
}
