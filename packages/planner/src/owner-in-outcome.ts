import type { Authority } from './authority.ts'
import { isCaretakerName } from './caretaker.ts'
import { objectKey, objectKinds, type ObjectName } from './object-kind.ts'
import type { Privilege } from './privilege.ts'
import type { Server } from './snapshot.ts'
import { isPreserved, type Wanted } from './wanted.ts'
import { ownerIsManaged, type World, type WorldObject } from './world.ts'

type Ownerships = Pick<
  Wanted,
  | 'owners'
  | 'desired'
  | 'reassignOwnedTo'
  | 'caretakers'
  | 'attachableIn'
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

/** With these privileges on a table, who does not own it attaches code of its own: a foreign key’s casts, a trigger. */
const attaching: readonly Privilege[] = ['REFERENCES', 'TRIGGER']

export const isAttaching = (privilege: Privilege): boolean => attaching.includes(privilege)

const othersMayAttach = (world: World, attachableIn: ReadonlySet<string>, object: WorldObject): boolean =>
  attachableIn.has(object.name[0]!) ||
  [object, ...world.followersOf(object)].some(({ acl, owner }) =>
    [...acl.values()].some(
      ({ grantee, privileges }) =>
        grantee !== owner &&
        grantee !== world.server.actingRole &&
        attaching.some((privilege) => privileges.has(privilege)),
    ),
  )

/** Whether nothing that an object holds, or that others may attach to it, can ever act with its owner’s rights. */
export const isInert = (
  world: World,
  { attachableIn }: Pick<Wanted, 'attachableIn'>,
  object: WorldObject,
): boolean => object.inert && (object.kind !== 'table' || !othersMayAttach(world, attachableIn, object))

/**
 * The privilege by which the columns of a table are held while its owner changes: one that the acting role can grant in the
 * owner’s name.
 */
export const holdingPrivilege = (
  wanted: Pick<Ownerships, 'authority' | 'authorityOverContents'>,
  table: WorldObject,
): Privilege | undefined => {
  const [first = ''] = table.columns ?? []
  const column = { kind: 'column', name: [...table.name, first], owner: table.owner, follows: table } as const
  return objectKinds.column.privileges.find(
    (privilege) =>
      authorityOver(wanted, table).whyNotManaged(column, privilege, { saying: 'grant' }) === undefined,
  )
}

const canBeHeld = (wanted: Ownerships, object: WorldObject): boolean =>
  object.columns === undefined || holdingPrivilege(wanted, object) !== undefined

/**
 * Who gets an object that a desired role loses; `undefined` when nobody does. What may hold code of its author’s goes to
 * a caretaker, who can do nothing: nobody’s code is to act with the rights of whoever syncs. Naming the new owner is how
 * a caller says that this is meant.
 */
const heirOf = (world: World, wanted: Ownerships, object: WorldObject): string | undefined => {
  const { reassignOwnedTo, desired, caretakers } = wanted
  const { actingRole } = world.server
  if (reassignOwnedTo !== undefined) return reassignOwnedTo
  if (object.ownedBySuperusers || objectKinds[object.kind].actsByItself || object.owner === actingRole)
    return undefined
  const isOurs = isInert(world, wanted, object) && canBeHeld(wanted, object)
  return isOurs && !desired.has(actingRole) ? actingRole : caretakers.get(object.owner)
}

const whyNoHeir = ({ owner, ownedBySuperusers }: WorldObject, { actingRole }: Server): string => {
  if (owner === actingRole) return 'there is no other role for it to go to; name one in reassignOwnedTo'
  return ownedBySuperusers
    ? 'only a superuser can own it; name one in reassignOwnedTo'
    : 'it acts by itself with its owner’s rights; name its new owner in reassignOwnedTo'
}

/** Why an object stays with a desired role that is not to own it; `undefined` when it can be moved. */
export const whyNotMoved = (world: World, wanted: Ownerships, object: WorldObject): NotMoved | undefined => {
  const heir = heirOf(world, wanted, object)
  if (heir === undefined) return { reason: 'acts as its owner', why: whyNoHeir(object, world.server) }
  const why = authorityOver(wanted, object).whyNotMoved(object, heir)
  return why === undefined ? undefined : { reason: 'not permitted', why }
}

/**
 * The schema on which the owner of a table with foreign keys has to have USAGE: they are checked as the owner of the table
 * that is read, who reaches it by its name.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/ri_triggers.c (ri_PerformCheck)
 */
export const schemaToReach = (world: World, object: WorldObject): WorldObject | undefined =>
  object.foreignKey ? world.object({ kind: 'schema', name: [object.name[0]!] }) : undefined

/** Whether a role is one that a plan makes to own what desired roles lose. */
export const isCaretaker = ({ caretakers }: Pick<Wanted, 'caretakers'>, role: string): boolean =>
  isCaretakerName(role) && [...caretakers.values()].includes(role)

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
  return whyNotMoved(world, wanted, object) === undefined ? heirOf(world, wanted, object) : object.owner
}
