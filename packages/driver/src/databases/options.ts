import { InvalidGrantError, type PlanOptions } from '@pgsr/planner'
import { checkOptionNames, isOfCluster } from '@pgsr/planner/internal'
import { type PlanRolesOptions, type SyncRolesOptions, syncRolesOptions } from '../options.ts'
import type { DatabasesProgress } from './results.ts'

interface ConcurrencyOptions {
  /** How many databases are worked on at the same time. Default: 4. */
  readonly concurrency?: number
}

/**
 * The options of `syncRoles` hold for each database by itself: `timeout` is the longest time for one. So do assertions: what one
 * names has to exist in each database that it is about.
 */
export interface SyncDatabasesOptions extends SyncRolesOptions, ConcurrencyOptions {
  /**
   * What to do when something fails in a database: `error` throws a DatabasesError when all have ended, `report` says it in
   * the result only. Default: `error`.
   */
  readonly onFailure?: 'error' | 'report'
  /** Called each time that a database begins or ends. What it throws is ignored. */
  readonly onProgress?: (progress: DatabasesProgress) => unknown
}

export interface PlanDatabasesOptions extends PlanRolesOptions, ConcurrencyOptions {}

const refuse = (field: string, problem: string): never => {
  throw new InvalidGrantError({ field, message: `cannot sync roles: ${field} ${problem}` })
}

/** What of the options is about several databases, checked, and what is about each. */
export interface DividedOptions {
  readonly concurrency: number
  readonly isReported: boolean
  readonly onProgress: ((progress: DatabasesProgress) => unknown) | undefined
  readonly each: SyncRolesOptions
}

/** @throws InvalidGrantError */
export const divideOptions = (options: SyncDatabasesOptions, isPlanned: boolean): DividedOptions => {
  const own = isPlanned ? ['concurrency'] : ['concurrency', 'onFailure', 'onProgress']
  checkOptionNames(options, [...syncRolesOptions, ...own], 'cannot sync roles')
  const { concurrency = 4, onFailure = 'error', onProgress, ...each } = options
  if (!Number.isInteger(concurrency) || concurrency < 1)
    refuse('concurrency', 'must be a whole number from 1')
  if (onFailure !== 'error' && onFailure !== 'report') refuse('onFailure', 'must be one of error, report')
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', 'must be a function')
  return { concurrency, isReported: onFailure === 'report', onProgress, each }
}

/** Where what belongs to the cluster is not managed, since it is done in another database. */
export const withoutCluster = (options: PlanOptions): PlanOptions => ({
  ...options,
  ...(Array.isArray(options.public) && {
    public: options.public.filter((grant) => !isOfCluster(grant)),
  }),
  manages: { ...options.manages, cluster: false },
})
