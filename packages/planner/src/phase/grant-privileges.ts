import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Wanted, WantedPrivilege } from '../wanted.ts'
import { aclKey, type World } from '../world.ts'
import type { Phase } from './phase.ts'

/** Puts one privilege into the ACL of an object that is there, unless its owner has granted it already. */
export const grantWanted = (
  world: World,
  { authorityOverPrivileges }: Wanted,
  { object, privilege, role, grantable, because }: WantedPrivilege,
): readonly Operation[] => {
  const existing = world.object(object)!
  const { owner, acl } = existing
  const held = acl.get(aclKey(role, owner))?.privileges.get(privilege)
  if (held === true || (held === false && !grantable)) return []
  const as = authorityOverPrivileges.speaker(existing, privilege)
  return [
    {
      kind: 'grantPrivilege',
      object,
      privilege,
      grantee: role,
      grantor: owner,
      ...(grantable && { grantable }),
      as,
      because,
    },
  ]
}

/** Puts into ACLs what is to be held there: by desired roles directly, and by new intermediate roles. */
export const grantPrivileges: Phase = (world, wanted) =>
  sortedBy(wanted.privileges, ([key]) => key).flatMap(([, privilege]) =>
    grantWanted(world, wanted, privilege),
  )
