import type { Operation } from '../operation.ts'
import { notAskedFor } from '../wanted.ts'
import type { Phase } from './phase.ts'
import { revokeOnColumns, revokeOnContainers, revokeOnContents } from './revoke-privileges.ts'

/** Drops the roles that are to have nothing, once they have nothing. */
const dropRoles: Phase = (world, wanted) =>
  wanted.roles.flatMap((role): Operation[] =>
    world.roles.has(role)
      ? [{ kind: 'dropRole', role, as: world.server.actingRole, because: notAskedFor(role) }]
      : [],
  )

/** The phases of a plan that drops intermediate roles. */
export const phasesOfDrop: readonly (readonly Phase[])[] = [
  [revokeOnContents, revokeOnColumns, revokeOnContainers],
  [dropRoles],
]
