import type { Scope } from '@pgsr/planner'
import type { SyncRequest } from '@pgsr/planner/internal'
import type { Password } from '../passwords/password.ts'

/** A checked request and, separate from it, its passwords. */
export interface Prepared {
  readonly request: SyncRequest
  readonly scope: Scope
  /** By role. They are never part of a request, a plan or an error. */
  readonly passwords: ReadonlyMap<string, Password>
  /**
   * The desired roles of which it matters whether they have a password, while nothing has to change. A role that logs in, and
   * for which none is given, keeps the one that it has.
   */
  readonly storedToCompare: readonly string[]
}
