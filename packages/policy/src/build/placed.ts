import type { Grant } from '@pgsr/planner'
import type { Place } from '../text/tree.ts'

/** A grant, and the place that asks for it. */
export interface Placed<G extends Grant = Grant> {
  readonly grant: G
  readonly place: Place
}

/** Some grants that one place asks for. */
export const placedAt = (place: Place, grants: readonly Grant[]): readonly Placed[] =>
  grants.map((grant) => ({ grant, place }))
