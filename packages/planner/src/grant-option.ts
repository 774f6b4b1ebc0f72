import { tableOf } from './column.ts'
import type { Privilege } from './privilege.ts'
import type { World, WorldObject } from './world.ts'

/** Whether a role may grant a privilege that is not the owner’s to grant: on a column also by the table. */
export const holdsOption = (world: World, object: WorldObject, privilege: Privilege, role: string): boolean =>
  [object, ...tableOf(world, object)].some((one) => one.acl.holders(privilege).get(role) === true)
