import type { Plan, Scope, Snapshot } from '@pgsr/planner'
import type * as Effect from 'effect/Effect'
import type { Password } from './password.ts'

/** What has been done. */
export interface SyncResult {
  /** Whether anything was changed. */
  readonly changed: boolean
  /** What was executed; without operations when there was nothing to do. */
  readonly plan: Plan
}

/** What is to be carried out. */
export interface Task<E> {
  /** What has to be read to plan it. */
  readonly scope: Scope
  /** By role, those that the plan may set. */
  readonly passwords: ReadonlyMap<string, Password>
  /**
   * Plans for what was read, each time that it is, when some transactions have been executed already; fails where such a
   * plan may not be executed.
   */
  readonly planFor: (snapshot: Snapshot, done: number) => Effect.Effect<Plan, E>
}
