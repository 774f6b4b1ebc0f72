import type { Problems } from '../text/problems.ts'
import type { Place } from '../text/tree.ts'

/** The most grants that the text of a policy may ask for. A short one can ask for many: its lists multiply. */
export const mostGrants = 40_000

/** Counts the grants that a policy asks for, so that there are never more than there is room for. */
export class Room {
  readonly #most: number
  readonly #problems: Problems
  #count = 0

  constructor(most: number, problems: Problems) {
    this.#most = most
    this.#problems = problems
  }

  /**
   * Takes the room for some grants.
   * @throws PolicyError if there is no more
   */
  take(count: number, place: Place): void {
    this.#count += count
    if (this.#count <= this.#most) return
    this.#problems.add(
      place,
      `with this, there are more than ${this.#most} grants; let a module make a policy of that size`,
    )
    this.#problems.throwIfAny()
  }
}
