import { Access } from '../access/access.ts'
import type { GrantPrivilege } from '../model/operation.ts'
import { accessTo, isCaretaker, schemaToReach } from '../resolve/future-owner.ts'
import { ownerChanges, ownerOperation, type Part } from '../resolve/owner-changes.ts'
import { type Goal, notAskedFor } from '../resolve/target-state.ts'
import { holding } from '../temporary-rights/hold.ts'
import { lending } from '../temporary-rights/lend.ts'
import { inKeyOrder } from '../util/collections.ts'
import type { Phase } from './phase.ts'

/** Changes the owners of schemas, or of their contents. */
const changeOwners =
  (part: Part): Phase =>
  (catalog, goal) =>
    ownerChanges(catalog, goal, part).map((change) => {
      const { existing, owner } = change
      const as =
        existing === undefined
          ? catalog.server.actingRole
          : (accessTo(goal, existing).objects.mover(existing, owner) ?? existing.owner)
      return ownerOperation(change, as)
    })

/** Creates schemas, and changes their owners. */
export const ownSchemas: Phase = changeOwners('schemas')

/** Changes the owners of all other objects. */
export const ownContents: Phase = (catalog, goal) =>
  lending(catalog, goal.access.overContents, holding(catalog, goal, changeOwners('contents')(catalog, goal)))

/** Grants caretakers USAGE on the schemas of their tables: foreign keys to these are checked as their owner. */
export const letCaretakersReach: Phase = (catalog, goal) => {
  if (goal.caretakers.size === 0) return []
  const access = new Access(catalog)
  const missing = new Map<string, GrantPrivilege>()
  for (const object of catalog.objects.values()) {
    const { owner } = object
    const schema = isCaretaker(goal, owner) ? schemaToReach(catalog, object) : undefined
    if (schema === undefined || access.schemas.holds(owner, schema, 'USAGE')) continue
    if (
      goal.access.overPrivileges.objects.whyNotManaged(schema, 'USAGE', { statement: 'grant' }) !== undefined
    )
      continue
    missing.set(JSON.stringify([schema.key, owner]), {
      kind: 'grantPrivilege',
      object: { kind: schema.kind, name: schema.name },
      privilege: 'USAGE',
      grantee: owner,
      grantor: schema.owner,
      as: goal.access.overPrivileges.objects.runAs(schema, 'USAGE', { statement: 'grant' }),
      reason: notAskedFor(wantedOf(goal, owner)),
    })
  }
  return inKeyOrder(missing)
}

/** The desired role whose objects a caretaker owns. */
const wantedOf = ({ caretakers }: Goal, caretaker: string): string =>
  [...caretakers].find(([, name]) => name === caretaker)![0]
