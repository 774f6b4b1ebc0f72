import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { WantedPrivilege } from '../wanted.ts'
import { aclKey, type World } from '../world.ts'
import type { Phase } from './phase.ts'

/** Puts one privilege into the ACL of an object that is there, unless its owner has granted it already. */
export const grantWanted = (
  world: World,
  { object, privilege, role, because }: WantedPrivilege,
): readonly Operation[] => {
  const { owner, acl } = world.object(object)!
  if (acl.get(aclKey(role, owner))?.privileges.has(privilege)) return []
  const as = world.server.actingRole
  return [{ kind: 'grantPrivilege', object, privilege, grantee: role, grantor: owner, as, because }]
}

/** Puts into ACLs what is to be held there: by desired roles directly, and by new intermediate roles. */
export const grantPrivileges: Phase = (world, wanted) =>
  sortedBy(wanted.privileges, ([key]) => key).flatMap(([, privilege]) => grantWanted(world, privilege))
