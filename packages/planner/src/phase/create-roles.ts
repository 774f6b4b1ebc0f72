import type { Operation, Reason } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Phase } from './phase.ts'

/** Creates the desired roles, the roles they are to be members of, and the intermediate roles that are missing. */
export const createRoles: Phase = (world, wanted) => {
  const missing = new Map<string, Reason>()
  const need = (role: string, because: Reason): void => {
    if (!world.roles.has(role) && !missing.has(role)) missing.set(role, because)
  }
  for (const role of wanted.roles) need(role, { role, grant: null })
  for (const memberships of wanted.memberships.values())
    for (const [role, { because }] of memberships) need(role, because)
  return sortedBy(missing, ([role]) => role).map(([role, because]): Operation => ({
    kind: 'createRole',
    role,
    as: world.server.actingRole,
    because,
  }))
}
