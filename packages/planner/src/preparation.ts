import { inParts, lockShare } from './lock-table.ts'
import type { Operation } from './operation.ts'
import { ownerInOutcome } from './owner-in-outcome.ts'
import { createRoles } from './phase/create-roles.ts'
import { grantWanted } from './phase/grant-privileges.ts'
import { withLoans } from './phase/loan.ts'
import type { Wanted } from './wanted.ts'
import type { World } from './world.ts'

/**
 * The transactions that can go before one which would lock too much: they make intermediate roles, which have no
 * members yet and so give nobody anything. Applied to the world.
 */
export const preparationsFor = (world: World, wanted: Wanted): readonly (readonly Operation[])[] => {
  const privileges = new Map([...wanted.privileges.values()].map((privilege) => [privilege.role, privilege]))
  const pairs = createRoles(world, wanted).flatMap((create) => {
    if (create.kind !== 'createRole' || create.serves === undefined) return []
    const privilege = privileges.get(create.role)!
    const owner = world.object(privilege.object)?.owner
    const isReady = owner !== undefined && ownerInOutcome(world, wanted, privilege.object) === owner
    return isReady ? [{ create, grants: grantWanted(world, wanted, privilege) }] : []
  })
  const all = pairs.flatMap(({ create, grants }) => [create, ...grants])
  const parts = inParts(pairs, lockShare(world.server, all))
  return parts.map((part) =>
    withLoans(world, (run) => {
      for (const { create } of part) run(create)
      for (const { grants } of part) grants.forEach(run)
    }),
  )
}
