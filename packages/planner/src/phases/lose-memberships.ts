import type { Access } from '../access/access.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import { membershipsGrantedBy } from '../diff/absent-roles.ts'
import {
  judgesMembership,
  judgedMembers,
  membershipJudge,
  type MembershipVerdict,
} from '../diff/memberships.ts'
import { compareMemberships, type Membership, membershipKey } from '../model/membership.ts'
import type { GrantMembership, Operation, Reason } from '../model/operation.ts'
import type { MembershipOption } from '../postgres/membership-option.ts'
import { type Goal, notAskedFor } from '../resolve/target-state.ts'
import { compareText, flatMap, getOrMake } from '../util/collections.ts'

/** Revokes rows one after another, and before each what depends on it. */
class Revocation {
  readonly operations: Operation[] = []
  /** The rows that go, some of them only because of another. */
  readonly revoked: { readonly row: Membership; readonly reason: Reason }[] = []
  readonly #catalog: Catalog
  readonly #intermediateRoles: IntermediateRoles
  readonly #access: Access
  /** The rows that are gone. */
  readonly #gone = new Set<Membership>()
  /** By role and member: the rows that still have their ADMIN option. */
  readonly #options = new Map<string, Set<Membership>>()

  constructor(catalog: Catalog, intermediateRoles: IntermediateRoles, access: Access) {
    this.#catalog = catalog
    this.#intermediateRoles = intermediateRoles
    this.#access = access
  }

  /**
   * Revokes a row, or one of its options. What the member granted by virtue of its ADMIN option has to go first:
   * PostgreSQL 16 and later keep track, and refuse otherwise. Without recursion: a chain of grants may be too long for
   * the stack.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (plan_recursive_revoke)
   */
  revoke(first: Membership, firstOption: MembershipOption | null, reason: Reason): void {
    interface Step {
      readonly row: Membership
      readonly option: MembershipOption | null
      readonly before: Iterator<Membership>
    }
    const path: Step[] = []
    const enter = (row: Membership, option: MembershipOption | null): void => {
      if (this.#gone.has(row)) return
      this.revoked.push({ row, reason })
      if (option === null) this.#gone.add(row)
      const before = option === null || option === 'ADMIN' ? this.#dependentsWithout(row) : []
      path.push({ row, option, before: before[Symbol.iterator]() })
    }
    enter(first, firstOption)
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = last.before.next()
      if (next.done !== true) enter(next.value, null)
      else {
        path.pop()
        this.#add(last.row, last.option, reason)
      }
    }
  }

  #add(row: Membership, option: MembershipOption | null, reason: Reason): void {
    const { role, member, grantor } = row
    const [provided] = this.#intermediateRoles.holdingsOf(role)
    this.operations.push({
      kind: 'revokeMembership',
      role,
      member,
      grantor: this.#catalog.membershipsHaveGrantors ? grantor : null,
      option,
      ...(provided && {
        provides: {
          privilege: provided.privilege,
          object: { kind: provided.object.kind, name: provided.object.name },
        },
      }),
      as: this.#access.roles.runAsToRevoke(row),
      reason,
    })
  }

  /** What a member has granted but may no longer grant without the ADMIN option of a row. */
  #dependentsWithout(row: Membership): readonly Membership[] {
    const { role, member, admin } = row
    if (!this.#catalog.membershipsHaveGrantors || !admin) return []
    const options = getOrMake(
      this.#options,
      `${role}\0${member}`,
      () => new Set(this.#catalog.memberships.between(role, member).filter((one) => one.admin)),
    )
    options.delete(row)
    return options.size > 0
      ? []
      : this.#catalog.memberships.grantedBy(member, role).toSorted(compareMemberships)
  }
}

/** A row of a member that goes, or an option that it loses. */
interface Lost {
  readonly row: Membership
  readonly option: MembershipOption | null
  readonly rank: number
  readonly as: string
}

