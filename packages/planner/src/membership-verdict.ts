import { isIntermediateName } from './intermediate-role.ts'
import { MembershipDependents } from './membership-dependents.ts'
import {
  type MembershipOption,
  membershipOptions,
  membershipOptionWords,
  together,
  without,
} from './membership-option.ts'
import { isNamelessMembership } from './nameless.ts'
import { losesAttribute } from './phase/lose-attributes.ts'
import { isRealMember } from './real-member.ts'
import type { ServingRoles } from './serving-roles.ts'
import type { Membership } from './snapshot.ts'
import { isPreserved, type MembershipOptions, type Wanted } from './wanted.ts'
import type { World } from './world.ts'

/** What is to become of a row of `pg_auth_members`. */
export interface MembershipVerdict {
  /** `keep`: it is asked for, or not ours to judge. The others but `lose` say why it stays though it should go. */
  readonly kind:
    | 'keep'
    | 'lose'
    | 'shared with another database'
    | 'more than an intermediate role'
    | 'passed on'
    | 'not permitted'
  /** The options that go, or should; none where all of it does. */
  readonly options: readonly MembershipOption[]
}

const keep: MembershipVerdict = { kind: 'keep', options: [] }

/** What is left of a row without some options goes too where it gives nothing. */
const losing = (row: Membership, options: readonly MembershipOption[]): MembershipVerdict => {
  const { admin, inherit, set } = without(row, options)
  return { kind: 'lose', options: admin || inherit || set ? options : [] }
}

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

const isAskedFor = ({ memberships }: Wanted, { role, member }: Membership): boolean =>
  memberships.get(member)?.has(role) === true

/** Whether a member creates roles, as it should, or needs what it has created to administer others. */
const isCreator = (
  { attributes, managesCluster, authority }: Wanted,
  { role, member }: Membership,
): boolean =>
  !managesCluster || attributes.get(member)?.has('CREATEROLE') === true || authority.isDelegate(role)

/**
 * Whether a desired role has granted itself a role that it has created, and could do so again each time: that is its own, as
 * is what an owner grants itself.
 */
export const isGrantedToItself = (world: World, wanted: Wanted, row: Membership): boolean =>
  world.membershipsHaveGrantors &&
  row.grantor === row.member &&
  !isAskedFor(wanted, row) &&
  isCreator(wanted, row) &&
  world.membershipsIn(row.role, row.member).some((one) => comesWithCreateRole(world, wanted, one))

/**
 * Whether some rows together make their member what is asked for. What is left out of the options is not compared, but that
 * a member without the one of INHERIT and SET needs the other; what they give too much is another question.
 */
export const satisfy = (rows: readonly Membership[], { admin, inherit, set }: MembershipOptions): boolean => {
  const given = together(rows)
  return (
    isRealMember(given) &&
    (admin !== true || given.admin) &&
    (!(inherit ?? set === false) || given.inherit) &&
    (!(set ?? inherit === false) || given.set)
  )
}

/** Which options a row gives that it must not, since what counts is what all rows give. */
const excessOf = (
  row: Membership,
  asked: MembershipOptions,
  isOfCreator: boolean,
): readonly MembershipOption[] =>
  membershipOptionWords.filter((option) => {
    const field = membershipOptions[option]
    return row[field] && (option === 'ADMIN' ? asked.admin !== true && !isOfCreator : asked[field] === false)
  })

/** Whether what a member has by an intermediate role, and nothing else, is in a schema where it keeps what it has. */
const servesPreserved = (wanted: Wanted, serving: ServingRoles, row: Membership): boolean => {
  const served = isRealMember(row) ? serving.served(row.role) : undefined
  return served !== undefined && isPreserved(wanted, row.member, served.object)
}

/** Whether a member is to have what an intermediate role gives. */
export const isEntitled = (wanted: Wanted, serving: ServingRoles, row: Membership): boolean =>
  isAskedFor(wanted, row) || servesPreserved(wanted, serving, row)

/** Judges a membership in an intermediate role that is not asked for: what it is, its name alone does not say. */
const verdictOnIntermediate = (
  wanted: Wanted,
  serving: ServingRoles,
  row: Membership,
  isOfCreator: boolean,
): MembershipVerdict => {
  const { role } = row
  const withoutAdmin = row.admin && !isOfCreator ? losing(row, ['ADMIN']) : keep
  if (!wanted.managesCluster) {
    const reach = serving.reachOf(role)
    if (reach === 'elsewhere') return keep
    if (reach === 'both') return { kind: 'more than an intermediate role', options: [] }
  }
  if (servesPreserved(wanted, serving, row)) return withoutAdmin
  // One of another database is left to that database, if it is no more than it claims to be.
  if (!serving.isPlain(role) || !isRealMember(row)) return losing(row, [])
  switch (serving.whose(role)) {
    case 'theirs':
      return withoutAdmin
    case 'shared':
      return withoutAdmin === keep ? { kind: 'shared with another database', options: [] } : withoutAdmin
    case 'ours':
    case 'unused':
      return losing(row, [])
  }
}

const verdictWithoutAuthority = (
  world: World,
  wanted: Wanted,
  serving: ServingRoles,
  row: Membership,
): MembershipVerdict => {
  const isOfCreator = comesWithCreateRole(world, wanted, row)
  const asked = wanted.memberships.get(row.member)?.get(row.role)
  if (asked !== undefined) {
    const excess = excessOf(row, asked, isOfCreator)
    return excess.length > 0 ? losing(row, excess) : keep
  }
  if ((isOfCreator && !isRealMember(row)) || isGrantedToItself(world, wanted, row)) return keep
  if (isIntermediateName(row.role)) return verdictOnIntermediate(wanted, serving, row, isOfCreator)
  return wanted.managesCluster ? losing(row, []) : keep
}

/**
 * Judges rows by which desired roles are members of others. The acting role does not give up what it has itself, which it
 * may need.
 */
export const membershipJudge = (
  world: World,
  wanted: Wanted,
  serving: ServingRoles,
): ((row: Membership) => MembershipVerdict) => {
  const { authority } = wanted
  const dependents = new MembershipDependents(world)
  const isPreservedOne = (row: Membership): boolean => servesPreserved(wanted, serving, row)
  const isNamelessRow = (row: Membership): boolean => isNamelessMembership(row, world.membershipsHaveGrantors)
  const isNotPermitted = (row: Membership): boolean =>
    row.member === world.server.actingRole || !authority.mayRevoke(row)
  return (row) => {
    const verdict = verdictWithoutAuthority(world, wanted, serving, row)
    const { kind, options } = verdict
    if (kind !== 'lose') return verdict
    const losesAdmin = options.length === 0 || options.includes('ADMIN')
    const someDependent = (hasQuality: (one: Membership) => boolean): boolean =>
      losesAdmin && dependents.some(row, hasQuality)
    if (someDependent(isPreservedOne)) return { kind: 'passed on', options }
    if (isNamelessRow(row) || someDependent(isNamelessRow)) return { kind: 'not permitted', options }
    if (authority.isSuperuser) return verdict
    return authority.mayRevoke(row) && !someDependent(isNotPermitted)
      ? verdict
      : { kind: 'not permitted', options }
  }
}
