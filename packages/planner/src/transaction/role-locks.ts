import { Access } from '../access/access.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { isIntermediateName, isLocalTo } from '../model/managed-role.ts'
import type { GrantMembership, LockRole, Operation, Reason, RevokeMembership } from '../model/operation.ts'
import { everybody } from '../postgres/acl-item.ts'
import { objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import { getOrMake, sortedBy } from '../util/collections.ts'
import { isWithinBudget } from './lock-budget.ts'

/**
 * The kinds of operation that lock their role by themselves. Setting a password is not one of them: a
 * password that is already set is not sent.
 */
const lockingByThemselves: ReadonlySet<Operation['kind']> = new Set([
  'createRole',
  'dropRole',
  'setAttribute',
  'setValidUntil',
  'clearPassword',
])

type MembershipChange = GrantMembership | RevokeMembership

type TakeLock = (role: string, mode: LockRole['mode'], reason: Reason) => void

/**
 * The locks that a change of memberships needs. Advisory locks belong to one database, but memberships to the cluster:
 * a sync in another database could change the same member, and neither would see what the other does. A database’s own
 * intermediate roles are granted only there, and need no such lock. Nor does DROP ROLE see a membership that is being
 * granted: PostgreSQL itself locks only the granted role, and only from 16 on.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (AddRoleMems, DropRole)
 */
const lockForMembership = (
  { membershipsHaveGrantors }: Catalog,
  { kind, role, member, reason }: MembershipChange,
  isLocal: boolean,
  lock: TakeLock,
): void => {
  if (!isLocal) lock(member, 'exclusive', reason)
  if (kind !== 'grantMembership') return
  lock(member, 'share', reason)
  if (!isLocal && !membershipsHaveGrantors) lock(role, 'share', reason)
}

/**
 * The lock of a desired role that itself gets or loses a privilege on a database, tablespace or parameter, or gets to own
 * one: these belong to the cluster too.
 */
const lockForShared = ({ reason }: Operation, object: ObjectName, role: string, lock: TakeLock): void => {
  if (
    objectKinds[object.kind].shared === true &&
    role === reason.role &&
    role !== everybody &&
    !isIntermediateName(role)
  )
    lock(role, 'exclusive', reason)
}

/** Takes the locks that an operation needs. */
const lockFor = (
  catalog: Catalog,
  operation: Operation,
  isLocal: (role: string) => boolean,
  lock: TakeLock,
): void => {
  if (operation.reason.temporary !== undefined) return
  switch (operation.kind) {
    case 'createRole':
      // A delegate that administers nothing yet may be dropped.
      if (operation.as !== catalog.server.actingRole) lock(operation.as, 'share', operation.reason)
      return
    case 'grantMembership':
    case 'revokeMembership':
      return lockForMembership(catalog, operation, isLocal(operation.role), lock)
    case 'grantPrivilege':
    case 'revokePrivilege':
      return lockForShared(operation, operation.object, operation.grantee, lock)
    case 'setProperty':
      return lock(operation.role, 'exclusive', operation.reason)
    case 'setOwner':
      return lockForShared(operation, operation.object, operation.owner, lock)
    default:
  }
}

/**
 * The locks that a transaction needs, each role once, in the order of their names: two transactions that took them in
 * different orders would wait for each other. A role that the acting role may not lock is changed without a lock.
 */
const roleLocks = (catalog: Catalog, operations: readonly Operation[]): readonly LockRole[] => {
  const { server } = catalog
  const access = new Access(catalog)
  const locked = new Set<string>()
  for (const operation of operations)
    if (lockingByThemselves.has(operation.kind) && 'role' in operation) locked.add(operation.role)
  const locks = new Map<string, LockRole>()
  const local = new Map<string, boolean>()
  const isLocal = (role: string): boolean => getOrMake(local, role, () => isLocalTo(server, role))
  const lock: TakeLock = (role, mode, reason) => {
    const other = locks.get(role)?.mode
    if (other === 'exclusive' || other === mode || locked.has(role) || !access.roles.mayLock(role)) return
    locks.set(role, {
      kind: 'lockRole',
      role,
      mode,
      as: server.actingRole,
      reason: { role: reason.role, grant: null },
    })
  }
  for (const operation of operations) lockFor(catalog, operation, isLocal, lock)
  const inOrder = sortedBy(locks.values(), ({ role }) => role)
  // It is better that somebody could drop a role than that the server runs out of locks.
  return isWithinBudget(server, inOrder, operations)
    ? inOrder
    : inOrder.filter(({ mode }) => mode === 'exclusive')
}

/**
 * A transaction that begins with the locks that it needs.
 * @param catalog as the transaction finds it
 */
export const withRoleLocks = (catalog: Catalog, operations: readonly Operation[]): readonly Operation[] => [
  ...roleLocks(catalog, operations),
  ...operations,
]
