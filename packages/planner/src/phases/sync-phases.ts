import type { Catalog } from '../catalog/catalog.ts'
import type { Goal } from '../resolve/target-state.ts'
import { createRoles } from './create-roles.ts'
import { gainDefaultPrivileges, loseDefaultPrivileges } from './default-privileges.ts'
import { gainAttributes, gainSuperuser } from './gain-attributes.ts'
import { grantMemberships } from './grant-memberships.ts'
import { grantOnContainers, grantOnContents } from './grant-privileges.ts'
import { loseAttributes } from './lose-attributes.ts'
import { loseMemberships } from './lose-memberships.ts'
import { letCaretakersReach, ownContents, ownSchemas } from './ownership.ts'
import type { Phase } from './phase.ts'
import { revokeOnColumns, revokeOnContainers, revokeOnContents } from './revoke-privileges.ts'

type Loss = (catalog: Catalog, goal: Goal, roles: readonly string[]) => ReturnType<Phase>

/** Of the desired roles, those of which something is true, or of which it is not. */
const of =
  (isOf: (goal: Goal, role: string, catalog: Catalog) => boolean, value: boolean, loss: Loss): Phase =>
  (catalog, goal) =>
    loss(
      catalog,
      goal,
      goal.roles.filter((role) => isOf(goal, role, catalog) === value),
    )

const isNeeded = ({ access }: Goal, role: string): boolean => access.now.graph.needs(role)

/** As who the session is: what it is itself it needs until the end. Attributes of other roles are not inherited. */
const isSession = (_: Goal, role: string, { server }: Catalog): boolean =>
  role === server.actingRole || role === server.sessionRole

/**
 * The phases of every plan, in order. SUPERUSER is lost first: in the name of a superuser nothing can be revoked that it
 * granted before it was one. Memberships are lost before others are granted: that frees the way for those that
 * would make a cycle with them. What is on schemas goes after everything in them, and what the acting role itself loses,
 * or a role that it is a member of, goes last, where it may be needed until then. What the acting role borrows, it
 * borrows for a group of phases: it could not become what a desired role becomes a member of meanwhile.
 */
export const phases: readonly (readonly Phase[])[] = [
  [createRoles, of(isSession, false, loseAttributes), gainSuperuser],
  [
    ownSchemas,
    ownContents,
    revokeOnContents,
    revokeOnColumns,
    grantOnContainers,
    grantOnContents,
    revokeOnContainers,
    letCaretakersReach,
  ],
  [loseDefaultPrivileges, gainDefaultPrivileges],
  [of(isNeeded, false, loseMemberships)],
  [grantMemberships, gainAttributes],
  [of(isNeeded, true, loseMemberships)],
  [of(isSession, true, loseAttributes)],
]
