import type { Catalog } from '../catalog/catalog.ts'
import { defaultPrivilegeFacts } from '../catalog/facts.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import {
  comesWithCreateRole,
  isGrantedToItself,
  judgesMembership,
  membershipJudge,
} from '../diff/memberships.ts'
import { describeName } from '../model/describe.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { managesSchema } from '../model/managed.ts'
import type { Membership } from '../model/membership.ts'
import type { Unmanaged } from '../model/snapshot.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import type { Goal } from '../resolve/target-state.ts'
import { flatMap, sortedBy } from '../util/collections.ts'

const memberships = (catalog: Catalog, goal: Goal): Unmanaged[] => {
  const all: Unmanaged[] = []
  for (const row of catalog.memberships.all()) {
    const { role, member, grantor } = row
    if (goal.desired.has(member) && comesWithCreateRole(catalog, goal, row))
      all.push({
        role: member,
        kind: 'membership',
        description: `ADMIN option for role ${describeName(role)}, which may come with CREATEROLE`,
      })
    if (goal.desired.has(member) && isGrantedToItself(catalog, goal, row))
      all.push({
        role: member,
        kind: 'membership',
        description: `membership in role ${describeName(role)}, which it has created and grants itself`,
      })
    else if (catalog.membershipsHaveGrantors && goal.desired.has(grantor))
      all.push({
        role: grantor,
        kind: 'membership',
        description: `having granted membership in role ${describeName(role)} to role ${describeName(member)}`,
      })
  }
  return all
}

/** Why a role that a list of members leaves out stays a member. */
const whyItStays = (catalog: Catalog, goal: Goal, row: Membership): string | undefined => {
  if (catalog.isSuperuser(row.member)) return 'which is a superuser'
  if (!judgesMembership(goal, row)) return 'which syncs'
  if (isGrantedToItself(catalog, goal, row)) return 'which has created the role and grants it to itself'
  return comesWithCreateRole(catalog, goal, row) ? 'whose ADMIN option may come with CREATEROLE' : undefined
}

/** Members of roles that list their members otherwise. */
const members = (catalog: Catalog, goal: Goal): Unmanaged[] =>
  flatMap(goal.listing, (role) => {
    const all = new Map<string, string>()
    for (const row of catalog.memberships.inRole(role)) {
      const { member } = row
      if (goal.desired.has(member) || goal.memberships.get(member)?.has(role) === true) continue
      const why = whyItStays(catalog, goal, row)
      if (why !== undefined) all.set(member, `role ${describeName(member)}, ${why}`)
    }
    return [...all.values()].map((description) => ({ role, kind: 'member', description }))
  })

/** Memberships in intermediate roles of other databases, which syncs there judge. */
const elsewhere = (catalog: Catalog, goal: Goal): Unmanaged[] => {
  const judge = membershipJudge(catalog, goal, new IntermediateRoles(catalog))
  const isLeft = (row: Membership): boolean =>
    isRealMember(row) &&
    goal.memberships.get(row.member)?.has(row.role) !== true &&
    (catalog.roles.get(row.role)?.elsewhere ?? 0) > 0 &&
    isIntermediateName(row.role) &&
    judge(row).kind === 'keep'
  return flatMap(goal.roles, (role) => {
    const left = new Set<string>()
    for (const row of catalog.memberships.ofMember(role)) if (isLeft(row)) left.add(row.role)
    if (left.size === 0) return []
    const what = left.size === 1 ? 'an intermediate role' : `${left.size} intermediate roles`
    return [{ role, kind: 'membership', description: `membership in ${what} of other databases` }]
  })
}

/**
 * A role’s default privileges for its own future objects are not managed. Of a role that should have nothing,
 * only those are left that another role asks for.
 */
const ownDefaults = (catalog: Catalog, { desired, idle, managed, access }: Goal): Unmanaged[] =>
  flatMap(catalog.defaults, (defaults) => {
    const { owner, schema, on } = defaults
    const isResidue =
      idle.has(owner) &&
      managesSchema(managed, schema) &&
      access.overPrivileges.actingAs.proxyFor(owner) === undefined
    if (!desired.has(owner) || isResidue || defaultPrivilegeFacts(defaults).length === 0) return []
    const where = schema === null ? '' : ` in schema ${describeName(schema)}`
    return [{ role: owner, kind: 'default privileges', description: `of its own future ${on}${where}` }]
  })

const managesSettings = ({ properties }: Goal, role: string): boolean =>
  properties.get(role)?.managed.has('setting') === true

/** What is tied to the desired roles in the outcome but is not managed by pgsr. Of a role that should not exist it is residue. */
export const unmanagedOf = (catalog: Catalog, goal: Goal): readonly Unmanaged[] =>
  sortedBy(
    [
      ...catalog.unmanaged.filter(
        ({ role, kind }) =>
          goal.desired.has(role) &&
          // Settings belong to the cluster, which another call may manage.
          !(kind === 'settings' && (managesSettings(goal, role) || !goal.managed.cluster)),
      ),
      ...memberships(catalog, goal),
      ...members(catalog, goal),
      ...elsewhere(catalog, goal),
      ...ownDefaults(catalog, goal),
    ].filter(({ role }) => !goal.absent.has(role)),
    ({ role, kind, description }) => JSON.stringify([role, kind, description]),
  )
