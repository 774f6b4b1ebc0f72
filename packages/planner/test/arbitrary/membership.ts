import fc from 'fast-check'
import type { Membership } from '@pgsr/planner'
import { pick } from './name.ts'

/** A GRANT of a role that somebody may have run; the numbers stand for roles. */
export interface DrawnMembership {
  readonly role: number
  readonly member: number
  readonly grantor: number
  readonly options: Pick<Membership, 'admin' | 'inherit' | 'set'>
}

/** Mostly the same few, so that there is more than one way from one role to another. */
const often = fc.oneof(fc.nat({ max: 2 }), fc.nat())

/** What a plain GRANT gives, who created a role has, a member of an intermediate role has, and what else there is. */
const options = fc.constantFrom(
  { admin: false, inherit: true, set: true },
  { admin: true, inherit: false, set: false },
  { admin: false, inherit: true, set: false },
  { admin: true, inherit: true, set: true },
  { admin: true, inherit: false, set: true },
  { admin: false, inherit: false, set: true },
  { admin: false, inherit: false, set: false },
)

export const memberships: fc.Arbitrary<DrawnMembership[]> = fc.array(
  fc.record({ role: often, member: often, grantor: often, options }),
  { maxLength: 10 },
)

export interface MembershipWorld {
  readonly version: number
  readonly bootstrap: string
  readonly roles: readonly string[]
  readonly members: readonly string[]
}

const reaches = (rows: readonly Membership[], from: string, to: string): boolean => {
  const seen = new Set([from])
  for (const member of seen)
    for (const row of rows) if (row.member === member && member !== to) seen.add(row.role)
  return seen.has(to)
}

/** Through whom a role administers another: PostgreSQL lets none of them have that from it. */
const sourcesOf = (rows: readonly Membership[], role: string, admin: string): Set<string> => {
  const sources = new Set([admin])
  for (const source of sources)
    for (const row of rows)
      if (row.role === role && row.admin && row.member === source) sources.add(row.grantor)
  return sources
}

/**
 * Runs those of the GRANTs that PostgreSQL would accept, after those that have been run already. From 16 on only the
 * bootstrap superuser, and who has the ADMIN option, can be a grantor; before, there is one row for a role and a
 * member, and its grantor may even be gone.
 */
export const withMemberships = (
  before: readonly Membership[],
  drawn: readonly DrawnMembership[],
  { members, bootstrap, version, roles }: MembershipWorld,
): Membership[] => {
  const rows = [...before]
  for (const { role: roleIndex, member: memberIndex, grantor: grantorIndex, options: given } of drawn) {
    const [role, member] = [pick(roles, roleIndex)!, pick(members, memberIndex)!]
    if (reaches(rows, role, member)) continue
    if (version < 160000) {
      if (rows.some((row) => row.role === role && row.member === member)) continue
      const grantor = pick([bootstrap, ...members, 'unknown (OID=54321)'], grantorIndex)!
      rows.push({ role, member, grantor, admin: given.admin, inherit: true, set: true })
      continue
    }
    const admins = rows.filter((row) => row.role === role && row.admin).map((row) => row.member)
    const grantor = pick([bootstrap, ...new Set(admins)], grantorIndex)!
    if (grantor === member || (given.admin && sourcesOf(rows, role, grantor).has(member))) continue
    if (rows.some((row) => row.role === role && row.member === member && row.grantor === grantor)) continue
    rows.push({ role, member, grantor, ...given })
  }
  return rows
}
