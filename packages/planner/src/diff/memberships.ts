import type { Catalog } from '../catalog/catalog.ts'
import type { IntermediateRoles, Source } from '../catalog/intermediate-roles.ts'
import { MembershipDependents } from '../catalog/membership-dependents.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { isLimited, takesNothing } from '../model/managed.ts'
import type { Membership } from '../model/membership.ts'
import { isNamelessMembership } from '../model/nameless.ts'
import {
  type AskedMembershipOptions,
  isRealMember,
  type MembershipOption,
  without,
} from '../postgres/membership-option.ts'
import { type Goal, isDefaultPreserved, isPreserved, judgesAttributes } from '../resolve/target-state.ts'
import { flatMap, sortedUnique } from '../util/collections.ts'
import { losesAttribute } from './attributes.ts'

/** What should happen to a row of `pg_auth_members`. */
export interface MembershipVerdict {
  /** `keep`: it is asked for, or not managed. `lose`: it goes. The others say why it stays although it should go. */
  readonly kind:
    | 'keep'
    | 'lose'
    | 'shared with another database'
    | 'more than an intermediate role'
    | 'passed on'
    | 'not permitted'
  /** The options that go, or should; empty if the whole row does. */
  readonly options: readonly MembershipOption[]
}

/**
 * Whether a membership is judged: its member is desired, or the role lists its members. Of the members of such a role,
 * superusers stay, and whoever syncs, who may need it.
 */
export const judgesMembership = (goal: Goal, { role, member }: Membership): boolean =>
  goal.desired.has(member) || (goal.listing.has(role) && !goal.access.now.graph.staysMember(member))

/** The roles with memberships that are judged: the desired roles, and the members of those that list them. */
export const judgedMembers = (catalog: Catalog, { roles, listing }: Goal): readonly string[] => {
  const members = flatMap(listing, (role) => catalog.memberships.inRole(role).map(({ member }) => member))
  return members.length === 0 ? roles : sortedUnique([...roles, ...members])
}

const keep: MembershipVerdict = { kind: 'keep', options: [] }

const nothing: Goal['preserved'] = new Map()

const losesAdmin = ({ kind, options }: MembershipVerdict): boolean =>
  kind === 'lose' && (options.length === 0 || options.includes('ADMIN'))

const loseAll: MembershipVerdict = { kind: 'lose', options: [] }

/** A row loses some options. It goes as a whole if it would give nothing without them. */
const losing = (row: Membership, options: readonly MembershipOption[]): MembershipVerdict => {
  const { admin, inherit, set } = without(row, options)
  return admin || inherit || set ? { kind: 'lose', options } : loseAll
}

/**
 * Whether a row has the ADMIN option that CREATEROLE gives a role for what it creates. It lasts as long as CREATEROLE.
 * @see https://www.postgresql.org/docs/16/role-attributes.html
 */
export const comesWithCreateRole = (catalog: Catalog, goal: Goal, row: Membership): boolean =>
  catalog.membershipsHaveGrantors &&
  row.admin &&
  row.grantor === catalog.server.bootstrapRole &&
  catalog.roles.get(row.member)?.createRole === true &&
  !losesAttribute(catalog, goal, row.member, 'CREATEROLE')

const isAskedFor = ({ memberships }: Goal, { role, member }: Membership): boolean =>
  memberships.get(member)?.has(role) === true

/** Whether a member should have CREATEROLE, as far as that is managed, or the role is a delegate of the acting role. */
const isCreator = (goal: Goal, { role, member }: Membership): boolean =>
  !judgesAttributes(goal, member) ||
  goal.attributes.get(member)?.has('CREATEROLE') === true ||
  goal.access.now.graph.isDelegate(role)

/**
 * Whether a desired role has granted itself a role that it created. It could do so again at any time, so this
 * is left alone, like what an owner grants itself.
 */
export const isGrantedToItself = (catalog: Catalog, goal: Goal, row: Membership): boolean =>
  catalog.membershipsHaveGrantors &&
  row.grantor === row.member &&
  !isAskedFor(goal, row) &&
  isCreator(goal, row) &&
  catalog.memberships.between(row.role, row.member).some((one) => comesWithCreateRole(catalog, goal, one))

/** The options that a row gives but must not: an option counts if any row gives it. */
const excessOf = (
  row: Membership,
  asked: AskedMembershipOptions,
  isOfCreator: boolean,
): readonly MembershipOption[] => {
  const excess: MembershipOption[] = []
  if (row.admin && asked.admin !== true && !isOfCreator) excess.push('ADMIN')
  if (row.inherit && asked.inherit === false) excess.push('INHERIT')
  if (row.set && asked.set === false) excess.push('SET')
  return excess
}

/** Whether an intermediate role gives its member only something in a schema where the member keeps what it has. */
const providesPreserved = (goal: Goal, intermediateRoles: IntermediateRoles, row: Membership): boolean => {
  const mayPreserve = isRealMember(row) && (goal.preserved.has(row.member) || isLimited(goal.managed))
  const provided = mayPreserve ? intermediateRoles.provided(row.role) : undefined
  return provided !== undefined && isPreserved(goal, row.member, provided.object)
}

/** Whether a member should have, or keeps, what an intermediate role gives. */
export const isEntitled = (goal: Goal, intermediateRoles: IntermediateRoles, row: Membership): boolean =>
  isAskedFor(goal, row) || providesPreserved(goal, intermediateRoles, row)

