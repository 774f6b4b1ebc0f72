import type { Catalog } from '../catalog/catalog.ts'
import { type Holding, IntermediateRoles } from '../catalog/intermediate-roles.ts'
import type { Reason } from '../model/operation.ts'
import { everybody } from '../postgres/acl-item.ts'
import { type Goal, notAskedFor } from '../resolve/target-state.ts'
import { isEntitled } from './memberships.ts'
import { flatMap } from '../util/collections.ts'

/**
 * The roles that lose privileges, and why: the desired roles, PUBLIC where it is named, and intermediate roles that a copied database
 * uses too. Revoking a membership in one of these would also take away what the member has in the copy. So if
 * only desired roles are members, what the intermediate role holds in this database is revoked instead.
 */
export const revokedFrom = (catalog: Catalog, goal: Goal): ReadonlyMap<string, Reason> => {
  const losers = new Map(goal.roles.map((role) => [role, notAskedFor(role)]))
  if (goal.publicObjects.size > 0) losers.set(everybody, notAskedFor(everybody))
  const sharedRoles = new Set(catalog.servingNobodyElse)
  if (sharedRoles.size === 0) return losers
  const shared = flatMap(goal.roles, (member) =>
    catalog.memberships.ofMember(member).filter(({ role }) => sharedRoles.has(role)),
  )
  const intermediateRoles = new IntermediateRoles(catalog)
  const isRevocable = ({ object, privilege, byOwner }: Holding): boolean =>
    byOwner && goal.access.overPrivileges.objects.whyNotManaged(object, privilege) === undefined
  const needed = new Set(
    flatMap(shared, (row) =>
      isEntitled(goal, intermediateRoles, row) || !intermediateRoles.isPlain(row.role) ? [row.role] : [],
    ),
  )
  for (const { role, member } of shared)
    if (!needed.has(role) && !losers.has(role) && intermediateRoles.holdingsOf(role).every(isRevocable))
      losers.set(role, notAskedFor(member))
  return losers
}
