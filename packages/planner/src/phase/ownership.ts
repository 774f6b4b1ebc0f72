import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { ownerInOutcome } from '../owner-in-outcome.ts'
import { notAskedFor } from '../wanted.ts'
import { ownerIsManaged } from '../world.ts'
import type { Phase } from './phase.ts'

const gainOwnerships =
  (ofSchemas: boolean): Phase =>
  (world, wanted) =>
    sortedBy(wanted.owners, ([key]) => key).flatMap(([, { object, role, because }]): Operation[] => {
      if ((object.kind === 'schema') !== ofSchemas) return []
      const base = { owner: role, as: world.server.actingRole, because }
      const existing = world.object(object)
      if (existing === undefined) return [{ kind: 'createSchema', schema: object.name[0]!, ...base }]
      return existing.owner === role ? [] : [{ kind: 'setOwner', object, ...base }]
    })

const loseOwnerships =
  (ofSchemas: boolean): Phase =>
  (world, wanted) =>
    sortedBy(world.objects.values(), ({ key }) => key).flatMap((object): Operation[] => {
      const { kind, name, owner } = object
      if (!wanted.desired.has(owner) || wanted.owners.has(object.key)) return []
      if (!ownerIsManaged(object) || (kind === 'schema') !== ofSchemas) return []
      const newOwner = ownerInOutcome(world, wanted, object)!
      if (newOwner === owner) return []
      const base = { as: world.server.actingRole, because: notAskedFor(owner) }
      return [{ kind: 'setOwner', object: { kind, name }, owner: newOwner, ...base }]
    })

const both =
  (...phases: readonly Phase[]): Phase =>
  (world, wanted) =>
    phases.flatMap((phase) => phase(world, wanted))

/** Creates schemas and moves them to who is to own them, and away from who is not. */
export const ownSchemas: Phase = both(gainOwnerships(true), loseOwnerships(true))

/** The same for what is in schemas. */
export const ownContents: Phase = both(gainOwnerships(false), loseOwnerships(false))
