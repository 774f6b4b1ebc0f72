import { heldBy } from '../acl.ts'
import type { GrantPrivilege } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Wanted, WantedPrivilege } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
import { lending } from './lend.ts'
import type { Phase } from './phase.ts'
import { isContainer } from './revoke-privileges.ts'

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
    as: authorityOverPrivileges.speaker(existing, privilege, { saying: 'grant' }),
    because,
  }
}

const grantWhere = (from: (object: Pick<WorldObject, 'kind'>) => boolean): Phase =>
  lending(
    ({ authorityOverPrivileges }) => authorityOverPrivileges,
    (world, wanted) => {
      const missing: (readonly [key: string, WantedPrivilege])[] = []
      for (const one of wanted.privileges)
        if (from(one[1].object) && !isGranted(world, one[1])) missing.push(one)
      return sortedBy(missing, ([key]) => key).map(([, one]) => grantWanted(world, wanted, one))
    },
  )

/**
 * Puts into ACLs what is to be held there, by desired roles directly, and by new intermediate roles, where the owner has
 * not granted it already. On schemas first: who is to have USAGE for good needs not be lent it.
 */
export const grantOnContainers: Phase = grantWhere(isContainer)

export const grantOnContents: Phase = grantWhere((object) => !isContainer(object))
