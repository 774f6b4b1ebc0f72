import { Access } from '../access/access.ts'
import { Administrators } from '../access/delegate.ts'
import type { Catalog } from '../catalog/catalog.ts'
import {
  type CreateRole,
  type Operation,
  type ProvidedPrivilege,
  type Reason,
  roleOrder,
} from '../model/operation.ts'
import { futureOwner, isCaretaker } from '../resolve/future-owner.ts'
import { lostObjects } from '../resolve/owner-changes.ts'
import { type Goal, notAskedFor } from '../resolve/target-state.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import { letLogIn } from './gain-attributes.ts'
import type { Phase } from './phase.ts'

/** A role that is missing. */
interface Creation {
  /** The operations that have to come first. */
  readonly before: readonly Operation[]
  readonly create: CreateRole
  /** What the same statement can also do to the role. */
  readonly after: readonly Operation[]
}

/**
 * All roles that are missing: desired roles, roles that they should be members of, intermediate roles and caretakers.
 */
export const creations = (catalog: Catalog, goal: Goal): readonly Creation[] => {
  if (!goal.access.now.roles.mayCreateRoles) return []
  const missing = new Map<string, { readonly reason: Reason; readonly provides?: ProvidedPrivilege }>()
  const isMissing = (role: string): boolean =>
    !catalog.roles.has(role) && !missing.has(role) && !goal.absent.has(role)
  for (const role of goal.roles) if (isMissing(role)) missing.set(role, { reason: { role, grant: null } })
  for (const memberships of goal.memberships.values())
    memberships.forEach((membership, role) => {
      if (isMissing(role)) missing.set(role, membership)
    })
  for (const object of lostObjects(catalog, goal)) {
    const heir = futureOwner(catalog, goal, object.key)!
    if (isCaretaker(goal, heir) && isMissing(heir)) missing.set(heir, { reason: notAskedFor(object.owner) })
  }
  if (missing.size === 0) return []
  const administrators = new Administrators(catalog, new Access(catalog))
  return sortedBy(missing, ([role, { provides }]) => roleOrder(role, provides)).map(
    ([role, { reason, provides }]): Creation => {
      if (provides === undefined) {
        const as = administrators.countOwn()
        const after = letLogIn(catalog, goal, role)
        return { before: [], create: { kind: 'createRole', role, as, reason }, after }
      }
      const { as, before } = administrators.next(role, reason)
      return { before, create: { kind: 'createRole', role, provides, as, reason }, after: [] }
    },
  )
}

/** Creates all roles that are missing. */
export const createRoles: Phase = (catalog, goal) =>
  flatMap(creations(catalog, goal), ({ before, create, after }) => [...before, create, ...after])
