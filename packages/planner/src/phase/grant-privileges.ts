import { heldBy } from '../acl.ts'
import type { GrantPrivilege } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Wanted, WantedPrivilege } from '../wanted.ts'
import type { World } from '../world.ts'
import type { Phase } from './phase.ts'

/** Whether an object’s owner has granted a privilege already. */
const isGranted = (world: World, { key, privilege, role, grantable }: WantedPrivilege): boolean => {
  const { owner, acl } = world.objects.get(key)!
  const held = heldBy(acl, { privilege, grantee: role, grantor: owner })
  return held === true || (held === false && !grantable)
}

/** Puts one privilege into the ACL of an object that is there. */
export const grantWanted = (
  world: World,
  { authorityOverPrivileges }: Wanted,
  { object, key, privilege, role, grantable, because }: WantedPrivilege,
): GrantPrivilege => {
  const existing = world.objects.get(key)!
  return {
    kind: 'grantPrivilege',
    object,
    privilege,
    grantee: role,
    grantor: existing.owner,
    ...(grantable && { grantable }),
    as: authorityOverPrivileges.speaker(existing, privilege),
    because,
  }
}

/**
 * Puts into ACLs what is to be held there, by desired roles directly, and by new intermediate roles, where the owner has
 * not granted it already.
 */
export const grantPrivileges: Phase = (world, wanted) => {
  const missing: (readonly [key: string, WantedPrivilege])[] = []
  for (const one of wanted.privileges) if (!isGranted(world, one[1])) missing.push(one)
  return sortedBy(missing, ([key]) => key).map(([, one]) => grantWanted(world, wanted, one))
}
