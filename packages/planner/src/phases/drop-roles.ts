import { isDelegateName } from '../model/managed-role.ts'
import type { Operation } from '../model/operation.ts'
import { notAskedFor } from '../resolve/target-state.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import type { Phase } from './phase.ts'
import { revokeOnColumns, revokeOnContainers, revokeOnContents } from './revoke-privileges.ts'

/** Drops the roles, once they have nothing: those that one delegate administers together, the delegates last. */
const dropRoles: Phase = (catalog, { roles, access }) => {
  const order = (role: string): string => `${isDelegateName(role) ? 1 : 0}${access.now.graph.runAsFor(role)}`
  return flatMap(sortedBy(roles, order), (role): Operation[] =>
    catalog.roles.has(role)
      ? [{ kind: 'dropRole', role, as: access.now.graph.runAsFor(role), reason: notAskedFor(role) }]
      : [],
  )
}

/** The phases of a plan that drops unused roles. */
export const phasesOfDrop: readonly (readonly Phase[])[] = [
  [revokeOnContents, revokeOnColumns, revokeOnContainers],
  [dropRoles],
]
