/**
 * How long a call may still wait for locks: `lockTimeout` for all its waits and attempts together. PostgreSQL’s own
 * `lock_timeout` limits each wait by itself.
 */
export class LockBudget {
  /** In milliseconds. */
  #left: number

  /** @param lockTimeout in milliseconds; 0 for no limit */
  constructor(lockTimeout: number) {
    this.#left = lockTimeout === 0 ? Infinity : lockTimeout
  }

  get isSpent(): boolean {
    return this.#left <= 0
  }

  /** The value of `lock_timeout` for the next wait, which may also have a limit of its own. */
  lockTimeout(limit = Infinity): number {
    const milliseconds = Math.min(this.#left, limit)
    return milliseconds === Infinity ? 0 : Math.max(1, Math.ceil(milliseconds))
  }

  spend(milliseconds: number): void {
    this.#left -= milliseconds
  }
}
