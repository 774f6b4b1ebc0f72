import { Authority } from '../authority.ts'
import { type GrantMembership, type Operation, roleOrder } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { isRealMember } from '../real-member.ts'
import type { Membership } from '../snapshot.ts'
import type { WantedMembership } from '../wanted.ts'
import type { World } from '../world.ts'
import { satisfies } from './lose-memberships.ts'
import type { Phase } from './phase.ts'

/**
 * Through an intermediate role a member inherits a privilege but cannot become it. To be a member of an ordinary
 * role is what PostgreSQL makes of a plain GRANT, spelled out where a row is there already: a plain GRANT changes
 * none of its options.
 */
const optionsFor = (
  world: World,
  member: string,
  existing: Membership | undefined,
  { serves, inherit, set }: WantedMembership,
): GrantMembership['options'] => {
  if (!world.membershipsHaveGrantors) return undefined
  if (serves !== undefined) return { inherit: true, set: false }
  const isKept = existing !== undefined && isRealMember(existing)
  if (existing === undefined && inherit === undefined && set === undefined) return undefined
  // Who has neither option is no member: without the one it gets the other.
  return {
    inherit:
      inherit ?? (set === false || (isKept ? existing.inherit : (world.roles.get(member)?.inherit ?? true))),
    set: set ?? (inherit === false || (isKept ? existing.set : true)),
  }
}

/** Of the memberships that a role is to have, those that nothing gives it yet. */
function* missing(
  world: World,
  member: string,
  memberships: ReadonlyMap<string, WantedMembership>,
): Iterable<readonly [role: string, membership: WantedMembership]> {
  for (const one of memberships)
    if (!world.membershipsIn(one[0], member).some((row) => satisfies(row, one[1]))) yield one
}

/** Makes the desired roles members of the roles that are asked for, and of the intermediate roles they need. */
export const grantMemberships: Phase = (world, wanted) => {
  const { actingRole } = world.server
  const authority = new Authority(world)
  return sortedBy(wanted.memberships, ([member]) => member).flatMap(([member, memberships]) =>
    sortedBy(missing(world, member, memberships), ([role, { serves }]) => roleOrder(role, serves)).flatMap(
      ([role, membership]): Operation[] => {
        const { serves, admin, because } = membership
        const rows = world.membershipsIn(role, member)
        const grantor = authority.grantorOf(role, wanted.desired) ?? actingRole
        const existing = rows.find((row) => row.grantor === grantor)
        const options = optionsFor(world, member, existing, membership)
        return [
          {
            kind: 'grantMembership',
            role,
            member,
            ...authority.granting(role, grantor),
            ...(admin === true && { admin }),
            ...(options && { options }),
            ...(serves && { serves }),
            because,
          },
        ]
      },
    ),
  )
}
