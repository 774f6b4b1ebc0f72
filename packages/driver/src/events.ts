import type { Operation } from '@pgsr/planner'

/** What happens during a call, in the order in which it happens. */
export type SyncEvent =
  /** The catalogs have been read without a lock, and `operations` operations are planned. */
  | { readonly kind: 'planned'; readonly operations: number }
  /** A transaction has begun, and waits for the advisory lock. */
  | { readonly kind: 'lockRequested'; readonly lockKey: bigint }
  /**
   * The transaction holds the lock, and, unless it only prepares for the last one, has read the catalogs again. It waited
   * `milliseconds` by the server’s clock.
   */
  | { readonly kind: 'lockAcquired'; readonly milliseconds: number }
  /** An operation has been executed, the `number`th `of` all operations of the call. */
  | {
      readonly kind: 'executed'
      readonly operation: Operation
      readonly number: number
      readonly of: number
    }
  /** The catalogs, read once more, match the prediction. */
  | { readonly kind: 'proved' }
  /** A transaction has been committed, or the savepoint released in a transaction of the caller’s. */
  | { readonly kind: 'committed' }
  /** An attempt failed because something else changed the same things. The next attempt follows after a short pause. */
  | {
      readonly kind: 'retry'
      /** The attempt that failed, counted from 1. */
      readonly attempt: number
      readonly attempts: number
      readonly reason: Error
    }

export type Listener = (event: SyncEvent) => unknown

/** Calls the listener. A listener that throws, or returns a promise that rejects, changes nothing. */
export const emit = <T>(listener: ((event: T) => unknown) | undefined, event: T): void => {
  if (listener === undefined) return
  try {
    void Promise.resolve(listener(event)).catch(() => undefined)
  } catch {
    // The listener’s errors are its own.
  }
}
