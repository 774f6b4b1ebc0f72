import { isDelegateName } from '../delegate.ts'
import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { notAskedFor } from '../wanted.ts'
import type { Phase } from './phase.ts'
import { revokeOnColumns, revokeOnContainers, revokeOnContents } from './revoke-privileges.ts'

/** Drops the roles that are to have nothing, once they have nothing; what one delegate administers together. */
const dropRoles: Phase = (world, { roles, authority }) => {
  const order = (role: string): string => `${isDelegateName(role) ? 1 : 0}${authority.speakerFor(role)}`
  return sortedBy(roles, order).flatMap((role): Operation[] =>
    world.roles.has(role)
      ? [{ kind: 'dropRole', role, as: authority.speakerFor(role), because: notAskedFor(role) }]
      : [],
  )
}

/** The phases of a plan that drops intermediate roles. */
export const phasesOfDrop: readonly (readonly Phase[])[] = [
  [revokeOnContents, revokeOnColumns, revokeOnContainers],
  [dropRoles],
]
