import type { Operation } from '@pgsr/planner'

/** What happens during a call, as it happens. */
export type SyncEvent =
  /** The catalogs have been read without a lock: so many operations are to be done. */
  | { readonly kind: 'looked'; readonly operations: number }
  /** A transaction is begun, and waits for the advisory lock. */
  | { readonly kind: 'lockWaitBegins'; readonly lockKey: bigint }
  /** It has the lock, after so many milliseconds by the server’s clock, and has read the catalogs again. */
  | { readonly kind: 'lockWaitEnds'; readonly milliseconds: number }
  /** An operation has been executed, the `number`th `of` all that there are to do. */
  | {
      readonly kind: 'executed'
      readonly operation: Operation
      readonly number: number
      readonly of: number
    }
  /** The catalogs, read once more, say what was predicted. */
  | { readonly kind: 'proved' }
  /** A transaction is committed; in a transaction of the caller’s, its savepoint is released. */
  | { readonly kind: 'committed' }
  /** An attempt failed because something changed meanwhile; the next one follows after a short while. */
  | {
      readonly kind: 'retry'
      /** The attempt that failed, counted from 1. */
      readonly attempt: number
      readonly attempts: number
      readonly reason: Error
    }

export type Listener = (event: SyncEvent) => unknown

/** Tells a listener, which changes nothing by what it throws, or rejects with. */
export const tell = (listener: Listener | undefined, event: SyncEvent): void => {
  if (listener === undefined) return
  try {
    void Promise.resolve(listener(event)).catch(() => undefined)
  } catch {
    // It is the listener’s own business.
  }
}
