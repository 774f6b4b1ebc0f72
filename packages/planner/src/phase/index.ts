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

const others =
  (loss: Loss): Phase =>
  (world, wanted) =>
    loss(
      world,
      wanted,
      wanted.roles.filter((role) => role !== world.server.actingRole),
    )

const actingRole =
  (loss: Loss): Phase =>
  (world, wanted) =>
    loss(
      world,
      wanted,
      wanted.roles.filter((role) => role === world.server.actingRole),
    )

/**
 * The phases of every plan, in order. Memberships go first: that frees the way for others that would make a cycle
 * with them. What the acting role itself loses goes last: until then it may be needed.
 */
export const phases: readonly Phase[] = [
  others(loseLogin),
  others(loseMemberships),
  createRoles,
  ownSchemas,
  ownContents,
  revokeOnContents,
  revokeOnColumns,
  revokeOnContainers,
  grantPrivileges,
  grantMemberships,
  gainLogin,
  actingRole(loseMemberships),
  actingRole(loseLogin),
]
