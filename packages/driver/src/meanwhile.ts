import * as Effect from 'effect/Effect'
import type { TimeoutError } from './errors.ts'
import { inTime, type Time } from './in-time.ts'

/** A driver may wait for its turn before it writes: by the second one it has. */
const written: Effect.Effect<void> = Effect.callback((resume) => {
  let waiting = setImmediate(() => {
    waiting = setImmediate(() => resume(Effect.void))
  })
  return Effect.sync(() => clearImmediate(waiting))
})

/** Sends something, and works something else out while the server is busy with it. */
export const meanwhile = <A, E, R, B>(
  sent: Effect.Effect<A, E, R>,
  workOut: () => B,
  time: Time,
): Effect.Effect<readonly [A, B], E | TimeoutError, R> =>
  Effect.all([sent, Effect.andThen(written, inTime(time, workOut))], { concurrency: 'unbounded' })
