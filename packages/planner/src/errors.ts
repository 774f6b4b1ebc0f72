import type { Skipped } from './plan.ts'

/** Something asked for that cannot be right, found before anything is sent. */
export class InvalidGrantError extends Error {
  readonly _tag = 'InvalidGrantError'
  override readonly name = 'InvalidGrantError'
  /** The role it was asked for; `undefined` when the role itself is what is wrong. */
  readonly role: string | undefined
  /** Which grant of that role, counted from 0; `undefined` when it is none of them. */
  readonly grant: number | undefined
  /** The field that is wrong. */
  readonly field: string

  constructor(details: { role?: string; grant?: number; field: string; message: string }) {
    super(details.message)
    this.role = details.role
    this.grant = details.grant
    this.field = details.field
  }
}

/** A text that is none of those that PostgreSQL has for something: a name, a literal, an ACL item. */
export class InvalidTextError extends RangeError {
  readonly _tag = 'InvalidTextError'
  override readonly name = 'InvalidTextError'
}

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
