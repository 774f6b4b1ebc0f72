import type { Skipped } from './plan.ts'

/** A role that is synced, or made somebody's role, only if the caller says so: the session's own user, a superuser. */
export class ForbiddenRoleError extends Error {
  readonly _tag = 'ForbiddenRoleError'
  override readonly name = 'ForbiddenRoleError'
  readonly role: string

  constructor(role: string, message: string) {
    super(message)
    this.role = role
  }
}

/** Grants on what does not exist, where `onMissing` is `error`. */
export class MissingObjectError extends Error {
  readonly _tag = 'MissingObjectError'
  override readonly name = 'MissingObjectError'
  readonly skipped: readonly Skipped[]

  constructor(skipped: readonly Skipped[]) {
    super(skipped.map((one) => one.message).join('; '))
    this.skipped = skipped
  }
}

/** The snapshot was read for other roles or objects than what is asked for: it does not say whether they exist. */
export class SnapshotScopeError extends Error {
  readonly _tag = 'SnapshotScopeError'
  override readonly name = 'SnapshotScopeError'
  /** What it was not read for, in words. */
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
 * The planner contradicts itself: by a bug of its own, or because a snapshot that was made by hand does. It has planned
 * nothing.
 */
export class PlanningError extends Error {
  readonly _tag = 'PlanningError'
  override readonly name = 'PlanningError'
}

/** The server is one that pgsr does not know to plan for. */
export class UnsupportedServerError extends Error {
  readonly _tag = 'UnsupportedServerError'
  override readonly name = 'UnsupportedServerError'
}
