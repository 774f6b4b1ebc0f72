import type { ObjectName } from './object-kind.ts'
import type { World, WorldObject } from './world.ts'

/** The table of a column, if it is one. */
export const tableOf = (
  world: World,
  { kind, follows }: Pick<ObjectName, 'kind'> & Partial<Pick<WorldObject, 'follows'>>,
): readonly WorldObject[] => {
  const table = kind === 'column' && follows !== undefined ? world.object(follows) : undefined
  return table === undefined ? [] : [table]
}

/** The columns of a table that are in view. */
export const columnsOf = (world: World, object: ObjectName): readonly WorldObject[] =>
  object.kind === 'table' ? world.followersOf(object).filter(({ kind }) => kind === 'column') : []
