import { Authority } from '../authority.ts'
import { type GrantMembership, type Operation, roleOrder } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { World } from '../world.ts'
import { satisfies } from './lose-memberships.ts'
import type { Phase } from './phase.ts'

/**
 * Through an intermediate role a member inherits a privilege but cannot become it. To be a member of an ordinary
 * role is what PostgreSQL makes of a plain GRANT, spelled out where a row is there already: a plain GRANT changes
 * none of its options.
 */
const optionsFor = (world: World, role: string, member: string, grantor: string, intermediate: boolean) => {
  if (!world.membershipsHaveGrantors) return undefined
  if (intermediate) return { inherit: true, set: false }
  const exists = world.membershipsIn(role, member).some((row) => row.grantor === grantor)
  return exists ? { inherit: world.roles.get(member)?.inherit ?? true, set: true } : undefined
}

/** Makes the desired roles members of the roles that are asked for, and of the intermediate roles they need. */
export const grantMemberships: Phase = (world, wanted) => {
  const { actingRole } = world.server
  const authority = new Authority(world)
  return sortedBy(wanted.memberships, ([member]) => member).flatMap(([member, memberships]) =>
    sortedBy(memberships, ([role, { serves }]) => roleOrder(role, serves)).flatMap(
      ([role, { serves, because }]): Operation[] => {
        const intermediate = serves !== undefined
        if (world.membershipsIn(role, member).some((row) => satisfies(row, intermediate))) return []
        const grantor = authority.grantorOf(role, wanted.desired) ?? actingRole
        const options: GrantMembership['options'] = optionsFor(world, role, member, grantor, intermediate)
        return [
          {
            kind: 'grantMembership',
            role,
            member,
            grantor,
            ...(!authority.isSuperuser && grantor !== actingRole && { namesGrantor: true as const }),
            ...(options && { options }),
            ...(serves && { serves }),
            as: actingRole,
            because,
          },
        ]
      },
    ),
  )
}
