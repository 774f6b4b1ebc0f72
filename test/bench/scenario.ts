import type { Address, BenchConnection } from './bench-connection.ts'
import type { Combination, BenchDatabase } from './bench-database.ts'

/** One of the two that are compared. */
export interface Turn {
  readonly at: Address
  /** Whether it has a session that is warm, as unless given, or has to connect first, which takes part in the time. */
  readonly on?: 'warm' | 'fresh'
  /** Makes everything as it has to be; takes no part in the time. */
  readonly before?: (connection: BenchConnection) => Promise<unknown>
  readonly run: (connection: BenchConnection) => Promise<unknown>
}

/** What is compared with what. */
export interface Bout {
  readonly floor: Turn
  readonly subject: Turn
  /** What came up while it was prepared, for the reader. */
  readonly notes?: readonly string[]
  /** Ends what the benchmark database does not know of. */
  readonly end?: () => Promise<unknown>
}

/** What is hoped for. */
export interface Aim {
  /** How many times as long as the floor; where there is none, it is only stated. */
  readonly ratio?: number
  /** How many round trips, besides one for each batch of statements. */
  readonly roundTrips?: number
}

/** A row of the table. */
export interface Scenario {
  readonly name: string
  /** What it is compared with. */
  readonly floor: string
  readonly aim: Aim
  /** How often both are done; after they were done once to get warm, unless it is only once. */
  readonly rounds: number
  /** On which servers, unless others are named; on 15 and 18, unless given. */
  readonly majors?: readonly number[]
  /** Where it is done; everywhere, unless given. */
  readonly isFor?: (combination: Combination) => boolean
  readonly prepare: (bench: BenchDatabase) => Promise<Bout>
}
