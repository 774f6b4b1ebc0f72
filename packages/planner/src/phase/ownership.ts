import { Authority } from '../authority.ts'
import { objectKinds } from '../object-kind.ts'
import type { GrantPrivilege, Operation, Reason } from '../operation.ts'
import { sortedBy } from '../order.ts'
import {
  holdingPrivilege,
  isCaretaker,
  losesOwnership,
  ownerInOutcome,
  schemaToReach,
} from '../owner-in-outcome.ts'
import { notAskedFor, type Wanted } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
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
      const base = { as: world.server.actingRole, because: notAskedFor(owner) }
      return [{ kind: 'setOwner', object: { kind, name }, owner: newOwner, ...base }]
    })

const both =
  (...phases: readonly Phase[]): Phase =>
  (world, wanted) =>
    phases.flatMap((phase) => phase(world, wanted))

/** Who is no superuser can make somebody the owner of something only where that role could have created it. */
const lending =
  (phase: Phase): Phase =>
  (world, wanted) => {
    const operations = phase(world, wanted)
    const authority = new Authority(world)
    if (authority.isSuperuser) return operations
    const lent = new Map<string, readonly [lend: Operation, takeBack: Operation]>()
    for (const operation of operations) {
      if (operation.kind !== 'setOwner') continue
      const container = authority.containerOf(operation.object)
      if (container === undefined || authority.mayCreateIn(operation.owner, container)) continue
      const base = {
        object: { kind: container.kind, name: container.name },
        privilege: 'CREATE',
        grantee: operation.owner,
        grantor: container.owner,
        as: wanted.authorityOverContents.speaker(container, 'CREATE'),
      } as const
      const because = (meanwhile: 'lend' | 'take back'): Reason => ({
        role: operation.owner,
        grant: null,
        meanwhile,
      })
      lent.set(JSON.stringify([container.key, operation.owner]), [
        { kind: 'grantPrivilege', ...base, because: because('lend') },
        { kind: 'revokePrivilege', ...base, grantOptionOnly: false, because: because('take back') },
      ])
    }
    const loans = [...lent.values()]
    return [...loans.map(([lend]) => lend), ...operations, ...loans.map(([, takeBack]) => takeBack)]
  }

/**
 * What the old owner of a table grants on its columns meanwhile would be committed after the owner has changed: before 18,
 * GRANT locks no table. To write the row of a column makes that fail, or be seen.
 */
const holding =
  (phase: Phase): Phase =>
  (world, wanted) => {
    const operations = phase(world, wanted)
    const held = operations.flatMap((operation) => {
      if (operation.kind !== 'setOwner') return []
      const table = world.object(operation.object)
      const privilege = table && holdingPrivilege(wanted, table)
      if (table?.columns === undefined || privilege === undefined) return []
      return table.columns.map((column) => ({ operation, table, column, privilege }))
    })
    const on = ({ operation: { owner }, table, column, privilege }: (typeof held)[number]) =>
      ({
        object: { kind: 'column', name: [...table.name, column] },
        privilege,
        grantee: owner,
      }) as const
    const reason = (role: string, meanwhile: 'hold' | 'let go'): Reason => ({ role, grant: null, meanwhile })
    return [
      ...held.map((one): Operation => {
        const { owner } = one.table
        const column = { ...on(one).object, owner, follows: one.table }
        const as = wanted.authorityOverContents.speaker(column, one.privilege)
        const because = reason(one.operation.owner, 'hold')
        return { kind: 'grantPrivilege', ...on(one), grantor: owner, as, because }
      }),
      ...operations,
      ...held.map((one): Operation => {
        const { owner } = one.operation
        const because = reason(owner, 'let go')
        const as = world.server.actingRole
        return { kind: 'revokePrivilege', ...on(one), grantor: owner, grantOptionOnly: false, as, because }
      }),
    ]
  }

/** Creates schemas and moves them to who is to own them, and away from who is not. */
export const ownSchemas: Phase = both(gainOwnerships(true), loseOwnerships(true))

/** The same for what is in schemas. */
export const ownContents: Phase = lending(holding(both(gainOwnerships(false), loseOwnerships(false))))

/** Lets caretakers reach the tables that they own, which others may refer to by foreign keys. */
export const letCaretakersReach: Phase = (world, wanted) => {
  if (wanted.caretakers.size === 0) return []
  const authority = new Authority(world)
  const missing = new Map<string, GrantPrivilege>()
  for (const object of world.objects.values()) {
    const { owner } = object
    const schema = isCaretaker(wanted, owner) ? schemaToReach(world, object) : undefined
    if (schema === undefined || authority.holds(owner, schema, 'USAGE')) continue
    if (wanted.authorityOverPrivileges.whyNotManaged(schema, 'USAGE') !== undefined) continue
    missing.set(JSON.stringify([schema.key, owner]), {
      kind: 'grantPrivilege',
      object: { kind: schema.kind, name: schema.name },
      privilege: 'USAGE',
      grantee: owner,
      grantor: schema.owner,
      as: wanted.authorityOverPrivileges.speaker(schema, 'USAGE'),
      because: notAskedFor(wantedOf(wanted, owner)),
    })
  }
  return sortedBy(missing, ([key]) => key).map(([, operation]) => operation)
}

/** The desired role whose objects a caretaker owns. */
const wantedOf = ({ caretakers }: Wanted, caretaker: string): string =>
  [...caretakers].find(([, name]) => name === caretaker)![0]
