import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Wanted, WantedPrivilege } from '../wanted.ts'
import { aclKey, type World } from '../world.ts'
import type { Phase } from './phase.ts'

/** Whether an object’s owner has granted a privilege already. */
const isGranted = (world: World, { object, privilege, role, grantable }: WantedPrivilege): boolean => {
  const { owner, acl } = world.object(object)!
  const held = acl.get(aclKey(role, owner))?.privileges.get(privilege)
  return held === true || (held === false && !grantable)
}

/** Puts one privilege into the ACL of an object that is there, unless its owner has granted it already. */
export const grantWanted = (
  world: World,
  { authorityOverPrivileges }: Wanted,
  wanted: WantedPrivilege,
): readonly Operation[] => {
  if (isGranted(world, wanted)) return []
  const { object, privilege, role, grantable, because } = wanted
  const existing = world.object(object)!
  const as = authorityOverPrivileges.speaker(existing, privilege)
  return [
    {
      kind: 'grantPrivilege',
      object,
      privilege,
      grantee: role,
      grantor: existing.owner,
      ...(grantable && { grantable }),
      as,
      because,
    },
  ]
}

/** Puts into ACLs what is to be held there: by desired roles directly, and by new intermediate roles. */
export const grantPrivileges: Phase = (world, wanted) =>
  sortedBy(missing(world, wanted), ([key]) => key).flatMap(([, privilege]) =>
    grantWanted(world, wanted, privilege),
  )

function* missing(world: World, { privileges }: Wanted): Iterable<readonly [key: string, WantedPrivilege]> {
  for (const one of privileges) if (!isGranted(world, one[1])) yield one
}
