import { isIntermediateName } from '../intermediate-role.ts'
import type { Operation, Reason } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { isRealMember } from '../real-member.ts'
import { ServingRoles } from '../serving-roles.ts'
import type { Membership } from '../snapshot.ts'
import { isPreserved, notAskedFor, type Wanted } from '../wanted.ts'
import { membershipKey, type World } from '../world.ts'

/** What is to become of a row of `pg_auth_members`. `leave`: it is not ours to judge. */
export type MembershipVerdict =
  | 'keep'
  | 'strip ADMIN option'
  | 'revoke'
  | 'leave'
  | 'shared with another database'
  | 'passed on'
  | 'not permitted'

/**
 * Whether a row’s ADMIN option is what CREATEROLE gives a role on what it creates. It lasts as long as that.
 * @see https://www.postgresql.org/docs/16/role-attributes.html
 */
export const comesWithCreateRole = (world: World, row: Membership): boolean =>
  world.membershipsHaveGrantors &&
  row.admin &&
  row.grantor === world.server.bootstrapRole &&
  world.roles.get(row.member)?.createRole === true

/** Whether a row makes its member what is wanted: through an intermediate role a member has to inherit. */
export const satisfies = (row: Membership, intermediate: boolean): boolean =>
  intermediate ? row.inherit : isRealMember(row)

/** Whether what a member has by an intermediate role is all in schemas where it keeps what it has. */
const servesPreserved = (
  wanted: Wanted,
  serving: ServingRoles,
  { role, member }: Pick<Membership, 'role' | 'member'>,
): boolean => {
  const holdings = isIntermediateName(role) ? serving.holdingsOf(role) : []
  return holdings.length > 0 && holdings.every(({ object }) => isPreserved(wanted, member, object))
}

/** Whether a member is to have what an intermediate role gives. */
export const isEntitled = (wanted: Wanted, serving: ServingRoles, row: Membership): boolean =>
  wanted.memberships.get(row.member)?.has(row.role) === true || servesPreserved(wanted, serving, row)

const verdictWithoutAuthority = (
  world: World,
  wanted: Wanted,
  serving: ServingRoles,
  row: Membership,
): MembershipVerdict => {
  if (servesPreserved(wanted, serving, row)) return 'leave'
  const membership = wanted.memberships.get(row.member)?.get(row.role)
  if (membership !== undefined && satisfies(row, membership.serves !== undefined))
    return row.admin && !comesWithCreateRole(world, row) ? 'strip ADMIN option' : 'keep'
  if (comesWithCreateRole(world, row) && !isRealMember(row)) return 'leave'
  // An intermediate role of another database is left to that database, if it is no more than it claims to be.
  if (membership !== undefined || !isIntermediateName(row.role) || !serving.isPlain(row.role)) return 'revoke'
  switch (serving.whose(row.role)) {
    case 'theirs':
      return row.admin ? 'strip ADMIN option' : 'leave'
    case 'shared':
      return row.admin ? 'strip ADMIN option' : 'shared with another database'
    case 'ours':
    case 'unused':
      return 'revoke'
  }
}

/** What its member granted by virtue of a row, and others by virtue of that: from 16 on all of it goes with the row. */
const dependentsOf = (world: World, row: Membership, seen: Set<string> = new Set()): readonly Membership[] =>
  world.membershipsHaveGrantors && row.admin
    ? world.membershipsGrantedBy(row.member).flatMap((dependent) => {
        const key = membershipKey(dependent)
        if (dependent.role !== row.role || seen.has(key)) return []
        seen.add(key)
        return [dependent, ...dependentsOf(world, dependent, seen)]
      })
    : []

/**
 * Judges a row by which a desired role is a member of another. The acting role does not give up what it has itself,
 * which it may need.
 */
