import { inParts, lockBudget, lockShare } from './lock-table.ts'
import type { Operation } from './operation.ts'
import { ownerInOutcome } from './owner-in-outcome.ts'
import { creations } from './phase/create-roles.ts'
import { grantWanted } from './phase/grant-privileges.ts'
import { withLoans } from './phase/loan.ts'
import type { Wanted } from './wanted.ts'
import type { World } from './world.ts'

/** Whether to make the intermediate roles that are missing is by itself too much for one transaction. */
export const needsPreparation = ({ server }: World, { privileges, desired }: Wanted): boolean => {
  let missing = 0
  for (const { role } of privileges.values()) if (!desired.has(role)) missing++
  return missing > lockBudget(server)
}

/**
 * The transactions that can go before one which would lock too much: they make intermediate roles, which have no
 * members yet and so give nobody anything. Applied to the world.
 */
export const preparationsFor = (world: World, wanted: Wanted): readonly (readonly Operation[])[] => {
  const privileges = new Map([...wanted.privileges.values()].map((privilege) => [privilege.role, privilege]))
  const pairs: { readonly creates: readonly Operation[]; readonly grant: Operation }[] = []
  // A delegate is made with the first of its roles that is.
  const toMake = new Map<string, readonly Operation[]>()
  for (const { before, create } of creations(world, wanted)) {
    if (before.length > 0) toMake.set(create.as, before)
    if (create.serves === undefined) continue
    const privilege = privileges.get(create.role)!
    const owner = world.objects.get(privilege.key)?.owner
    if (owner === undefined || ownerInOutcome(world, wanted, privilege.key) !== owner) continue
    const grant = grantWanted(world, wanted, privilege)
    pairs.push({ creates: [...(toMake.get(create.as) ?? []), create], grant })
    toMake.delete(create.as)
  }
  const all = pairs.flatMap(({ creates, grant }) => [...creates, grant])
  const parts = inParts(pairs, lockShare(world.server, all))
  return parts.map((part) =>
    withLoans(world, (run) => {
      for (const { creates } of part) creates.forEach(run)
      for (const { grant } of part) run(grant)
    }),
  )
}
