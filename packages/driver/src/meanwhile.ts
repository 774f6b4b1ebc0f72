import * as Effect from 'effect/Effect'

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
): Effect.Effect<readonly [A, B], E, R> =>
  Effect.all([sent, Effect.andThen(written, Effect.sync(workOut))], { concurrency: 'unbounded' })
