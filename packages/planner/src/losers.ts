import { isIntermediateName } from './intermediate-role.ts'
import type { Reason } from './operation.ts'
import { isEntitled } from './membership-verdict.ts'
import { type Holding, ServingRoles } from './serving-roles.ts'
import { notAskedFor, type Wanted } from './wanted.ts'
import type { World } from './world.ts'

/**
 * Who loses privileges, and why: the desired roles, and intermediate roles that a copied database has too. A role cannot
 * be removed from these here without losing there what it has by them; where nobody else has anything by one of them
 * here, what that one holds here goes instead.
 */
export const losersOf = (world: World, wanted: Wanted): ReadonlyMap<string, Reason> => {
  const losers = new Map(wanted.roles.map((role) => [role, notAskedFor(role)]))
  const sharedRoles = sharedByNobodyElse(world)
  if (sharedRoles.size === 0) return losers
  const shared = wanted.roles.flatMap((member) =>
    world.membershipsOf(member).filter(({ role }) => sharedRoles.has(role)),
  )
  const serving = new ServingRoles(world)
  const isRevocable = ({ object, privilege, byOwner }: Holding): boolean =>
    byOwner && wanted.authorityOverPrivileges.whyNotManaged(object, privilege) === undefined
  const needed = new Set(
    shared.flatMap((row) =>
      isEntitled(wanted, serving, row) || !serving.isPlain(row.role) ? [row.role] : [],
    ),
  )
  for (const { role, member } of shared)
    if (!needed.has(role) && !losers.has(role) && serving.holdingsOf(role).every(isRevocable))
      losers.set(role, notAskedFor(member))
  return losers
}

/** The intermediate roles that other databases have too, and of which only desired roles are members. */
const sharedByNobodyElse = (world: World): ReadonlySet<string> => {
  const all = new Set<string>()
  for (const { name, elsewhere, servesOthers } of world.roles.values())
    if (elsewhere > 0 && !servesOthers && isIntermediateName(name)) all.add(name)
  return all
}