/** What members lose, in the order in which it goes: rows that are revoked as the same role follow one another. */
const lostBy = (
  catalog: Catalog,
  { graph, roles }: Access,
  judge: ReturnType<typeof membershipJudge>,
  members: readonly string[],
): readonly Lost[] => {
  const lost: Lost[] = []
  for (const member of members) {
    const ofMember: (readonly [row: Membership, verdict: MembershipVerdict])[] = []
    for (const row of catalog.memberships.ofMember(member)) {
      const verdict = judge(row)
      if (verdict.kind === 'lose') ofMember.push([row, verdict])
    }
    for (const [row, { options }] of ofMember.sort(([a], [b]) => compareMemberships(a, b))) {
      const [rank, as] = [graph.revocationRank(row), roles.runAsToRevoke(row)]
      if (options.length === 0) lost.push({ row, option: null, rank, as })
      else for (const option of options) lost.push({ row, option, rank, as })
    }
  }
  return lost.sort((a, b) => a.rank - b.rank || compareText(a.as, b.as))
}

/** Revokes memberships that are not asked for, whoever granted them, and such options of those that stay. */
export const loseMemberships = (
  catalog: Catalog,
  goal: Goal,
  roles: readonly string[],
): readonly Operation[] => {
  if (roles.length === 0) return []
  const intermediateRoles = new IntermediateRoles(catalog)
  const revocation = new Revocation(catalog, intermediateRoles, goal.access.now)
  const judge = membershipJudge(catalog, goal, intermediateRoles)
  for (const { row, option } of lostBy(catalog, goal.access.now, judge, roles))
    revocation.revoke(row, option, notAskedFor(row.member))
  // A grantor that may keep its ADMIN option cannot be dropped.
  const grantors = new Set(roles.filter((role) => goal.absent.has(role)))
  for (const row of membershipsGrantedBy(catalog, grantors).toSorted(compareMemberships))
    if (row.member !== catalog.server.actingRole && goal.access.now.roles.mayRevoke(row))
      revocation.revoke(row, null, notAskedFor(row.grantor))
  return [...revocation.operations, ...(goal.keepDependents ? keptDependents(catalog, goal, revocation) : [])]
}

/**
 * Grants others again what they lose only because of another row, together with what they have from the same grantor.
 */
const keptDependents = (catalog: Catalog, goal: Goal, { revoked }: Revocation): readonly Operation[] => {
  const kept = new Map<string, GrantMembership & Granted>()
  const { access, losers } = goal
  for (const { row, reason } of revoked) {
    const { role, member } = row
    const grantor = access.now.roles.grantorOf(role, losers)
    if (judgesMembership(goal, row) || grantor === undefined) continue
    const key = membershipKey({ role, member, grantor })
    const { admin = false, options } =
      kept.get(key) ??
      asGranted(catalog.memberships.between(role, member).find((one) => one.grantor === grantor))
    const all = {
      admin: admin || row.admin,
      inherit: options.inherit || row.inherit,
      set: options.set || row.set,
    }
    if (admin === all.admin && options.inherit === all.inherit && options.set === all.set) continue
    kept.set(key, {
      kind: 'grantMembership',
      role,
      member,
      ...access.now.roles.granting(role, grantor),
      ...(all.admin && { admin: all.admin }),
      options: { inherit: all.inherit, set: all.set },
      reason: { ...reason, keeps: member },
    })
  }
  return [...kept.values()]
}

type Granted = Pick<GrantMembership, 'admin'> & Pick<Required<GrantMembership>, 'options'>

const asGranted = (row: Membership | undefined): Granted => ({
  ...(row?.admin && { admin: row.admin }),
  options: { inherit: row?.inherit ?? false, set: row?.set ?? false },
})

const pairOf = ({ role, member }: Pick<Membership, 'role' | 'member'>): string => `${role}\0${member}`

/** All rows that are lost, with what goes because of them, apart from those whose members get the same again. */
export const lostMemberships = (catalog: Catalog, goal: Goal): readonly Membership[] => {
  const operations = loseMemberships(catalog, goal, judgedMembers(catalog, goal))
  const again = new Set(
    flatMap(operations, (operation) => (operation.kind === 'grantMembership' ? [pairOf(operation)] : [])),
  )
  return flatMap(operations, (operation) =>
    operation.kind === 'revokeMembership' && operation.option === null && !again.has(pairOf(operation))
      ? catalog.memberships
          .between(operation.role, operation.member)
          .filter(({ grantor }) => operation.grantor === null || operation.grantor === grantor)
      : [],
  )
}
