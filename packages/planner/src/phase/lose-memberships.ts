import { isIntermediateName } from '../intermediate-role.ts'
import type { Operation, Reason } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { ServingRoles } from '../serving-roles.ts'
import type { Membership } from '../snapshot.ts'
import { notAskedFor, type Wanted } from '../wanted.ts'
import { membershipKey, type World } from '../world.ts'

/** What is to become of a row of `pg_auth_members`. `leave`: it is not ours to judge. */
export type MembershipVerdict = 'keep' | 'strip ADMIN option' | 'revoke' | 'leave' | 'residue'

/**
 * Whether a row is only the ADMIN option that CREATEROLE gives a role on what it creates. It lasts as long as that.
 * @see https://www.postgresql.org/docs/16/role-attributes.html
 */
export const comesWithCreateRole = (world: World, row: Membership): boolean =>
  row.admin &&
  !row.inherit &&
  !row.set &&
  row.grantor === world.server.bootstrapRole &&
  world.roles.get(row.member)?.createRole === true

/** Whether a row makes its member what is wanted: through an intermediate role a member has to inherit. */
export const satisfies = (row: Membership, intermediate: boolean): boolean =>
  row.inherit || (!intermediate && row.set)

export const membershipVerdict = (
  world: World,
  wanted: Wanted,
  serving: ServingRoles,
  row: Membership,
): MembershipVerdict => {
  const membership = wanted.memberships.get(row.member)?.get(row.role)
  if (membership !== undefined && satisfies(row, membership.intermediate))
    return row.admin ? 'strip ADMIN option' : 'keep'
  if (comesWithCreateRole(world, row)) return 'leave'
  if (membership !== undefined || !isIntermediateName(row.role)) return 'revoke'
  const whose = serving.whose(row.role)
  return whose === 'theirs' ? 'leave' : whose === 'shared' ? 'residue' : 'revoke'
}

/**
 * Before a row goes, or its ADMIN option, what its member granted by virtue of it has to go: PostgreSQL 16 and later
 * keep track, and refuse otherwise.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (plan_recursive_revoke)
 */
const withDependents = (
  world: World,
  because: Reason,
  row: Membership,
  adminOptionOnly: boolean,
): Operation[] => {
  const operations: Operation[] = []
  const gone = new Set<string>()
  const remove = ({ role, member, grantor, admin }: Membership, onlyAdmin: boolean): void => {
    gone.add(membershipKey({ role, member, grantor }))
    const stillAdmin = world
      .membershipsOf(member)
      .some((other) => other.role === role && other.admin && !gone.has(membershipKey(other)))
    if (world.membershipsHaveGrantors && admin && !stillAdmin)
      for (const dependent of sortedBy(world.membershipsGrantedBy(member), membershipKey))
        if (dependent.role === role && !gone.has(membershipKey(dependent))) remove(dependent, false)
    operations.push({
      kind: 'revokeMembership',
      role,
      member,
      adminOptionOnly: onlyAdmin,
      grantor: world.membershipsHaveGrantors ? grantor : null,
      as: world.server.actingRole,
      because,
    })
  }
  remove(row, adminOptionOnly)
  return operations
}

/** Memberships that are not asked for go, whoever granted them, and the ADMIN option of those that stay. */
export const loseMemberships = (
  world: World,
  wanted: Wanted,
  roles: readonly string[],
): readonly Operation[] => {
  const serving = new ServingRoles(world)
  const done = new Set<string>()
  return roles.flatMap((role) =>
    sortedBy(world.membershipsOf(role), membershipKey)
      .flatMap((row) => {
        const verdict = membershipVerdict(world, wanted, serving, row)
        if (verdict !== 'revoke' && verdict !== 'strip ADMIN option') return []
        return withDependents(world, notAskedFor(role), row, verdict === 'strip ADMIN option')
      })
      .filter((operation) => {
        // One row may go as itself and as what depends on another.
        const key = JSON.stringify({ ...operation, because: null })
        if (done.has(key)) return false
        done.add(key)
        return true
      }),
  )
}