/** Whether what a role gives a member by something would be taken from it, if no grant asks for it. */
const isJudged =
  (goal: Pick<Goal, 'managed' | 'preserved'>, member: string) =>
  (source: Source): boolean => {
    switch (source.kind) {
      case 'object':
        return !isPreserved(goal, member, source.object)
      case 'default privileges':
        return !isDefaultPreserved(goal, member, source.schema)
      case 'attribute or membership':
        return goal.managed.cluster
      case 'unmanaged':
        return false
    }
  }

/** Judges a membership that is not asked for in a role with the name of an intermediate role, which proves nothing. */
const verdictOnIntermediate = (
  goal: Goal,
  intermediateRoles: IntermediateRoles,
  row: Membership,
  isOfCreator: boolean,
): MembershipVerdict => {
  const { role } = row
  const withoutAdmin = row.admin && !isOfCreator ? losing(row, ['ADMIN']) : keep
  if (isLimited(goal.managed)) {
    const reach = intermediateRoles.reachOf(role, isJudged({ ...goal, preserved: nothing }, row.member))
    if (reach === 'outside') return keep
    if (intermediateRoles.reachOf(role, isJudged(goal, row.member)) === 'outside') return withoutAdmin
    if (reach === 'both') return { kind: 'more than an intermediate role', options: [] }
  }
  if (providesPreserved(goal, intermediateRoles, row)) return withoutAdmin
  // A role of another database is left to that database, if it is no more than its name claims.
  if (!intermediateRoles.isPlain(role) || !isRealMember(row)) return loseAll
  switch (intermediateRoles.whose(role)) {
    case 'theirs':
      return withoutAdmin
    case 'shared':
      return withoutAdmin === keep ? { kind: 'shared with another database', options: [] } : withoutAdmin
    case 'ours':
    case 'unused':
      return loseAll
  }
}

const verdictWithoutAccess = (
  catalog: Catalog,
  goal: Goal,
  intermediateRoles: IntermediateRoles,
  row: Membership,
): MembershipVerdict => {
  if (!judgesMembership(goal, row)) return keep
  const isOfCreator = comesWithCreateRole(catalog, goal, row)
  const asked = goal.memberships.get(row.member)?.get(row.role)
  if (asked !== undefined) {
    if (takesNothing(goal.managed)) return keep
    const excess = excessOf(row, asked, isOfCreator)
    return excess.length > 0 ? losing(row, excess) : keep
  }
  if ((isOfCreator && !isRealMember(row)) || isGrantedToItself(catalog, goal, row)) return keep
  if (isIntermediateName(row.role)) return verdictOnIntermediate(goal, intermediateRoles, row, isOfCreator)
  return goal.managed.cluster ? loseAll : keep
}

/**
 * Judges memberships. A row stays if a membership of the acting role depends on it,
 * which may be needed.
 */
export const membershipJudge = (
  catalog: Catalog,
  goal: Goal,
  intermediateRoles: IntermediateRoles,
): ((row: Membership) => MembershipVerdict) => {
  const access = goal.access.now
  const dependents = new MembershipDependents(catalog)
  const isPreservedOne = (row: Membership): boolean => providesPreserved(goal, intermediateRoles, row)
  const isNamelessRow = (row: Membership): boolean =>
    isNamelessMembership(row, catalog.membershipsHaveGrantors)
  const verdictOn = (row: Membership): MembershipVerdict =>
    verdictWithoutAccess(catalog, goal, intermediateRoles, row)
  /** What is borrowed in the name of a role would be in the way when that role loses its ADMIN option meanwhile. */
  const isInItsOwnWay = (row: Membership): boolean =>
    access.roles
      .joinsToRevoke(row)
      .some(({ role, grantor }) =>
        catalog.memberships.between(role, grantor).some((one) => one.admin && losesAdmin(verdictOn(one))),
      )
  const mayRevoke = (row: Membership): boolean => access.roles.mayRevoke(row)
  const mayRevokeLast = (row: Membership): boolean => mayRevoke(row) && !isInItsOwnWay(row)
  const isNotPermitted =
    (isPermitted: (row: Membership) => boolean) =>
    (row: Membership): boolean =>
      row.member === catalog.server.actingRole || !isPermitted(row)
  const dependentStays = isNotPermitted(mayRevoke)
  const dependentStaysLast = isNotPermitted(mayRevokeLast)
  const verdictOnLoss = (row: Membership, verdict: MembershipVerdict): MembershipVerdict => {
    const { options } = verdict
    const someDependent = (hasQuality: (one: Membership) => boolean): boolean =>
      losesAdmin(verdict) && dependents.some(row, hasQuality)
    if (someDependent(isPreservedOne)) return { kind: 'passed on', options }
    if (isNamelessRow(row) || someDependent(isNamelessRow)) return { kind: 'not permitted', options }
    if (access.isSuperuser) return verdict
    // What the acting role may need until then is lost last, in one group, during which it keeps what it borrows.
    const isLast = access.graph.needs(row.member)
    const isPermitted = isLast
      ? mayRevokeLast(row) && !someDependent(dependentStaysLast)
      : mayRevoke(row) && !someDependent(dependentStays)
    return isPermitted ? verdict : { kind: 'not permitted', options }
  }
  return (row) => {
    const verdict = verdictOn(row)
    return verdict.kind === 'lose' ? verdictOnLoss(row, verdict) : verdict
  }
}
