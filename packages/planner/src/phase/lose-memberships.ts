import type { Authority } from '../authority.ts'
import { isDelegateName } from '../delegate.ts'
import { isIntermediateName } from '../intermediate-role.ts'
import { objectKinds } from '../object-kind.ts'
import type { GrantMembership, Operation, Reason } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { isRealMember } from '../real-member.ts'
import { ServingRoles } from '../serving-roles.ts'
import type { Membership } from '../snapshot.ts'
import { losesAttribute } from './lose-attributes.ts'
import { isPreserved, type MembershipOptions, notAskedFor, type Wanted } from '../wanted.ts'
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
export const comesWithCreateRole = (world: World, wanted: Wanted, row: Membership): boolean =>
  world.membershipsHaveGrantors &&
  row.admin &&
  row.grantor === world.server.bootstrapRole &&
  world.roles.get(row.member)?.createRole === true &&
  !losesAttribute(world, wanted, row.member, 'CREATEROLE')

/** Whether a row lets a role become one that it has made to administer others for it. */
const isOfDelegate = (world: World, wanted: Wanted, { role, member }: Membership): boolean =>
  isDelegateName(role) &&
  world.membershipsIn(role, member).some((row) => comesWithCreateRole(world, wanted, row))

/** Whether a row makes its member what is wanted. What is left out of the options is not compared. */
export const satisfies = (row: Membership, { admin, inherit, set }: MembershipOptions): boolean =>
  isRealMember(row) &&
  (admin !== true || row.admin) &&
  (inherit === undefined || row.inherit === inherit) &&
  (set === undefined || row.set === set)

/** Whether a row would satisfy when it is granted again, which changes its options. */
const canBeChanged = ({ authority, desired }: Wanted, row: Membership): boolean =>
  isRealMember(row) && authority.grantorOf(row.role, desired) === row.grantor

/** Whether what a member has by an intermediate role is all in schemas where it keeps what it has. */
const servesPreserved = (
  wanted: Wanted,
  serving: ServingRoles,
  { role, member }: Pick<Membership, 'role' | 'member'>,
): boolean => {
  const holdings = isIntermediateName(role) ? serving.holdingsOf(role) : []
  return holdings.length > 0 && holdings.every(({ object }) => isPreserved(wanted, member, object))
}

/** Whether what a role gives its members belongs to this database only, as an intermediate role’s may. */
const servesThisDatabase = (serving: ServingRoles, role: string): boolean => {
  const holdings = isIntermediateName(role) ? serving.holdingsOf(role) : []
  return holdings.length > 0 && holdings.every(({ object }) => objectKinds[object.kind].shared !== true)
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
  const membership = wanted.memberships.get(row.member)?.get(row.role)
  if (membership !== undefined && !row.admin && satisfies(row, membership)) return 'keep'
  if (servesPreserved(wanted, serving, row)) return 'leave'
  const isOfCreator = comesWithCreateRole(world, wanted, row)
  if (isOfDelegate(world, wanted, row)) return 'leave'
  if (membership !== undefined && (satisfies(row, membership) || canBeChanged(wanted, row)))
    return row.admin && membership.admin !== true && !isOfCreator ? 'strip ADMIN option' : 'keep'
  if (isOfCreator && !isRealMember(row)) return 'leave'
  if (!wanted.managesCluster && membership === undefined && !servesThisDatabase(serving, row.role))
    return 'leave'
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
  const isPermitted = ({ member }: Membership): boolean =>
    authority.isSuperuser || member !== world.server.actingRole
  if ([row, ...dependents].every((one) => authority.mayRevoke(one)) && dependents.every(isPermitted))
    return verdict
  const isAskedFor = wanted.memberships.get(row.member)?.has(row.role) === true
  return isAskedFor && !row.admin ? 'leave' : 'not permitted'
}

