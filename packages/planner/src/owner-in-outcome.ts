import type { Authority } from './authority.ts'
import { describeName } from './describe.ts'
import { objectKey, objectKinds, type ObjectName } from './object-kind.ts'
import { isPreserved, type Wanted } from './wanted.ts'
import { ownerIsManaged, type World, type WorldObject } from './world.ts'

type Ownerships = Pick<
  Wanted,
  | 'owners'
  | 'desired'
  | 'reassignOwnedTo'
  | 'reassignsExplicitly'
  | 'preserved'
  | 'managesCluster'
  | 'authority'
  | 'authorityOverContents'
>

/** What the acting role can do with an object when its owner changes. */
export const authorityOver = (
  wanted: Pick<Ownerships, 'authority' | 'authorityOverContents'>,
  { kind }: ObjectName,
): Authority => (kind === 'schema' ? wanted.authority : wanted.authorityOverContents)

/** Why an object stays with a desired role that is not to own it. */
export interface NotMoved {
  readonly reason: 'acts as its owner' | 'not permitted'
  readonly why: string
}

/**
 * Whether others than the desired roles will hold REFERENCES on a table: by a foreign key that refers to it they could
 * have code of their own run by its owner. What desired roles hold, they lose or somebody asks for.
 */
const othersMayRefer = (world: World, wanted: Ownerships, object: WorldObject): boolean =>
  object.kind === 'table' &&
  [object, ...world.followersOf(object)].some(({ acl, owner }) =>
    [...acl.values()].some(
      ({ grantee, grantor, privileges }) =>
        privileges.has('REFERENCES') &&
        grantee !== owner &&
        !wanted.desired.has(grantee) &&
        (grantor === owner || !wanted.desired.has(grantor)),
    ),
  )

/**
 * Why an object stays with a desired role that is not to own it; `undefined` when it can be moved.
 *
 * What acts with its owner's rights must not silently begin to act with the rights of whoever syncs: a view's author
 * could read whatever a superuser may. Naming the new owner is how a caller says that this is meant.
 */
export const whyNotMoved = (world: World, wanted: Ownerships, object: WorldObject): NotMoved | undefined => {
  const { reassignOwnedTo } = wanted
  if (wanted.desired.has(reassignOwnedTo))
    return { reason: 'acts as its owner', why: 'it has no other role to go to' }
  const { actsAsOwner } = objectKinds[object.kind]
  const reasons = [
    ...(actsAsOwner === undefined ? [] : [actsAsOwner]),
    ...object.actsAsOwner,
    ...(othersMayRefer(world, wanted, object) ? ['others hold REFERENCES on it'] : []),
  ]
  if (!wanted.reassignsExplicitly && reasons.length > 0)
    return {
      reason: 'acts as its owner',
      why: `it would run as ${describeName(reassignOwnedTo)}: ${reasons.join(', ')}`,
    }
  const why = authorityOver(wanted, object).whyNotMoved(object, reassignOwnedTo)
  return why === undefined ? undefined : { reason: 'not permitted', why }
}

/** Whether an object belongs to a desired role that is not to own it. */
export const losesOwnership = (wanted: Ownerships, object: WorldObject): boolean =>
  wanted.desired.has(object.owner) &&
  ownerIsManaged(object) &&
  wanted.owners.get(object.key)?.role !== object.owner &&
  !isPreserved(wanted, object.owner, object)

/**
 * Who will own an object once the plan has run; `undefined` for one that does not exist and nobody asks for.
 * @param key that of the object
 */
export const ownerInOutcome = (world: World, wanted: Ownerships, key: string): string | undefined => {
  const asked = wanted.owners.get(key)
  if (asked !== undefined) return asked.role
  const object = world.objects.get(key)
  if (object?.follows !== undefined) return ownerInOutcome(world, wanted, objectKey(object.follows))
  if (object === undefined || !losesOwnership(wanted, object)) return object?.owner
  return whyNotMoved(world, wanted, object) === undefined ? wanted.reassignOwnedTo : object.owner
}
