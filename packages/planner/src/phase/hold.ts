import { authorityOver, holdingPrivilege } from '../owner-in-outcome.ts'
import type { GrantPrivilege, Operation, Reason, RevokePrivilege, SetOwner } from '../operation.ts'
import type { Wanted } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
import type { Phase } from './phase.ts'

const reason = (role: string, meanwhile: NonNullable<Reason['meanwhile']>): Reason => ({
  role,
  grant: null,
  meanwhile,
})

type Held = readonly [hold: GrantPrivilege, letGo: readonly RevokePrivilege[]]

/** What holds the columns of a table while it changes the owner, and lets them go. As whom is the same for all of them. */
const held = (wanted: Wanted, table: WorldObject, { owner: newOwner }: SetOwner): readonly Held[] => {
  const { owner, columns = [] } = table
  const privilege = columns.length === 0 ? undefined : holdingPrivilege(wanted, table)
  if (privilege === undefined) return []
  const authority = authorityOver(wanted, table)
  const columnOf = (column: string) => ({ kind: 'column', name: [...table.name, column] }) as const
  const first = { ...columnOf(columns[0]!), owner, follows: table }
  const speaker = authority.speaker(first, privilege, { saying: 'grant' })
  const newSpeaker = authority.proxyFor(newOwner)
  return columns.map((column): Held => {
    const on = { object: columnOf(column), privilege, grantee: newOwner } as const
    return [
      { kind: 'grantPrivilege', ...on, grantor: owner, as: speaker, because: reason(newOwner, 'hold') },
      // An owner has it all the same, so that it does no harm where nobody may take it back.
      newSpeaker === undefined
        ? []
        : [
            {
              kind: 'revokePrivilege',
              ...on,
              grantor: newOwner,
              grantOptionOnly: false,
              as: newSpeaker,
              because: reason(newOwner, 'let go'),
            },
          ],
    ]
  })
}

const allHeld = (world: World, wanted: Wanted, operations: readonly Operation[]): readonly Held[] =>
  operations.flatMap((operation) => {
    const table = operation.kind === 'setOwner' ? world.object(operation.object) : undefined
    return operation.kind === 'setOwner' && table !== undefined ? held(wanted, table, operation) : []
  })

/**
 * What the old owner of a table grants on its columns meanwhile would be committed after the owner has changed: before 18,
 * GRANT locks no table. To write the row of a column makes that fail, or be seen.
 */
export const holding =
  (phase: Phase): Phase =>
  (world, wanted) => {
    const operations = phase(world, wanted)
    const all = allHeld(world, wanted, operations)
    return [...all.map(([hold]) => hold), ...operations, ...all.flatMap(([, letGo]) => letGo)]
  }
