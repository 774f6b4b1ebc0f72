import type { Plan } from '@pgsr/planner'
import { describeName, flatMap } from '@pgsr/planner/internal'
import type { DatabaseError } from '../errors.ts'
import type { SyncError } from '../failures.ts'
import type { SyncResult } from '../functions.ts'

/**
 * What became of one database. `done`: everything is committed. `failed`: nothing was changed there, unless the `outcome` of the
 * error is `unknown`. `not begun`: the first database failed, in which what belongs to the cluster is done.
 */
export type DatabaseResult =
  | ({ readonly state: 'done' } & SyncResult & {
        /** What was done at last about roles that should not exist, if any are named. The first database drops them. */
        readonly absent?: SyncResult
      })
  | {
      readonly state: 'failed'
      readonly error: SyncError | DatabaseError
      /** What was done before, if only roles that should not exist are left. */
      readonly done?: SyncResult
    }
  | { readonly state: 'not begun' }

/** What became of each database. */
export interface DatabasesResult {
  /** Whether anything was changed in any of them. */
  readonly changed: boolean
  /** By database, in the order in which the connections were given. */
  readonly databases: Readonly<Record<string, DatabaseResult>>
}

/** The plans for one database. */
export interface DatabasePlans {
  readonly plan: Plan
  /** The last plan for roles that should not exist, if any are named. That of the first database drops them. */
  readonly absent?: Plan
}

/** The plans for each database. */
export type DatabasesPlans = Readonly<Record<string, DatabasePlans>>

/** Says how far a call has come, each time that a database begins or ends. */
export interface DatabasesProgress {
  readonly database: string
  readonly state: 'begun' | 'done' | 'failed'
  /** How many databases have ended. */
  readonly ended: number
  readonly of: number
}

/** In some databases something failed. The others are done. To run the same call again is safe. */
export class DatabasesError extends Error {
  readonly _tag = 'DatabasesError'
  override readonly name = 'DatabasesError'
  readonly result: DatabasesResult

  constructor(result: DatabasesResult) {
    const failed = flatMap(Object.entries(result.databases), ([database, one]) =>
      one.state === 'failed' ? [`in database ${describeName(database)}: ${one.error.message}`] : [],
    )
    const notBegun = Object.values(result.databases).filter(({ state }) => state === 'not begun').length
    const rest = notBegun === 0 ? '' : `; ${notBegun} more were not begun`
    super(
      `cannot sync roles ${failed.slice(0, 3).join('; ')}${failed.length > 3 ? `; and in ${failed.length - 3} more` : ''}${rest}`,
    )
    this.result = result
  }
}
