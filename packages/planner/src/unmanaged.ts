import { describeName } from './describe.ts'
import { defaultPrivilegeFacts } from './facts-of.ts'
import { sortedBy } from './order.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { comesWithCreateRole, isGrantedToItself, membershipJudge } from './membership-verdict.ts'
import { isRealMember } from './real-member.ts'
import { ServingRoles } from './serving-roles.ts'
import type { Membership, Unmanaged } from './snapshot.ts'
import type { Wanted } from './wanted.ts'
import type { World } from './world.ts'

const memberships = (world: World, wanted: Wanted): Unmanaged[] => {
  const all: Unmanaged[] = []
  for (const row of world.memberships()) {
    const { role, member, grantor } = row
    if (wanted.desired.has(member) && comesWithCreateRole(world, wanted, row))
      all.push({
        role: member,
        kind: 'membership',
        description: `ADMIN option for role ${describeName(role)}, which comes with CREATEROLE`,
      })
    if (wanted.desired.has(member) && isGrantedToItself(world, wanted, row))
      all.push({
        role: member,
        kind: 'membership',
        description: `membership in role ${describeName(role)}, which it has created and grants itself`,
      })
    else if (world.membershipsHaveGrantors && wanted.desired.has(grantor))
      all.push({
        role: grantor,
        kind: 'membership',
        description: `having granted membership in role ${describeName(role)} to role ${describeName(member)}`,
      })
  }
  return all
}

/** What other databases give a role by intermediate roles of theirs, which is for syncs there to judge. */
const elsewhere = (world: World, wanted: Wanted): Unmanaged[] => {
  const judge = membershipJudge(world, wanted, new ServingRoles(world))
  const isLeft = (row: Membership): boolean =>
    isIntermediateName(row.role) &&
    (world.roles.get(row.role)?.elsewhere ?? 0) > 0 &&
    isRealMember(row) &&
    wanted.memberships.get(row.member)?.has(row.role) !== true &&
    judge(row).kind === 'keep'
  return wanted.roles.flatMap((role) => {
    const count = new Set(world.membershipsOf(role).flatMap((row) => (isLeft(row) ? [row.role] : []))).size
    const what = count === 1 ? 'an intermediate role' : `${count} intermediate roles`
    const description = `membership in ${what} of other databases`
    return count === 0 ? [] : [{ role, kind: 'membership', description }]
  })
}

/**
 * What a role says of the objects that it may still make is its own business; of one that makes nothing any more only
 * that is left which another role asks for.
 */
const ownDefaults = (world: World, { desired, idle, authorityOverPrivileges }: Wanted): Unmanaged[] =>
  [...world.defaults].flatMap((defaults) => {
    const { owner, schema, on } = defaults
    const isResidue = idle.has(owner) && authorityOverPrivileges.proxyFor(owner) === undefined
    if (!desired.has(owner) || isResidue || defaultPrivilegeFacts(defaults).length === 0) return []
    const where = schema === null ? '' : ` in schema ${describeName(schema)}`
    return [{ role: owner, kind: 'default privileges', description: `of its own future ${on}${where}` }]
  })

/** What is tied to the desired roles in the outcome, and is not pgsr’s to manage. */
export const unmanagedOf = (world: World, wanted: Wanted): readonly Unmanaged[] =>
  sortedBy(
    [
      ...world.unmanaged.filter(({ role }) => wanted.desired.has(role)),
      ...memberships(world, wanted),
      ...elsewhere(world, wanted),
      ...ownDefaults(world, wanted),
    ],
    ({ role, kind, description }) => JSON.stringify([role, kind, description]),
  )
