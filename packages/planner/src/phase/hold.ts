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

/** What holds a column while its table changes the owner, and lets it go. */
const held = (
  wanted: Wanted,
  table: WorldObject,
  column: string,
  { owner: newOwner }: SetOwner,
): readonly [hold: GrantPrivilege, letGo: readonly RevokePrivilege[]] | undefined => {
  const privilege = holdingPrivilege(wanted, table)
  if (privilege === undefined) return undefined
  const authority = authorityOver(wanted, table)
  const { owner } = table
  const object = { kind: 'column', name: [...table.name, column] } as const
  const on = { object, privilege, grantee: newOwner } as const
  const speaker = authority.speaker({ ...object, owner, follows: table }, privilege, { saying: 'grant' })
  const newSpeaker = authority.proxyFor(newOwner)
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
}

const allHeld = (world: World, wanted: Wanted, operations: readonly Operation[]) =>
  operations.flatMap((operation) => {
    if (operation.kind !== 'setOwner') return []
    const table = world.object(operation.object)
    return (table?.columns ?? []).flatMap((column) => {
      const pair = held(wanted, table!, column, operation)
      return pair === undefined ? [] : [pair]
    })
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
