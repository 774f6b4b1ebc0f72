import * as Effect from 'effect/Effect'
import { computeInTime, type Deadline, type Workload } from '../connection/deadline.ts'
import type { TimeoutError } from '../errors.ts'

/** Lets the driver write what it was given. Some drivers write at the next turn of the event loop, so this waits for two. */
const written: Effect.Effect<void> = Effect.callback((resume) => {
  let waiting = setImmediate(() => {
    waiting = setImmediate(() => resume(Effect.void))
  })
  return Effect.sync(() => clearImmediate(waiting))
})

/** Sends something, and computes something else while the server works on it. */
export const overlap = <A, E, R, B>(
  send: Effect.Effect<A, E, R>,
  compute: () => B,
  workload: Workload,
  deadline: Deadline,
): Effect.Effect<readonly [A, B], E | TimeoutError, R> =>
  Effect.all([send, Effect.andThen(written, computeInTime(deadline, workload, compute))], {
    concurrency: 'unbounded',
  })
