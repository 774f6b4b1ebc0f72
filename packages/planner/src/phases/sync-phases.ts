import type { Catalog } from '../catalog/catalog.ts'
import { judgedMembers } from '../diff/memberships.ts'
import type { Goal } from '../resolve/target-state.ts'
import { dropAbsentRoles, endMentions } from './absent-roles.ts'
import { createRoles } from './create-roles.ts'
import { gainDefaultPrivileges, loseDefaultPrivileges } from './default-privileges.ts'
import { gainAttributes, gainSuperuser } from './gain-attributes.ts'
import { grantMemberships } from './grant-memberships.ts'
import { grantOnContainers, grantOnContents } from './grant-privileges.ts'
import { loseAttributes } from './lose-attributes.ts'
import { loseMemberships } from './lose-memberships.ts'
import { letCaretakersReach, ownContents, ownSchemas } from './ownership.ts'
import type { Phase, Step } from './phase.ts'
import { setInherit, setProperties } from './set-properties.ts'
import { revokeOnColumns, revokeOnContainers, revokeOnContents } from './revoke-privileges.ts'

type Loss = (catalog: Catalog, goal: Goal, roles: readonly string[]) => ReturnType<Phase>

/** Runs a phase for those of some roles for which a condition has a certain value. */
const of =
  (
    isOf: (goal: Goal, role: string, catalog: Catalog) => boolean,
    value: boolean,
    loss: Loss,
    rolesOf = (_: Catalog, { roles }: Goal) => roles,
  ): Phase =>
  (catalog, goal) =>
    loss(
      catalog,
      goal,
      rolesOf(catalog, goal).filter((role) => isOf(goal, role, catalog) === value),
    )

const isNeeded = ({ access }: Goal, role: string): boolean => access.now.graph.needs(role)

/**
 * Whether a role is the acting role or the session user, whose own attributes are needed until the end.
 * Attributes of other roles are not inherited.
 */
const isSession = (_: Goal, role: string, { server }: Catalog): boolean =>
  role === server.actingRole || role === server.sessionRole

/**
 * The phases of every plan, in order. SUPERUSER is lost first: nothing that a role granted before it was a superuser
 * can be revoked in its name while it is one. Memberships are lost before others are granted, which might make a cycle
 * with them. INHERIT changes after privileges: before 16, it gives a role the grant options of others, without which it
 * could not lose its own. Privileges on schemas go after those on their contents. REVOKE is tried again: a role that has
 * just lost its grant option can no longer be taken for the grantor of something else. What the acting role loses, or a
 * role that it is a member of, goes last if it may be needed until then. Only then are roles dropped that should not exist.
 *
 * The acting role borrows memberships at the start of a group of phases, and gives them back at its end. So roles are
 * created in a group before those in which they may be borrowed, and what is borrowed cannot make a cycle with the
 * memberships that desired roles get in a later group.
 */
export const phases: readonly (readonly Step[])[] = [
  [createRoles, of(isSession, false, loseAttributes), gainSuperuser],
  [
    ownSchemas,
    ownContents,
    [revokeOnContents, revokeOnColumns],
    grantOnContainers,
    grantOnContents,
    [revokeOnContainers],
    letCaretakersReach,
  ],
  [loseDefaultPrivileges, gainDefaultPrivileges, endMentions],
  [of(isNeeded, false, loseMemberships, judgedMembers)],
  [setInherit, grantMemberships, setProperties, gainAttributes],
  [of(isNeeded, true, loseMemberships, judgedMembers)],
  [of(isSession, true, loseAttributes)],
  [dropAbsentRoles],
]
