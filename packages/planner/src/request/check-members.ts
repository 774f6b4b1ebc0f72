import { describeName } from '../model/describe.ts'
import type { DesiredRole, Member } from '../model/desired-role.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import type { Managed } from '../model/managed.ts'
import { sortedBy } from '../util/collections.ts'
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
