import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { aclKey } from '../world.ts'
import type { Phase } from './phase.ts'

/** Puts into ACLs what is to be held there: by desired roles directly, and by new intermediate roles. */
export const grantPrivileges: Phase = (world, wanted) =>
  sortedBy(wanted.privileges, ([key]) => key).flatMap(
    ([, { object, privilege, role, because }]): Operation[] => {
      const { owner, acl } = world.object(object)!
      if (acl.get(aclKey(role, owner))?.privileges.has(privilege)) return []
      const as = world.server.actingRole
      return [{ kind: 'grantPrivilege', object, privilege, grantee: role, grantor: owner, as, because }]
    },
  )
