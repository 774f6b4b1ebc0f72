import { Authority } from '../authority.ts'
import { objectKinds } from '../object-kind.ts'
import type { GrantPrivilege, Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import {
  authorityOver,
  isCaretaker,
  losesOwnership,
  ownerInOutcome,
  schemaToReach,
} from '../owner-in-outcome.ts'
import { notAskedFor, type Wanted } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
import { lending } from './lend.ts'
import { holding } from './hold.ts'
import type { Phase } from './phase.ts'

const moverOf = (wanted: Wanted, object: WorldObject, newOwner: string): string =>
  authorityOver(wanted, object).mover(object, newOwner) ?? object.owner

const gainOwnerships =
  (ofSchemas: boolean): Phase =>
  (world, wanted) =>
    sortedBy(wanted.owners, ([key]) => key).flatMap(([, { object, role, because }]): Operation[] => {
      if ((object.kind === 'schema') !== ofSchemas) return []
      const base = { owner: role, because }
      const existing = world.object(object)
      if (existing === undefined)
        return [{ kind: 'createSchema', schema: object.name[0]!, as: world.server.actingRole, ...base }]
      return existing.owner === role
        ? []
        : [{ kind: 'setOwner', object, as: moverOf(wanted, existing, role), ...base }]
    })

/** What belongs to the cluster goes last: the acting role may be what it is by owning the database. */
const inOrder = ({ kind, key }: WorldObject): string => `${objectKinds[kind].shared ? 1 : 0}${key}`

/** What desired roles own, and nobody is to own: some of it stays with them all the same. */
export function* lostObjects(world: World, wanted: Wanted): Iterable<WorldObject> {
  for (const object of world.objects.values())
    if (losesOwnership(wanted, object) && !wanted.owners.has(object.key)) yield object
}

function* lost(world: World, wanted: Wanted, ofSchemas: boolean): Iterable<WorldObject> {
  for (const object of lostObjects(world, wanted)) if ((object.kind === 'schema') === ofSchemas) yield object
}

const loseOwnerships =
  (ofSchemas: boolean): Phase =>
  (world, wanted) =>
    sortedBy(lost(world, wanted, ofSchemas), inOrder).flatMap((object): Operation[] => {
      const { kind, name, owner } = object
      const newOwner = ownerInOutcome(world, wanted, object.key)!
      if (newOwner === owner) return []
      const base = { as: moverOf(wanted, object, newOwner), because: notAskedFor(owner) }
      return [{ kind: 'setOwner', object: { kind, name }, owner: newOwner, ...base }]
    })

const both =
  (...phases: readonly Phase[]): Phase =>
  (world, wanted) =>
    phases.flatMap((phase) => phase(world, wanted))

/** Creates schemas and moves them to who is to own them, and away from who is not. */
export const ownSchemas: Phase = both(gainOwnerships(true), loseOwnerships(true))

/** The same for what is in schemas. */
export const ownContents: Phase = lending(
  ({ authorityOverContents }) => authorityOverContents,
  holding(both(gainOwnerships(false), loseOwnerships(false))),
)

/** Lets caretakers reach the tables that they own, which others may refer to by foreign keys. */
export const letCaretakersReach: Phase = (world, wanted) => {
  if (wanted.caretakers.size === 0) return []
  const authority = new Authority(world)
  const missing = new Map<string, GrantPrivilege>()
  for (const object of world.objects.values()) {
    const { owner } = object
    const schema = isCaretaker(wanted, owner) ? schemaToReach(world, object) : undefined
    if (schema === undefined || authority.holds(owner, schema, 'USAGE')) continue
    if (wanted.authorityOverPrivileges.whyNotManaged(schema, 'USAGE', { saying: 'grant' }) !== undefined)
      continue
    missing.set(JSON.stringify([schema.key, owner]), {
      kind: 'grantPrivilege',
      object: { kind: schema.kind, name: schema.name },
      privilege: 'USAGE',
      grantee: owner,
      grantor: schema.owner,
      as: wanted.authorityOverPrivileges.speaker(schema, 'USAGE', { saying: 'grant' }),
      because: notAskedFor(wantedOf(wanted, owner)),
    })
  }
  return sortedBy(missing, ([key]) => key).map(([, operation]) => operation)
}

/** The desired role whose objects a caretaker owns. */
const wantedOf = ({ caretakers }: Wanted, caretaker: string): string =>
  [...caretakers].find(([, name]) => name === caretaker)![0]
