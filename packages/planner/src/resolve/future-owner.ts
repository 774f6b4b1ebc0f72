import type { Access } from '../access/access.ts'
import { describeRefusal } from '../access/refusal.ts'
import type { AccessStages } from '../access/stages.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { type CatalogObject, ownerIsManaged } from '../catalog/catalog-object.ts'
import { isCaretakerName } from '../model/managed-role.ts'
import type { Server } from '../model/snapshot.ts'
import { objectKey, objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { isPreserved, type TargetState } from './target-state.ts'

/** What decides who owns what. */
export interface Ownerships extends Pick<
  TargetState,
  'owners' | 'desired' | 'heirs' | 'caretakers' | 'attachable' | 'attachableIn' | 'preserved' | 'managed'
> {
  readonly access: Pick<AccessStages, 'now' | 'overContents'>
}

/** What the acting role can do with an object when its owner changes. */
export const accessTo = ({ access }: Pick<Ownerships, 'access'>, { kind }: ObjectName): Access =>
  kind === 'schema' ? access.now : access.overContents

/** Why an object stays with a desired role that is not to own it. */
export interface NotMoved {
  readonly reason: 'acts as its owner' | 'not permitted'
  readonly why: string
}

/**
 * With these privileges, a role that does not own a table can attach code to it: a foreign key’s casts, or a trigger.
 */
const attaching: readonly Privilege[] = ['REFERENCES', 'TRIGGER']

export const isAttaching = (privilege: Privilege): boolean => attaching.includes(privilege)

/** Whether roles that do not own a table may attach code to it, as things are. */
const othersMayAttach = (catalog: Catalog, object: CatalogObject): boolean =>
  [object, ...catalog.followersOf(object)].some(({ acl, owner }) =>
    [...acl.values()].some(
      ({ grantee, privileges }) =>
        grantee !== owner &&
        grantee !== catalog.server.actingRole &&
        attaching.some((privilege) => privileges.has(privilege)),
    ),
  )

/** The tables of some roles to which others may attach code, as things are. */
export const attachableOf = (
  catalog: Catalog,
  owners: Pick<ReadonlySet<string>, 'has' | 'size'>,
): ReadonlySet<string> => {
  const attachable = new Set<string>()
  if (owners.size === 0) return attachable
  for (const object of catalog.objects.values())
    if (object.kind === 'table' && owners.has(object.owner) && othersMayAttach(catalog, object))
      attachable.add(object.key)
  return attachable
}

/** Whether no code that an object holds, or that others may attach to it, can ever run with its owner’s rights. */
export const isInert = (
  catalog: Catalog,
  { attachable, attachableIn }: Pick<TargetState, 'attachable' | 'attachableIn'>,
  object: CatalogObject,
): boolean =>
  object.inert &&
  (object.kind !== 'table' ||
    !(attachable.has(object.key) || attachableIn.has(object.name[0]!) || othersMayAttach(catalog, object)))

/**
 * The privilege by which the columns of a table are held while its owner changes: one that the acting role can grant in the
 * owner’s name.
 */
export const holdingPrivilege = (
  goal: Pick<Ownerships, 'access'>,
  table: CatalogObject,
): Privilege | undefined => {
  const [first = ''] = table.columns ?? []
  const column = {
    kind: 'column',
    name: [...table.name, first],
    owner: table.owner,
    ownerFollows: table,
  } as const
  return objectKinds.column.privileges.find(
    (privilege) =>
      accessTo(goal, table).objects.whyNotManaged(column, privilege, { statement: 'grant' }) === undefined,
  )
}

const canBeHeld = (goal: Ownerships, object: CatalogObject): boolean =>
  object.columns === undefined || holdingPrivilege(goal, object) !== undefined

/**
 * The new owner of an object that a desired role loses; `undefined` if there is none. An object that may hold
 * code goes to a caretaker, which can do nothing: no code may run with the rights of the acting role, unless
 * the caller has named a new owner.
 */
const heirOf = (catalog: Catalog, goal: Ownerships, object: CatalogObject): string | undefined => {
  const { heirs, desired, caretakers } = goal
  const named = heirs.get(object.owner)
  const { actingRole } = catalog.server
  if (named !== undefined) return named
  if (object.ownedBySuperusers || objectKinds[object.kind].actsByItself || object.owner === actingRole)
    return undefined
  const isOurs = isInert(catalog, goal, object) && canBeHeld(goal, object)
  return isOurs && !desired.has(actingRole) ? actingRole : caretakers.get(object.owner)
}

const whyNoHeir = ({ owner, ownedBySuperusers }: CatalogObject, { actingRole }: Server): string => {
  if (owner === actingRole) return 'there is no other role for it to go to; name one in reassignOwnedTo'
  return ownedBySuperusers
    ? 'only a superuser can own it; name one in reassignOwnedTo'
    : 'it acts by itself with its owner’s rights; name its new owner in reassignOwnedTo'
}

/** Why an object stays with a desired role that is not to own it; `undefined` when it can be moved. */
export const whyNotMoved = (
  catalog: Catalog,
  goal: Ownerships,
  object: CatalogObject,
): NotMoved | undefined => {
  const heir = heirOf(catalog, goal, object)
  if (heir === undefined) return { reason: 'acts as its owner', why: whyNoHeir(object, catalog.server) }
  const why = accessTo(goal, object).objects.whyNotMoved(object, heir)
  return why === undefined ? undefined : { reason: 'not permitted', why: describeRefusal(why) }
}

/**
 * The schema on which the owner of a table with foreign keys needs USAGE: PostgreSQL checks them as the owner of the
 * table that it reads, and finds that table by name.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/ri_triggers.c (ri_PerformCheck)
 */
export const schemaToReach = (catalog: Catalog, object: CatalogObject): CatalogObject | undefined =>
  object.foreignKey ? catalog.object({ kind: 'schema', name: [object.name[0]!] }) : undefined

/** Whether a role is a caretaker of this plan. */
export const isCaretaker = ({ caretakers }: Pick<TargetState, 'caretakers'>, role: string): boolean =>
  isCaretakerName(role) && [...caretakers.values()].includes(role)

/** Whether an object belongs to a desired role that should not own it. */
export const losesOwnership = (goal: Ownerships, object: CatalogObject): boolean =>
  goal.desired.has(object.owner) &&
  ownerIsManaged(object) &&
  goal.owners.get(object.key)?.role !== object.owner &&
  !isPreserved(goal, object.owner, object)

/**
 * The owner of an object after the plan; `undefined` if it does not exist and no grant asks for it.
 * @param key the key of the object
 */
export const futureOwner = (catalog: Catalog, goal: Ownerships, key: string): string | undefined => {
  const asked = goal.owners.get(key)
  if (asked !== undefined) return asked.role
  const object = catalog.objects.get(key)
  if (object?.ownerFollows !== undefined) return futureOwner(catalog, goal, objectKey(object.ownerFollows))
  if (object === undefined || !losesOwnership(goal, object)) return object?.owner
  return whyNotMoved(catalog, goal, object) === undefined ? heirOf(catalog, goal, object) : object.owner
}
