import type { Comparison } from './compare.ts'
import type { Scenario } from './scenario.ts'
import type { Combination } from './bench-database.ts'

/** What came of a scenario with a combination. */
export interface Row {
  readonly scenario: Scenario
  readonly combination: Combination
  /** Straight to the server. */
  readonly direct: Comparison
  /** With latency. */
  readonly wired: Comparison
  readonly notes: readonly string[]
}

export const ratioOf = ({ floor, subject }: Pick<Comparison, 'floor' | 'subject'>): number => subject / floor

const isRatioMet = ({ scenario, direct }: Row): boolean => ratioOf(direct) <= (scenario.aim.ratio ?? Infinity)

const areRoundTripsMet = ({ scenario: { aim }, wired: { traffic } }: Row): boolean =>
  aim.roundTrips === undefined || traffic.roundTrips - traffic.batches <= aim.roundTrips

export const isMet = (row: Row): boolean => isRatioMet(row) && areRoundTripsMet(row)
