import type { Authority } from './authority.ts'
import { tableOf } from './column.ts'
import { schemaOf } from './object-kind.ts'
import type { Privilege } from './privilege.ts'
import type { World, WorldObject } from './world.ts'

/** What a grantor is missing to revoke what it has granted: the grant option, and USAGE on the schema. */
export interface Lack {
  readonly option: boolean
  readonly schema: WorldObject | undefined
}

/** Whether a role may grant a privilege that is not the owner’s to grant: on a column also by the table. */
export const holdsOption = (world: World, object: WorldObject, privilege: Privilege, role: string): boolean =>
  [object, ...tableOf(world, object)].some((one) => one.acl.holders(privilege).get(role) === true)

/** @param authority in the same world */
export const lacks = (
  world: World,
  authority: Authority,
  object: WorldObject,
  privilege: Privilege,
  grantor: string,
): Lack => {
  const name = schemaOf(object)
  const schema = name === undefined ? undefined : world.object({ kind: 'schema', name: [name] })
  const reaches = schema === undefined || authority.holds(grantor, schema, 'USAGE')
  return {
    option: !holdsOption(world, object, privilege, grantor),
    schema: reaches ? undefined : schema,
  }
}
