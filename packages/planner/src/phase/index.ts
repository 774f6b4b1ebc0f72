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

const roles =
  (when: 'early' | 'late', loss: Loss): Phase =>
  (world, wanted) =>
    loss(
      world,
      wanted,
      wanted.roles.filter((role) => wanted.authority.needs(role) === (when === 'late')),
    )

/**
 * The phases of every plan, in order. Memberships are lost before others are granted: that frees the way for those that
 * would make a cycle with them. What is on schemas goes after everything in them, and what the acting role itself loses,
 * or a role that it is a member of, goes last, where it may be needed until then. What the acting role borrows, it
 * borrows for a group of phases: it could not become what a desired role becomes a member of meanwhile.
 */
export const phases: readonly (readonly Phase[])[] = [
  [createRoles],
  [ownSchemas, ownContents, revokeOnContents, revokeOnColumns, grantPrivileges, revokeOnContainers],
  [roles('early', loseLogin), roles('early', loseMemberships)],
  [grantMemberships, gainLogin],
  [roles('late', loseLogin), roles('late', loseMemberships)],
]
