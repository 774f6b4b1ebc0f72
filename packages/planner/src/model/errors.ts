import type { Skipped } from './plan.ts'

/**
 * The request would sync a role, or give membership in one, that needs an option to allow it: the role that
 * syncs (`allowSelf`) or a superuser (`allowSuperuser`). Nothing allows syncing the bootstrap superuser.
 */
export class ForbiddenRoleError extends Error {
  readonly _tag = 'ForbiddenRoleError'
  override readonly name = 'ForbiddenRoleError'
  readonly role: string

  constructor(role: string, message: string) {
    super(message)
    this.role = role
  }
}

/** Grants name something that does not exist, and `onMissing` is `error`. */
export class MissingObjectError extends Error {
  readonly _tag = 'MissingObjectError'
  override readonly name = 'MissingObjectError'
  readonly skipped: readonly Skipped[]

  constructor(skipped: readonly Skipped[]) {
    super(skipped.map((one) => one.message).join('; '))
    this.skipped = skipped
  }
}

/** The snapshot was not read for all roles and objects of the request, so it does not say whether they exist. */
export class SnapshotScopeError extends Error {
  readonly _tag = 'SnapshotScopeError'
  override readonly name = 'SnapshotScopeError'
  /** The roles and objects that it was not read for, in words. */
  readonly missing: readonly string[]

  constructor(missing: readonly string[]) {
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : ''
    super(
      `cannot plan: the snapshot was not read for ${missing.slice(0, 3).join(', ')}${more}; read it for what is asked for`,
    )
    this.missing = missing
  }
}

/**
 * The planner contradicts itself, because of a bug or because the snapshot was made by hand and contradicts
 * itself. No plan was made.
 */
export class PlanningError extends Error {
  readonly _tag = 'PlanningError'
  override readonly name = 'PlanningError'
}

/** pgsr cannot plan for this server, or the server is too old for a grant. */
export class UnsupportedServerError extends Error {
  readonly _tag = 'UnsupportedServerError'
  override readonly name = 'UnsupportedServerError'
}
