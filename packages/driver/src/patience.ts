/**
 * How long a call may still wait for locks: `lockTimeout` in all, however many they are, and however often it is tried.
 * PostgreSQL itself bounds each wait only.
 */
export class Patience {
  /** In milliseconds. */
  #left: number

  /** @param lockTimeout in milliseconds; 0 for ever */
  constructor(lockTimeout: number) {
    this.#left = lockTimeout === 0 ? Infinity : lockTimeout
  }

  get isOver(): boolean {
    return this.#left <= 0
  }

  /** What `lock_timeout` has to be, for a wait that may also take no longer than it is worth. */
  lockTimeout(atMost = Infinity): number {
    const milliseconds = Math.min(this.#left, atMost)
    return milliseconds === Infinity ? 0 : Math.max(1, Math.ceil(milliseconds))
  }

  spend(milliseconds: number): void {
    this.#left -= milliseconds
  }
}
