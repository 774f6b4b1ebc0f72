import { isIntermediateName } from '../intermediate-role.ts'
import { objectKinds } from '../object-kind.ts'
import type { Operation, Reason } from '../operation.ts'
import { compareText, sortedBy } from '../order.ts'
import type { Privilege } from '../privilege.ts'
import { isPreserved, notAskedFor, privilegeKey, type Wanted } from '../wanted.ts'
import { aclKey, type World, type WorldAclItem, type WorldObject } from '../world.ts'
import { type Holding, ServingRoles } from '../serving-roles.ts'
import { isEntitled } from './lose-memberships.ts'
import type { Phase } from './phase.ts'

/** What is to become of one privilege of an ACL item. */
export type PrivilegeVerdict = 'keep' | 'strip grant option' | 'revoke'

/**
 * Judges what a desired role holds on an object it does not own. What an owner has on its own object is left alone:
 * it could grant it back to itself, and foreign-key checks run with it.
 */
export const privilegeVerdict = (
  wanted: Wanted,
  object: WorldObject,
  { grantee, grantor, privileges }: WorldAclItem,
  privilege: Privilege,
): PrivilegeVerdict => {
  if (grantee === object.owner || isPreserved(wanted, grantee, object)) return 'keep'
  const isWanted = wanted.privileges.has(privilegeKey(object.key, privilege, grantee))
  if (!isWanted || grantor !== object.owner) return 'revoke'
  return privileges.get(privilege) ? 'strip grant option' : 'keep'
}

/**
 * Why an item cannot be revoked as things are; `undefined` when it can. A privilege that is revoked on a table goes on
 * its columns too, where it may have been passed on.
 */
export const whyNotRevoked = (
  world: World,
  { authorityOverPrivileges }: Wanted,
  object: WorldObject,
  { grantee, grantor }: WorldAclItem,
  privilege: Privilege,
): 'granted by another role' | 'passed on' | 'not permitted' | undefined => {
  if (grantor !== object.owner) return 'granted by another role'
  const isGrantableIn = ({ acl }: WorldObject): boolean =>
    acl.get(aclKey(grantee, grantor))?.privileges.get(privilege) === true
  const isPassedOnIn = ({ acl }: WorldObject): boolean =>
    [...acl.values()].some((item) => item.grantor === grantee && item.privileges.has(privilege))
  const columns = world.followersOf(object).filter(({ kind }) => kind === 'column')
  // By the grant option on a table its columns can be granted too.
  const isPassedOn = isGrantableIn(object)
    ? [object, ...columns].some(isPassedOnIn)
    : columns.some((column) => isGrantableIn(column) && isPassedOnIn(column))
  if (isPassedOn) return 'passed on'
  return authorityOverPrivileges.whyNotManaged(object, privilege) === undefined ? undefined : 'not permitted'
}

/**
 * Who loses privileges, and why: the desired roles, and intermediate roles that a copied database has too. A role cannot
 * be removed from these here without losing there what it has by them; where nobody else has anything by one of them
 * here, what that one holds here goes instead.
 */
const losersOf = (world: World, wanted: Wanted): ReadonlyMap<string, Reason> => {
  const losers = new Map(wanted.roles.map((role) => [role, notAskedFor(role)]))
  const shared = wanted.roles
    .flatMap((member) => world.membershipsOf(member))
    .filter(({ role }) => isSharedByNobodyElse(world, role))
  if (shared.length === 0) return losers
  const serving = new ServingRoles(world)
  const isRevocable = ({ object, privilege, byOwner }: Holding): boolean =>
    byOwner &&
    objectKinds[object.kind].managesPrivileges === true &&
    wanted.authorityOverPrivileges.whyNotManaged(object, privilege) === undefined
  const needed = new Set(
    shared.flatMap((row) =>
      isEntitled(wanted, serving, row) || !serving.isPlain(row.role) ? [row.role] : [],
    ),
  )
  for (const { role, member } of shared)
    if (!needed.has(role) && !losers.has(role) && serving.holdingsOf(role).every(isRevocable))
      losers.set(role, notAskedFor(member))
  return losers
}

/** Whether only desired roles are members of an intermediate role that other databases have too. */
const isSharedByNobodyElse = (world: World, name: string): boolean => {
  const role = world.roles.get(name)
  return role !== undefined && isIntermediateName(name) && role.elsewhere > 0 && !role.servesOthers
}

const revokes = (
  world: World,
  wanted: Wanted,
  object: WorldObject,
  losers: ReadonlyMap<string, Reason>,
): readonly Operation[] =>
  sortedBy(object.acl.values(), ({ grantee, grantor }) => aclKey(grantee, grantor)).flatMap((item) => {
    const { grantee, grantor, privileges } = item
    const because = losers.get(grantee)
    if (because === undefined) return []
    return [...privileges.keys()].sort(compareText).flatMap((privilege): Operation[] => {
      const verdict = privilegeVerdict(wanted, object, item, privilege)
      if (verdict === 'keep' || whyNotRevoked(world, wanted, object, item, privilege) !== undefined) return []
      return [
        {
          kind: 'revokePrivilege',
          object: { kind: object.kind, name: object.name },
          privilege,
          grantee,
          grantor,
          grantOptionOnly: verdict === 'strip grant option',
          as: wanted.authorityOverPrivileges.speaker(object, privilege),
          because,
        },
      ]
    })
  })

const revokeWhere =
  (chosen: (object: WorldObject) => boolean): Phase =>
  (world, wanted) => {
    const losers = losersOf(world, wanted)
    const concerned = [...world.objects.values()].filter(
      (object) =>
        chosen(object) &&
        objectKinds[object.kind].managesPrivileges &&
        [...object.acl.values()].some(({ grantee }) => losers.has(grantee)),
    )
    return sortedBy(concerned, ({ key }) => key).flatMap((object) => revokes(world, wanted, object, losers))
  }

const isContainer = ({ kind }: WorldObject): boolean => kind === 'schema' || kind === 'database'

/** What is on schemas' contents. Tables before columns: to revoke a privilege on a table revokes it on its columns. */
export const revokeOnContents: Phase = revokeWhere(
  (object) => !isContainer(object) && object.kind !== 'column',
)

export const revokeOnColumns: Phase = revokeWhere(({ kind }) => kind === 'column')

/** What is on schemas and databases, once nothing in them has to be reached any more. */
export const revokeOnContainers: Phase = revokeWhere(isContainer)
