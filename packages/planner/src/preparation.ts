import { objectKey } from './object-kind.ts'
import type { Operation } from './operation.ts'
import { ownerInOutcome } from './owner-in-outcome.ts'
import { createRoles } from './phase/create-roles.ts'
import { grantWanted } from './phase/grant-privileges.ts'
import { withLoans } from './phase/loan.ts'
import type { Server } from './snapshot.ts'
import type { Wanted } from './wanted.ts'
import type { World } from './world.ts'

/**
 * What an operation locks until the transaction ends, by the names of the locks.
 * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
const locksOf = ({ version }: Server, operation: Operation): readonly string[] => {
  switch (operation.kind) {
    case 'createRole':
      return version >= 160000 ? [operation.role] : []
    case 'grantMembership':
    case 'revokeMembership':
      return version >= 160000 ? [operation.role] : []
    case 'grantPrivilege':
    case 'revokePrivilege':
      return [operation.grantee, ...(version >= 180000 ? [objectKey(operation.object)] : [])]
    case 'setOwner':
      return [objectKey(operation.object)]
    default:
      return []
  }
}

/** Half of what the server can hold: the other half is other sessions’. */
const budgetOf = ({ lockTableSize }: Server): number => Math.floor(lockTableSize / 2)

const locks = (server: Server, operations: readonly Operation[]): number =>
  new Set(operations.flatMap((operation) => locksOf(server, operation))).size

/** Whether operations fit into one transaction. */
export const fitsInTransaction = (server: Server, operations: readonly Operation[]): boolean =>
  locks(server, operations) <= budgetOf(server)

/**
 * The transactions that can go before one which would lock too much: they make intermediate roles, which have no
 * members yet and so give nobody anything. Applied to the world.
 */
export const preparationsFor = (world: World, wanted: Wanted): readonly (readonly Operation[])[] => {
  const { server } = world
  const privileges = new Map([...wanted.privileges.values()].map((privilege) => [privilege.role, privilege]))
  const pairs = createRoles(world, wanted).flatMap((create) => {
    if (create.kind !== 'createRole' || create.serves === undefined) return []
    const privilege = privileges.get(create.role)!
    const owner = world.object(privilege.object)?.owner
    const isReady = owner !== undefined && ownerInOutcome(world, wanted, privilege.object) === owner
    return isReady ? [[create, ...grantWanted(world, privilege)]] : []
  })
  const locksOfPair = Math.max(1, ...pairs.slice(0, 1).map((pair) => locks(server, pair)))
  const size = Math.max(1, Math.floor(budgetOf(server) / locksOfPair))
  return Array.from({ length: Math.ceil(pairs.length / size) }, (_, index) => {
    const chunk = pairs.slice(index * size, (index + 1) * size)
    return withLoans(world, (run) => {
      for (const place of [0, 1]) for (const pair of chunk) pair.slice(place, place + 1).forEach(run)
    })
  })
}
