import { objectKey } from './object-kind.ts'
import type { Operation } from './operation.ts'
import type { Server } from './snapshot.ts'

/**
 * What an operation locks until the transaction ends, by the names of the locks.
 * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
const locksOf = ({ version }: Server, operation: Operation): readonly string[] => {
  switch (operation.kind) {
    case 'createRole':
    case 'grantMembership':
    case 'revokeMembership':
      return version >= 160000 ? [operation.role] : []
    case 'grantPrivilege':
    case 'revokePrivilege':
      return [operation.grantee, ...(version >= 180000 ? [objectKey(operation.object)] : [])]
    case 'dropRole':
      return [operation.role]
    case 'lockRole':
      return operation.mode === 'share' ? [operation.role] : []
    case 'setOwner':
      return [objectKey(operation.object)]
    default:
      return []
  }
}

/**
 * How much operations would lock in one transaction, as a share of what one transaction should: half of what the server
 * can hold. The other half is other sessions’.
 */
export const lockShare = (server: Server, operations: readonly Operation[]): number =>
  new Set(operations.flatMap((operation) => locksOf(server, operation))).size / (server.lockTableSize / 2)

/** Divides a list into as few parts of one size as are needed for none to have more than its share. */
export const inParts = <T>(all: readonly T[], share: number): readonly (readonly T[])[] => {
  const size = Math.max(1, Math.floor(all.length / Math.max(1, share)))
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  )
}
