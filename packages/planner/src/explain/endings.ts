import { describeName } from '../model/describe.ts'
import type { AccessPath, AccessStatement, Ending, MembershipLink, PathSource } from '../model/explanation.ts'
import type { Membership } from '../model/membership.ts'
import { isNamelessMembership } from '../model/nameless.ts'
import { quoteIdent } from '../postgres/identifier.ts'
import { revokeMembershipStatement } from '../sql/statement.ts'
import type { AccessGraph } from './access-graph.ts'
import { type Revocation, revocationOf } from './revocation.ts'

/** How a path ends at its source. */
export const sourceEnding = (graph: AccessGraph, source: PathSource): Revocation => {
  switch (source.kind) {
    case 'ownership':
    case 'privilege':
    case 'PUBLIC':
      return revocationOf(graph, source)
    case 'superuser':
      // Before 16, another superuser may take SUPERUSER from it.
      return source.role === graph.catalog.server.bootstrapRole && graph.catalog.membershipsHaveGrantors
        ? { statements: [], note: 'the bootstrap superuser stays a superuser' }
        : { statements: [{ sql: `ALTER ROLE ${quoteIdent(source.role)} NOSUPERUSER`, as: null }] }
    case 'predefined role':
      return { statements: [], note: 'PostgreSQL gives it to every member of the predefined role' }
    case 'setting':
      return { statements: [], note: `it depends on the setting ${source.setting}` }
  }
}

/** From 16 on: the memberships that were granted by virtue of ADMIN options that are lost with one, in the order of loss. */
const dependentMemberships = (graph: AccessGraph, lost: Membership): readonly Membership[] => {
  if (!graph.catalog.membershipsHaveGrantors) return []
  // A role may have many thousands of members, of which few have granted something.
  if (!graph.hasGranted(lost.member, lost.role)) return []
  const rows = graph.catalog.memberships.inRole(lost.role)
  const gone = new Set<Membership>(
    rows.filter(({ member, grantor }) => member === lost.member && grantor === lost.grantor),
  )
  const target = [...gone]
  const lostBy = (grantor: string): boolean =>
    target.concat(dependents).some(({ admin, member }) => admin && member === grantor) &&
    !rows.some((row) => row.admin && row.member === grantor && !gone.has(row))
  const dependents: Membership[] = []
  for (let before = -1; before !== gone.size;) {
    before = gone.size
    for (const row of rows)
      if (!gone.has(row) && row.grantor !== graph.catalog.server.bootstrapRole && lostBy(row.grantor)) {
        gone.add(row)
        dependents.push(row)
      }
  }
  return dependents
}

const membershipEnding = (graph: AccessGraph, { role, member, grantor }: MembershipLink): Revocation => {
  const { membershipsHaveGrantors } = graph.catalog
  const row =
    grantor === null
      ? undefined
      : graph.catalog.memberships.between(role, member).find((one) => one.grantor === grantor)
  if (row === undefined)
    return { statements: [], note: `the owner of the database is always a member of ${describeName(role)}` }
  const all = [...dependentMemberships(graph, row).toReversed(), row]
  if (all.some((one) => isNamelessMembership(one, membershipsHaveGrantors)))
    return { statements: [], note: 'a role on the way has no name that a statement can use' }
  return {
    statements: all.map((one): AccessStatement => ({
      sql: revokeMembershipStatement({
        role: one.role,
        member: one.member,
        grantor: membershipsHaveGrantors ? one.grantor : null,
      }),
      as: null,
    })),
  }
}

/**
 * The ways to end a path: where it comes from, and each membership on the way.
 * @param atSource the same for all paths from there
 */
export const endingsOf = (
  graph: AccessGraph,
  { memberships }: Pick<AccessPath, 'memberships'>,
  atSource: Revocation,
): readonly Ending[] => [
  { link: 'source', ...atSource },
  ...memberships.map((link, index): Ending => ({ link: index, ...membershipEnding(graph, link) })),
]
