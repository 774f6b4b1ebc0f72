import type { DesiredRole } from './desired-role.ts'
import { flatMap } from '../util/collections.ts'

/** A role that should not exist. Everything that it has is taken away, and it is dropped. */
export interface AbsentRole {
  readonly role: string
  readonly absent: true
  /** The new owner of what the role owns. Default: that of the call. */
  readonly reassignOwnedTo?: string
  /** End the sessions of the role once it is committed that it can have no new ones. Default: no. */
  readonly terminateSessions?: boolean
  /** A role that should not exist has no grants. In the request of a plan this is an empty array. */
  readonly grants?: readonly []
}

/** A role in a request. One that should not exist should have nothing. */
export interface RequestedRole
  extends DesiredRole, Partial<Pick<AbsentRole, 'absent' | 'reassignOwnedTo' | 'terminateSessions'>> {}

/** The roles of a request that should not exist. */
export const absentRolesOf = (desired: readonly RequestedRole[]): readonly string[] =>
  flatMap(desired, ({ role, absent }) => (absent === true ? [role] : []))
