import * as Effect from 'effect/Effect'
import type * as Scope from 'effect/Scope'
import * as Semaphore from 'effect/Semaphore'

const semaphores = new WeakMap<object, Semaphore.Semaphore>()

const semaphoreOf = (connection: object): Semaphore.Semaphore => {
  const semaphore = semaphores.get(connection) ?? Semaphore.makeUnsafe(1)
  semaphores.set(connection, semaphore)
  return semaphore
}

/**
 * Waits until no other call of pgsr uses the connection, and reserves it for the scope: two calls at once would be inside
 * each other’s transaction. For connections that the caller holds; a pool gives each call its own.
 */
export const exclusively = (connection: object): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(semaphoreOf(connection).take(1), () => semaphoreOf(connection).release(1), {
    interruptible: true,
  })
