import type { Address, BenchConnection } from './bench-connection.ts'
import type { Combination, BenchDatabase } from './bench-database.ts'

/** One of the two that are compared. */
export interface Turn {
  readonly at: Address
  /** Whether it has a warm session, or has to connect first, which counts in the time. Default: `warm`. */
  readonly on?: 'warm' | 'fresh'
  /** Prepares the database. It does not count in the time. */
  readonly before?: (connection: BenchConnection) => Promise<unknown>
  readonly run: (connection: BenchConnection) => Promise<unknown>
}

/** What is compared with what. */
export interface Bout {
  readonly floor: Turn
  readonly subject: Turn
  /** What came up while it was prepared, for the reader. */
  readonly notes?: readonly string[]
  /** Ends what the benchmark database does not know of, such as another server. */
  readonly end?: () => Promise<unknown>
}

/** What a scenario should reach. */
export interface Aim {
  /** At most how many times as long as the floor. Without it, the ratio is only reported. */
  readonly ratio?: number
  /** How many round trips, in addition to one for each batch of statements. */
  readonly roundTrips?: number
}

/** A row of the table. */
export interface Scenario {
  readonly name: string
  /** What it is compared with. */
  readonly floor: string
  readonly aim: Aim
  /** How often both are measured. If more than once, both are first run for a while to get warm. */
  readonly rounds: number
  /** The versions of the servers, unless others are named. Default: 15 and 18. */
  readonly majors?: readonly number[]
  /** Where it runs. Default: everywhere. */
  readonly isFor?: (combination: Combination) => boolean
  readonly prepare: (bench: BenchDatabase) => Promise<Bout>
}
