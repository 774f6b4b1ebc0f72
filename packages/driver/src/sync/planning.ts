import { InvalidGrantError } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { computeInTime, type Deadline, type Workload } from '../connection/deadline.ts'
import type { TimeoutError } from '../errors.ts'
import { isPlannerError, type PlannerError } from '../failures.ts'

/** Errors of the planner become typed failures. Any other error is a bug, and dies. */
const failure = (error: unknown): Effect.Effect<never, PlannerError> =>
  isPlannerError(error) ? Effect.fail(error) : Effect.die(error)

const evaluate = <A>(compute: () => A): Effect.Effect<A, PlannerError> => {
  try {
    return Effect.succeed(compute())
  } catch (error) {
    return failure(error)
  }
}

/** Calls the planner. */
export const planning = <A>(compute: () => A): Effect.Effect<A, PlannerError> =>
  Effect.suspend(() => evaluate(compute))

/** Calls the planner, and stops at the deadline. */
export const planningInTime = <A>(
  deadline: Deadline,
  workload: Workload,
  compute: () => A,
): Effect.Effect<A, PlannerError | TimeoutError> =>
  Effect.flatten(computeInTime(deadline, workload, () => evaluate(compute)))

/** Calls an asynchronous function that throws errors of the planner. */
export const planningAsync = <A>(compute: () => Promise<A>): Effect.Effect<A, PlannerError> =>
  Effect.catch(Effect.tryPromise({ try: compute, catch: (error) => error }), failure)

/** Reads an argument of the caller’s, which may have getters, or be a proxy, that throw. */
export const readGiven = <T>(field: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (isPlannerError(error)) throw error
    throw new InvalidGrantError({ field, message: `cannot read ${field}: a property throws an error` })
  }
}
