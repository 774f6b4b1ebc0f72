import { apply } from '../apply.ts'
import { Authority } from '../authority.ts'
import { getOrMake } from '../get-or-make.ts'
import { type GrantMembership, roleOrder } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { isRealMember } from '../real-member.ts'
import type { Membership } from '../snapshot.ts'
import type { Wanted, WantedMembership } from '../wanted.ts'
import { World } from '../world.ts'
import { satisfy } from '../membership-verdict.ts'
import { loseMemberships } from './lose-memberships.ts'
import type { Phase } from './phase.ts'

/**
 * Through an intermediate role a member inherits a privilege but cannot become it. To be a member of an ordinary
 * role is what PostgreSQL makes of a plain GRANT, spelled out where a row is there already: a plain GRANT changes
 * none of its options.
 * @param rows what the member has of the role once it has lost what it should not have
 */
const optionsFor = (
  world: World,
  { role, member, grantor }: Pick<Membership, 'role' | 'member' | 'grantor'>,
  rows: readonly Membership[],
  { serves, inherit, set }: WantedMembership,
): GrantMembership['options'] => {
  if (!world.membershipsHaveGrantors) return undefined
  if (serves !== undefined) return { inherit: true, set: false }
  const existing = rows.find((row) => row.grantor === grantor)
  // What is not asked for stays as the rows together have it. Who has neither option is no member.
  if (rows.some(isRealMember))
    return {
      inherit: inherit ?? (set === false || (existing?.inherit ?? false)),
      set: set ?? (inherit === false || (existing?.set ?? false)),
    }
  const isThere = world.membershipsIn(role, member).some((row) => row.grantor === grantor)
  if (!isThere && inherit === undefined && set === undefined) return undefined
  return {
    inherit: inherit ?? (set === false || (world.roles.get(member)?.inherit ?? true)),
    set: set ?? true,
  }
}

/** The world without what members are still to lose because the acting role may need it until the end. */
const withoutPending = (world: World, wanted: Wanted): World => {
  const due = wanted.roles.filter((role) => wanted.memberships.has(role) && wanted.authority.needs(role))
  if (due.length === 0) return world
  const pending = new World(world)
  for (const operation of loseMemberships(world, wanted, due)) apply(pending, operation)
  return pending
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
  const left = withoutPending(world, wanted)
  const known = new Map<string, Granted>()
  const granted = (role: string, { serves }: WantedMembership): Granted =>
    getOrMake(known, role, () => {
      const grantor = authority.grantorOf(role, wanted.desired) ?? actingRole
      return { granting: authority.granting(role, grantor), order: roleOrder(role, serves) }
    })
  const missing = (member: string, memberships: ReadonlyMap<string, WantedMembership>): Missing[] => {
    const all: Missing[] = []
    for (const [role, membership] of memberships)
      if (!satisfy(left.membershipsIn(role, member), membership))
        all.push({ role, membership, ...granted(role, membership) })
    return sortedBy(all, ({ order }) => order)
  }
  return sortedBy(wanted.memberships, ([member]) => member).flatMap(([member, memberships]) =>
    missing(member, memberships).map(({ role, membership, granting }): GrantMembership => {
      const { serves, admin, because } = membership
      const rows = left.membershipsIn(role, member)
      const { grantor } = granting
      const options = optionsFor(world, { role, member, grantor }, rows, membership)
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
