import { objectKey, type ObjectName } from './object-kind.ts'
import type { Wanted } from './wanted.ts'
import { ownerIsManaged, type World, type WorldObject } from './world.ts'

type Ownerships = Pick<Wanted, 'owners' | 'desired' | 'reassignOwnedTo' | 'reassignsExplicitly'>

/**
 * Why an object stays with a desired role that is not to own it; `undefined` when it can be moved.
 *
 * What acts with its owner's rights must not silently begin to act with the rights of whoever syncs: a view's author
 * could read whatever a superuser may. Naming the new owner is how a caller says that this is meant.
 */
export const whyNotMoved = (wanted: Ownerships, object: WorldObject): string | undefined => {
  if (wanted.desired.has(wanted.reassignOwnedTo)) return 'it has no other role to go to'
  if (wanted.reassignsExplicitly || object.actsAsOwner.length === 0) return undefined
  return `it would run as ${JSON.stringify(wanted.reassignOwnedTo)}: ${object.actsAsOwner.join(', ')}`
}

/** Who will own an object once the plan has run; `undefined` for one that does not exist and nobody asks for. */
export const ownerInOutcome = (world: World, wanted: Ownerships, name: ObjectName): string | undefined => {
  const asked = wanted.owners.get(objectKey(name))
  if (asked !== undefined) return asked.role
  const object = world.object(name)
  if (object === undefined || !wanted.desired.has(object.owner) || !ownerIsManaged(object))
    return object?.owner
  return whyNotMoved(wanted, object) === undefined ? wanted.reassignOwnedTo : object.owner
}
