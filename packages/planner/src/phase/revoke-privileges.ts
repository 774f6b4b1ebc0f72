import { objectKinds } from '../object-kind.ts'
import type { Operation } from '../operation.ts'
import { compareText, sortedBy } from '../order.ts'
import type { Privilege } from '../privilege.ts'
import { notAskedFor, privilegeKey, type Wanted } from '../wanted.ts'
import { aclKey, type World, type WorldAclItem, type WorldObject } from '../world.ts'
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
  if (grantee === object.owner) return 'keep'
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
  object: WorldObject,
  { grantee, grantor }: WorldAclItem,
  privilege: Privilege,
): 'granted by another role' | 'passed on' | undefined => {
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
  return isPassedOn ? 'passed on' : undefined
}

const revokes = (world: World, wanted: Wanted, object: WorldObject): readonly Operation[] =>
  sortedBy(object.acl.values(), ({ grantee, grantor }) => aclKey(grantee, grantor)).flatMap((item) => {
    const { grantee, grantor, privileges } = item
    if (!wanted.desired.has(grantee)) return []
    return [...privileges.keys()].sort(compareText).flatMap((privilege): Operation[] => {
      const verdict = privilegeVerdict(wanted, object, item, privilege)
      if (verdict === 'keep' || whyNotRevoked(world, object, item, privilege) !== undefined) return []
      return [
        {
          kind: 'revokePrivilege',
          object: { kind: object.kind, name: object.name },
          privilege,
          grantee,
          grantor,
          grantOptionOnly: verdict === 'strip grant option',
          as: world.server.actingRole,
          because: notAskedFor(grantee),
        },
      ]
    })
  })

const revokeWhere =
  (chosen: (object: WorldObject) => boolean): Phase =>
  (world, wanted) => {
    const concerned = [...world.objects.values()].filter(
      (object) =>
        chosen(object) &&
        objectKinds[object.kind].managesPrivileges &&
        [...object.acl.values()].some(({ grantee }) => wanted.desired.has(grantee)),
    )
    return sortedBy(concerned, ({ key }) => key).flatMap((object) => revokes(world, wanted, object))
  }

const isContainer = ({ kind }: WorldObject): boolean => kind === 'schema' || kind === 'database'

/** What is on schemas' contents. Tables before columns: to revoke a privilege on a table revokes it on its columns. */
export const revokeOnContents: Phase = revokeWhere(
  (object) => !isContainer(object) && object.kind !== 'column',
)

export const revokeOnColumns: Phase = revokeWhere(({ kind }) => kind === 'column')

/** What is on schemas and databases, once nothing in them has to be reached any more. */
export const revokeOnContainers: Phase = revokeWhere(isContainer)