/** Takes rows away one after another, and what depends on each before it. */
class Revocation {
  readonly operations: Operation[] = []
  /** What goes only because of another row. */
  readonly dependents: { readonly row: Membership; readonly because: Reason }[] = []
  readonly #world: World
  readonly #serving: ServingRoles
  readonly #authority: Authority
  /** The rows that are gone, and those that are gone or have lost their ADMIN option. */
  readonly #gone = new Set<string>()
  readonly #noAdmin = new Set<string>()

  constructor(world: World, serving: ServingRoles, authority: Authority) {
    this.#world = world
    this.#serving = serving
    this.#authority = authority
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
    if (member !== because.role) this.dependents.push({ row, because })
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
      as: this.#authority.speakerAgainst(row),
      because,
    })
  }

  #isAdmin(role: string, member: string): boolean {
    return this.#world
      .membershipsIn(role, member)
      .some((row) => row.admin && !this.#noAdmin.has(membershipKey(row)))
  }
}

/** Of the rows by which a role is a member, those that go, and those of which only the ADMIN option goes. */
function* lostBy(
  world: World,
  wanted: Wanted,
  serving: ServingRoles,
  role: string,
): Iterable<{ readonly row: Membership; readonly adminOptionOnly: boolean }> {
  for (const row of world.membershipsOf(role)) {
    const verdict = membershipVerdict(world, wanted, serving, row)
    if (verdict === 'revoke' || verdict === 'strip ADMIN option')
      yield { row, adminOptionOnly: verdict === 'strip ADMIN option' }
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
  const revocation = new Revocation(world, serving, wanted.authority)
  const lost = roles.flatMap((role) =>
    sortedBy(lostBy(world, wanted, serving, role), ({ row }) => membershipKey(row)).map((one) => ({
      ...one,
      rank: wanted.authority.revocationRank(one.row),
    })),
  )
  const bySpeaker = sortedBy(lost, (one) => wanted.authority.speakerAgainst(one.row))
  for (const { row, adminOptionOnly } of bySpeaker.sort((a, b) => a.rank - b.rank))
    revocation.revoke(row, adminOptionOnly, {
      ...notAskedFor(row.member),
      ...(!adminOptionOnly && wanted.memberships.get(row.member)?.has(row.role) && { again: true as const }),
    })
  return [
    ...revocation.operations,
    ...(wanted.keepDependents ? keptDependents(world, wanted, revocation) : []),
  ]
}

/** Grants to others what they lose with a row that made them members, in the name of who may, beside what they have of that one. */
const keptDependents = (
  world: World,
  { authority, desired }: Wanted,
  { dependents }: Revocation,
): readonly Operation[] => {
  const kept = new Map<string, GrantMembership & Granted>()
  for (const { row, because } of dependents) {
    const { role, member } = row
    const grantor = authority.grantorOf(role, desired)
    if (desired.has(member) || grantor === undefined) continue
    const key = membershipKey({ role, member, grantor })
    const { admin = false, options } =
      kept.get(key) ?? asGranted(world.membershipsIn(role, member).find((one) => one.grantor === grantor))
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
      ...authority.granting(role, grantor),
      ...(all.admin && { admin: all.admin }),
      options: { inherit: all.inherit, set: all.set },
      because: { ...because, keeps: member },
    })
  }
  return [...kept.values()]
}

type Granted = Pick<GrantMembership, 'admin'> & Pick<Required<GrantMembership>, 'options'>

const asGranted = (row: Membership | undefined): Granted => ({
  ...(row?.admin && { admin: row.admin }),
  options: { inherit: row?.inherit ?? false, set: row?.set ?? false },
})

/** The rows that all desired roles lose, with what goes because of them. */
export const lostMemberships = (world: World, wanted: Wanted): readonly Membership[] =>
  loseMemberships(world, wanted, wanted.roles).flatMap((operation) =>
    operation.kind === 'revokeMembership' && !operation.adminOptionOnly
      ? world
          .membershipsIn(operation.role, operation.member)
          .filter(({ grantor }) => operation.grantor === null || operation.grantor === grantor)
      : [],
  )
