import { lostMemberships } from './phase/lose-memberships.ts'
import type { Wanted } from './wanted.ts'
import { membershipKey, type World } from './world.ts'

/**
 * Of which roles a role will be a member: what is asked for, and what is not lost, or only at the end because the acting
 * role may need it.
 */
export const rolesAfterwards = (world: World, wanted: Wanted): ((member: string) => readonly string[]) => {
  const { memberships, roles, authority } = wanted
  const { actingRole } = world.server
  const asked = new Map([...memberships].map(([member, of]) => [member, [...of.keys()]]))
  const lost = new Set(lostMemberships(world, wanted).map(membershipKey))
  // From 16 on who creates roles without being a superuser administers them, which makes it a member.
  const administers = world.membershipsHaveGrantors && !world.isSuperuser(actingRole)
  const created = administers ? roles.filter((role) => !world.roles.has(role)) : []
  return (member) => {
    const isNeeded = authority.needs(member)
    const kept = world.membershipsOf(member).filter((row) => isNeeded || !lost.has(membershipKey(row)))
    return [
      ...(asked.get(member) ?? []),
      ...kept.map(({ role }) => role),
      ...(member === actingRole ? created : []),
    ]
  }
}
