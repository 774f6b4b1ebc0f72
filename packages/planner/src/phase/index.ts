import type { Wanted } from '../wanted.ts'
import type { World } from '../world.ts'
import { createRoles } from './create-roles.ts'
import { gainLogin } from './gain-login.ts'
import { grantMemberships } from './grant-memberships.ts'
import { grantPrivileges } from './grant-privileges.ts'
import { loseLogin } from './lose-login.ts'
import { loseMemberships } from './lose-memberships.ts'
import { ownContents, ownSchemas } from './ownership.ts'
import type { Phase } from './phase.ts'
import { revokeOnColumns, revokeOnContainers, revokeOnContents } from './revoke-privileges.ts'

type Loss = (world: World, wanted: Wanted, roles: readonly string[]) => ReturnType<Phase>

/** Whether a role needs what it has until the end: the acting role does, but for a superuser. */
const isNeeded = (world: World, role: string): boolean =>
  role === world.server.actingRole && !world.isSuperuser(role)

const roles =
  (when: 'early' | 'late', loss: Loss): Phase =>
  (world, wanted) =>
    loss(
      world,
      wanted,
      wanted.roles.filter((role) => isNeeded(world, role) === (when === 'late')),
    )

/**
 * The phases of every plan, in order. Memberships go first: that frees the way for others that would make a cycle
 * with them. What the acting role itself loses goes last, where it may be needed until then. What the acting role
 * borrows, it borrows for a group of them: it could not become what a desired role becomes a member of meanwhile.
 */
export const phases: readonly (readonly Phase[])[] = [
  [roles('early', loseLogin), roles('early', loseMemberships)],
  [createRoles],
  [ownSchemas, ownContents, revokeOnContents, revokeOnColumns, revokeOnContainers, grantPrivileges],
  [grantMemberships, gainLogin],
  [roles('late', loseMemberships), roles('late', loseLogin)],
]
