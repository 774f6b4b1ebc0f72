import type { Catalog } from '../catalog/catalog.ts'
import { MembershipGraph } from '../catalog/membership-graph.ts'
import { describeName } from '../model/describe.ts'
import { membershipKey } from '../model/membership.ts'
import { lostMemberships } from '../phases/lose-memberships.ts'
import { circlesOf } from '../request/membership-cycle.ts'
import type { Resolved } from '../resolve/resolve.ts'
import { Skips } from '../resolve/skips.ts'
import type { Goal, TargetMembership } from '../resolve/target-state.ts'

/**
 * The roles that a role will be a member of: those asked for, those it does not lose, and those it loses only
 * at the end because the acting role may need them.
 */
const futureRoles = (catalog: Catalog, goal: Goal): ((member: string) => readonly string[]) => {
  const { memberships, roles, access } = goal
  const { actingRole } = catalog.server
  const asked = new Map([...memberships].map(([member, of]) => [member, [...of.keys()]]))
  const lost = new Set(lostMemberships(catalog, goal).map(membershipKey))
  // From 16 on, a non-superuser that creates roles administers them, which makes it a member of them.
  const administers = catalog.membershipsHaveGrantors && !catalog.isSuperuser(actingRole)
  const created = administers ? roles.filter((role) => !catalog.roles.has(role)) : []
  return (member) => {
    const isNeeded = access.now.graph.needs(member)
    const kept = catalog.memberships
      .ofMember(member)
      .filter((row) => isNeeded || !lost.has(membershipKey(row)))
    return [
      ...(asked.get(member) ?? []),
      ...kept.map(({ role }) => role),
      ...(member === actingRole ? created : []),
    ]
  }
}

/** The memberships that grants ask for, in ordinary roles. */
const asked = ({ memberships }: Goal): readonly (readonly [role: string, TargetMembership])[] => {
  const all: (readonly [role: string, TargetMembership])[] = []
  for (const roles of memberships.values())
    roles.forEach((membership, role) => {
      if (membership.provides === undefined) all.push([role, membership])
    })
  return all
}

/**
 * Skips memberships that would make a cycle: the role that is asked for will still be a member of the one
 * that asks, when desired roles have lost what they should not have and got what they should.
 */
export const withoutCycles = (catalog: Catalog, { goal, skipped }: Resolved): Resolved => {
  const all = asked(goal)
  if (all.length === 0) return { goal, skipped }
  const memberships = new Map([...goal.memberships].map(([member, roles]) => [member, new Map(roles)]))
  const rolesOf = futureRoles(catalog, { ...goal, memberships })
  const circles = circlesOf(memberships.keys(), rolesOf)
  const graph = new MembershipGraph(rolesOf)
  const skips = new Skips(catalog)
  for (const [role, { reason }] of all) {
    const member = reason.role
    if (circles.get(member) !== circles.get(role)) continue
    const path = graph.path(role, member)
    if (path === undefined) continue
    memberships.get(member)!.delete(role)
    const cycle = [member, ...path].map(describeName).join(' in ')
    skips.add(reason, 'cycle', `it would make a cycle: ${cycle}`, path)
  }
  if (skips.all.length === 0) return { goal, skipped }
  return { goal: { ...goal, memberships }, skipped: [...skipped, ...skips.all] }
}
