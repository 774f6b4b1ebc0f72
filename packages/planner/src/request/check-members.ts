import { describeName } from '../model/describe.ts'
import { type DesiredRole, listedMemberships, type Member } from '../model/desired-role.ts'
import { type MembershipGrant, ofKind } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import type { Managed } from '../model/managed.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import { checkMembership, checkRoleName } from './parse-grant.ts'
import type { Refuse } from './refuse.ts'

const fields: ReadonlySet<string> = new Set(['role', 'admin', 'inherit', 'set'] satisfies (keyof Member)[])

const checkMember = (role: string, given: unknown, refuse: Refuse): Member => {
  if ((typeof given !== 'object' || given === null) && typeof given !== 'string')
    return refuse('members', 'a member must be the name of a role, or an object with role')
  const { role: member, ...options } = typeof given === 'string' ? { role: given } : (given as Member)
  checkRoleName(member, 'members', refuse)
  const refuseMember: Refuse = (field, problem) => refuse(field, `member ${describeName(member)}: ${problem}`)
  const unknown = Object.keys(options).find((field) => !fields.has(field))
  if (unknown !== undefined)
    refuseMember(unknown, `unknown field ${describeName(unknown)}; expected one of ${[...fields].join(', ')}`)
  if (isIntermediateName(member)) refuseMember('members', 'it is an intermediate role')
  if (member === 'pg_database_owner') refuseMember('members', 'it cannot be a member of any role')
  const { kind: _, ...checked } = checkMembership(
    member,
    { kind: 'membership', ...options, role },
    refuseMember,
  )
  return { ...checked, role: member }
}

/** Checks a list of members, and brings it into canonical form: objects, sorted by name. */
export const checkMembers = (
  { role, members }: DesiredRole,
  { cluster }: Managed,
  refuse: Refuse,
): readonly Member[] | undefined => {
  if (members === undefined) return undefined
  if (!Array.isArray(members)) return refuse('members', 'its members are not an array')
  if (!cluster)
    refuse(
      'manages',
      'its members belong to the whole cluster, which this call does not manage; set manages.cluster to true',
    )
  const all = new Map<string, Member>()
  for (const given of members) {
    const member = checkMember(role, given, refuse)
    if (all.has(member.role)) refuse('members', `member ${describeName(member.role)} is listed twice`)
    all.set(member.role, member)
  }
  return sortedBy(all.values(), (member) => member.role)
}

/** Whether a grant asks for another option than a list does. An option that is left out may be on or off, except ADMIN. */
const isOtherwise = (grant: MembershipGrant, listed: MembershipGrant): boolean =>
  (grant.admin ?? false) !== (listed.admin ?? false) ||
  (grant.inherit ?? listed.inherit) !== (listed.inherit ?? grant.inherit) ||
  (grant.set ?? listed.set) !== (listed.set ?? grant.set)

/**
 * Refuses grants of membership in roles that list their members otherwise.
 * @throws InvalidGrantError
 */
export const checkListed = (desired: readonly DesiredRole[]): void => {
  const lists = new Map(
    flatMap(desired, (one) =>
      one.members === undefined
        ? []
        : [[one.role, new Map(listedMemberships(one).map(({ member, grant }) => [member, grant]))] as const],
    ),
  )
  if (lists.size === 0) return
  for (const { role, grants } of desired)
    for (const grant of ofKind(grants, 'membership')) {
      const list = lists.get(grant.role)
      const listed = list?.get(role)
      if (list === undefined || (listed !== undefined && !isOtherwise(grant, listed))) continue
      const why = listed === undefined ? 'do not include it' : 'include it with other options'
      throw new InvalidGrantError({
        role,
        field: 'role',
        message: `cannot grant membership in role ${describeName(grant.role)} to role ${describeName(role)}: the members of ${describeName(grant.role)} ${why}`,
      })
    }
}
