import { Authority } from '../authority.ts'
import { getOrMake } from '../get-or-make.ts'
import { type GrantMembership, roleOrder } from '../operation.ts'
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

/** What is the same for every member of a role that is granted. */
interface Granted {
  readonly granting: Pick<GrantMembership, 'grantor' | 'namesGrantor' | 'as'>
  /** Orders it among other roles. */
  readonly order: string
}

/** A membership that nothing gives a member yet. */
interface Missing extends Granted {
  readonly role: string
  readonly membership: WantedMembership
}

/** Makes the desired roles members of the roles that are asked for, and of the intermediate roles they need. */
export const grantMemberships: Phase = (world, wanted) => {
  const { actingRole } = world.server
  const authority = new Authority(world)
  const known = new Map<string, Granted>()
  const granted = (role: string, { serves }: WantedMembership): Granted =>
    getOrMake(known, role, () => {
      const grantor = authority.grantorOf(role, wanted.desired) ?? actingRole
      return { granting: authority.granting(role, grantor), order: roleOrder(role, serves) }
    })
  const missing = (member: string, memberships: ReadonlyMap<string, WantedMembership>): Missing[] => {
    const all: Missing[] = []
    for (const [role, membership] of memberships)
      if (!world.membershipsIn(role, member).some((row) => satisfies(row, membership)))
        all.push({ role, membership, ...granted(role, membership) })
    return sortedBy(all, ({ order }) => order)
  }
  return sortedBy(wanted.memberships, ([member]) => member).flatMap(([member, memberships]) =>
    missing(member, memberships).map(({ role, membership, granting }): GrantMembership => {
      const { serves, admin, because } = membership
      const existing = world.membershipsIn(role, member).find(({ grantor }) => grantor === granting.grantor)
      const options = optionsFor(world, member, existing, membership)
      return {
        kind: 'grantMembership',
        role,
        member,
        ...granting,
        ...(admin === true && { admin }),
        ...(options && { options }),
        ...(serves && { serves }),
        because,
      }
    }),
  )
}
