import type { DesiredRole } from './desired-role.ts'

/** The options that decide what a plan holds. */
export interface PlanOptions {
  /**
   * Who gets the objects that a role loses. By default the acting role those that hold no code, and a caretaker, a new role
   * that can do nothing, all others.
   */
  readonly reassignOwnedTo?: string
  /** Allow the role that syncs to be synced. */
  readonly allowSelf?: boolean
  /** Allow superusers to be synced, and roles to become superusers or members of superusers. */
  readonly allowSuperuser?: boolean
  /**
   * What others hold only because a role passed it on that may not any more: by default they lose it, and `effects` say
   * so; `true` grants it to them again, in the name of the owner.
   */
  readonly keepDependents?: boolean
  /**
   * `database`: only what belongs to the current database is managed. Attributes, memberships in ordinary roles, and what
   * roles have on databases, tablespaces and parameters stay as they are. By default, `cluster`, everything is.
   */
  readonly scope?: 'cluster' | 'database'
}

/** That roles have exactly what they should. */
export interface SyncRequest {
  readonly kind: 'sync'
  readonly desired: readonly DesiredRole[]
  readonly options: PlanOptions
  /** What the names of new intermediate roles are derived from. */
  readonly seed: string
}

/** That the intermediate roles which serve nothing any more are dropped. */
export interface DropRequest {
  readonly kind: 'drop unused roles'
}

/** Everything that is needed to plan again: plain data, without secrets, in an order of its own. */
export type Request = SyncRequest | DropRequest

/** The only request of its kind. */
export const dropRequest: DropRequest = { kind: 'drop unused roles' }

/** The roles that a request is about, where it names them. */
export const desiredRolesOf = (request: Request): readonly string[] =>
  request.kind === 'sync' ? request.desired.map(({ role }) => role) : []