export const membershipVerdict = (
  world: World,
  wanted: Wanted,
  serving: ServingRoles,
  row: Membership,
): MembershipVerdict => {
  const verdict = verdictWithoutAuthority(world, wanted, serving, row)
  const { authority } = wanted
  if (verdict !== 'revoke' && verdict !== 'strip ADMIN option') return verdict
  const dependents = dependentsOf(world, row)
  if (dependents.some((one) => servesPreserved(wanted, serving, one))) return 'passed on'
  if (authority.isSuperuser) return verdict
  const isPermitted = ({ member }: Membership): boolean => member !== world.server.actingRole
  if ([row, ...dependents].every((one) => authority.mayRevoke(one)) && dependents.every(isPermitted))
    return verdict
  const isAskedFor = wanted.memberships.get(row.member)?.has(row.role) === true
  return isAskedFor && !row.admin ? 'leave' : 'not permitted'
}

/** Takes rows away one after another, and what depends on each before it. */
class Revocation {
  readonly operations: Operation[] = []
  readonly #world: World
  readonly #serving: ServingRoles
  /** The rows that are gone, and those that are gone or have lost their ADMIN option. */
  readonly #gone = new Set<string>()
  readonly #noAdmin = new Set<string>()

  constructor(world: World, serving: ServingRoles) {
    this.#world = world
    this.#serving = serving
  }

  /**
   * Before a row goes, or its ADMIN option, what its member granted by virtue of it has to go: PostgreSQL 16 and
   * later keep track, and refuse otherwise.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (plan_recursive_revoke)
   */
  revoke(row: Membership, adminOptionOnly: boolean, because: Reason): void {
    const { role, member, grantor, admin } = row
    const key = membershipKey(row)
    if (this.#gone.has(key)) return
    if (!adminOptionOnly) this.#gone.add(key)
    this.#noAdmin.add(key)
    const keepsTrack = this.#world.membershipsHaveGrantors
    if (keepsTrack && admin && !this.#isAdmin(role, member))
      for (const dependent of sortedBy(this.#world.membershipsGrantedBy(member), membershipKey))
        if (dependent.role === role) this.revoke(dependent, false, because)
    const [served] = this.#serving.holdingsOf(role)
    this.operations.push({
      kind: 'revokeMembership',
      role,
      member,
      grantor: keepsTrack ? grantor : null,
      adminOptionOnly,
      ...(served && {
        serves: {
          privilege: served.privilege,
          object: { kind: served.object.kind, name: served.object.name },
        },
      }),
      as: this.#world.server.actingRole,
      because,
    })
  }

  #isAdmin(role: string, member: string): boolean {
    return this.#world
      .membershipsIn(role, member)
      .some((row) => row.admin && !this.#noAdmin.has(membershipKey(row)))
  }
}

/** Memberships that are not asked for go, whoever granted them, and the ADMIN option of those that stay. */
export const loseMemberships = (
  world: World,
  wanted: Wanted,
  roles: readonly string[],
): readonly Operation[] => {
  if (roles.length === 0) return []
  const serving = new ServingRoles(world)
  const revocation = new Revocation(world, serving)
  const rank = (row: Membership): number => wanted.authority.revocationRank(row)
  const rows = roles.flatMap((role) => sortedBy(world.membershipsOf(role), membershipKey))
  for (const row of rows.toSorted((a, b) => rank(a) - rank(b))) {
    const verdict = membershipVerdict(world, wanted, serving, row)
    if (verdict === 'revoke' || verdict === 'strip ADMIN option')
      revocation.revoke(row, verdict === 'strip ADMIN option', notAskedFor(row.member))
  }
  return revocation.operations
}

/** The rows that all desired roles lose, with what goes because of them. */
export const lostMemberships = (world: World, wanted: Wanted): readonly Membership[] =>
  loseMemberships(world, wanted, wanted.roles).flatMap((operation) =>
    operation.kind === 'revokeMembership' && !operation.adminOptionOnly
      ? world
          .membershipsIn(operation.role, operation.member)
          .filter(({ grantor }) => operation.grantor === null || operation.grantor === grantor)
      : [],
  )
