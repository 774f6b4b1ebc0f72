import { objectKinds } from '../object-kind.ts'
import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { authorityOver, losesOwnership, ownerInOutcome } from '../owner-in-outcome.ts'
import { notAskedFor, type Wanted } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
import { lending } from './lend.ts'
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

function* lost(world: World, wanted: Wanted, ofSchemas: boolean): Iterable<WorldObject> {
  for (const object of world.objects.values())
    if (
      (object.kind === 'schema') === ofSchemas &&
      losesOwnership(wanted, object) &&
      !wanted.owners.has(object.key)
    )
      yield object
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
  both(gainOwnerships(false), loseOwnerships(false)),
)
