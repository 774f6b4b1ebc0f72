import { describeName } from './describe.ts'
import { defaultPrivilegeFacts } from './facts-of.ts'
import { sortedBy } from './order.ts'
import { comesWithCreateRole } from './phase/lose-memberships.ts'
import type { Unmanaged } from './snapshot.ts'
import type { Wanted } from './wanted.ts'
import type { World } from './world.ts'

const memberships = (world: World, wanted: Wanted, name: string): Unmanaged[] => [
  ...world
    .membershipsOf(name)
    .filter((row) => comesWithCreateRole(world, wanted, row))
    .map((row) => ({
      role: name,
      kind: 'membership',
      description: `ADMIN option for role ${describeName(row.role)}, which comes with CREATEROLE`,
    })),
  ...(world.membershipsHaveGrantors ? world.membershipsGrantedBy(name) : []).map((row) => ({
    role: name,
    kind: 'membership',
    description: `having granted membership in role ${describeName(row.role)} to role ${describeName(row.member)}`,
  })),
]

/**
 * What a role says of the objects that it may still make is its own business; of one that makes nothing any more only
 * that is left which another role asks for.
 */
const ownDefaults = (world: World, { desired, idle, authorityOverPrivileges }: Wanted): Unmanaged[] =>
  [...world.defaults].flatMap((defaults) => {
    const { owner, schema, on } = defaults
    const isResidue = idle.has(owner) && !authorityOverPrivileges.mayActAs(owner)
    if (!desired.has(owner) || isResidue || defaultPrivilegeFacts(defaults).length === 0) return []
    const where = schema === null ? '' : ` in schema ${describeName(schema)}`
    return [{ role: owner, kind: 'default privileges', description: `of its own future ${on}${where}` }]
  })

/** What is tied to the desired roles in the outcome, and is not pgsr’s to manage. */
export const unmanagedOf = (world: World, wanted: Wanted): readonly Unmanaged[] =>
  sortedBy(
    [
      ...world.unmanaged.filter(({ role }) => wanted.desired.has(role)),
      ...wanted.roles.flatMap((role) => memberships(world, wanted, role)),
      ...ownDefaults(world, wanted),
    ],
    ({ role, kind, description }) => JSON.stringify([role, kind, description]),
  )
