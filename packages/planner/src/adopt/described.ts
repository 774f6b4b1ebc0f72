import type { DesiredRole } from '../model/desired-role.ts'

/** Something about a role that its grants do not say. */
export interface Unsaid {
  readonly role: string
  /**
   * `left out`: the role itself is not described. `another grantor`: somebody other than the owner granted a privilege, and
   * a sync would let the owner grant it; or that somebody granted it to an owner that has it no other way. `membership`: how the role is a member of another cannot be asked for. `unmanaged`:
   * pgsr does not manage it. `left as it is`: it cannot be asked for, and the description leaves it alone. `would change`: a sync would change it all the same. `would stay`: a sync could not change it.
   */
  readonly reason:
    | 'left out'
    | 'another grantor'
    | 'membership'
    | 'unmanaged'
    | 'left as it is'
    | 'would change'
    | 'would stay'
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
}

/** Roles as they are. A plan for them finds nothing to do, apart from what is unsaid. */
export interface DescribedRoles {
  readonly desired: readonly DesiredRole[]
  readonly unsaid: readonly Unsaid[]
}
