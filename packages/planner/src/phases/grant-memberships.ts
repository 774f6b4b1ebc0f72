import { Access } from '../access/access.ts'
import { applyOperation } from '../catalog/apply-operation.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { judgedMembers } from '../diff/memberships.ts'
import { takesNothing } from '../model/managed.ts'
import type { Membership } from '../model/membership.ts'
import { type GrantMembership, roleOrder } from '../model/operation.ts'
import { isRealMember, satisfy } from '../postgres/membership-option.ts'
import type { Goal, TargetMembership } from '../resolve/target-state.ts'
import { compareText, flatMap, getOrMake, sortedBy } from '../util/collections.ts'
import { loseMemberships } from './lose-memberships.ts'
import type { Phase } from './phase.ts'

/**
 * The options of a GRANT. A member of an intermediate role inherits from it but cannot SET ROLE to it. For an
 * ordinary role they are what PostgreSQL makes of a plain GRANT. They are spelled out if there is a row
 * already, since a plain GRANT would not change its options.
 * @param rows the member’s rows in the role, once it has lost what it should not have
 */
const optionsFor = (
  catalog: Catalog,
  { role, member, grantor }: Pick<Membership, 'role' | 'member' | 'grantor'>,
  rows: readonly Membership[],
  { provides, inherit, set }: TargetMembership,
  { managed }: Goal,
): GrantMembership['options'] => {
  if (!catalog.membershipsHaveGrantors) return undefined
  const existing = rows.find((row) => row.grantor === grantor)
  if (provides !== undefined) return { inherit: true, set: takesNothing(managed) && (existing?.set ?? false) }
  // Options that are not asked for stay as they are, but a member needs at least one of the two.
  if (rows.some(isRealMember))
    return {
      inherit: inherit ?? (set === false || (existing?.inherit ?? false)),
      set: set ?? (inherit === false || (existing?.set ?? false)),
    }
  const isThere = catalog.memberships.between(role, member).some((row) => row.grantor === grantor)
  if (!isThere && inherit === undefined && set === undefined) return undefined
  return {
    inherit: inherit ?? (set === false || (catalog.roles.get(member)?.inherit ?? true)),
    set: set ?? true,
  }
}

/** The catalog without the memberships that go later, because the acting role may need them until the end. */
const withoutPending = (catalog: Catalog, goal: Goal): Catalog => {
  if (goal.memberships.size === 0) return catalog
  const due = judgedMembers(catalog, goal).filter((role) => goal.access.now.graph.needs(role))
  if (due.length === 0) return catalog
  const pending = catalog.fork()
  for (const operation of loseMemberships(catalog, goal, due)) applyOperation(pending, operation)
  return pending
}

/** What is the same for all members that a role is granted to. */
interface Granted {
  readonly granting: Pick<GrantMembership, 'grantor' | 'namesGrantor' | 'as'>
  /** A key that orders the role among others. */
  readonly order: string
}

/** A membership that a member does not have yet. */
interface Missing {
  readonly role: string
  readonly membership: TargetMembership
  readonly granted: Granted
}

/** Makes roles members of those that are asked for, and of the intermediate roles they need. */
export const grantMemberships: Phase = (catalog, goal) => {
  const { actingRole } = catalog.server
  const access = new Access(catalog)
  const left = withoutPending(catalog, goal)
  const known = new Map<string, Granted>()
  const granted = (role: string, { provides }: TargetMembership): Granted =>
    getOrMake(known, role, () => {
      const grantor = access.roles.grantorOf(role, goal.losers) ?? actingRole
      return { granting: access.roles.granting(role, grantor), order: roleOrder(role, provides) }
    })
  const missing = (member: string, memberships: ReadonlyMap<string, TargetMembership>): Missing[] => {
    const all: Missing[] = []
    memberships.forEach((membership, role) => {
      if (!satisfy(left.memberships.between(role, member), membership))
        all.push({ role, membership, granted: granted(role, membership) })
    })
    return all.sort((a, b) => compareText(a.granted.order, b.granted.order))
  }
  return flatMap(
    sortedBy(goal.memberships, ([member]) => member),
    ([member, memberships]) =>
      missing(member, memberships).map(({ role, membership, granted: { granting } }): GrantMembership => {
        const { provides, admin, reason } = membership
        const rows = left.memberships.between(role, member)
        const { grantor } = granting
        const options = optionsFor(catalog, { role, member, grantor }, rows, membership, goal)
        return {
          kind: 'grantMembership',
          role,
          member,
          ...granting,
          ...(admin === true && { admin }),
          ...(options && { options }),
          ...(provides && { provides }),
          reason,
        }
      }),
  )
}
