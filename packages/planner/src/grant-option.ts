import { Acl } from './acl.ts'
import { tableOf } from './column.ts'
import { type Privilege, withPrivilege } from './privilege.ts'
import type { World, WorldObject } from './world.ts'

const withOption = (object: WorldObject, privilege: Privilege, role: string): WorldObject => {
  const { owner: grantor } = object
  const acl = new Acl(object.acl.values())
  const privileges = withPrivilege(acl.get(role, grantor)?.privileges, privilege, true)
  acl.set({ grantee: role, grantor, privileges })
  return { ...object, acl }
}

/** Whether a role may grant a privilege that is not the owner’s to grant: on a column also by the table. */
export const holdsOption = (world: World, object: WorldObject, privilege: Privilege, role: string): boolean =>
  [object, ...tableOf(world, object)].some((one) =>
    [...one.acl.values()].some(
      ({ grantee, privileges }) => grantee === role && privileges.get(privilege) === true,
    ),
  )

/** The object as it would be if its owner gave a grantor the grant option, where that has not got it any more. */
export const lacks = (
  world: World,
  object: WorldObject,
  privilege: Privilege,
  grantor: string,
): WorldObject | undefined =>
  holdsOption(world, object, privilege, grantor) ? undefined : withOption(object, privilege, grantor)
