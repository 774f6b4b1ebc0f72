import { type PolicyProblem, PolicyError, type Position } from '../problem.ts'
import { type Path, pathText, type Place } from './tree.ts'

/** The most problems that are said. More would help nobody. */
export const mostProblems = 100

/** Finds the line and the column of a character. */
export type PositionOf = (offset: number) => { readonly line: number; readonly column: number }

const firstStep = (path: Path | undefined): Path['step'] | undefined => {
  let at = path
  while (at?.within !== undefined) at = at.within
  return at?.step
}

/** Collects what is wrong with a policy, to say all of it at once. */
export class Problems {
  readonly #file: string | undefined
  readonly #positionOf: PositionOf | undefined
  readonly #places = new Set<Place>()
  readonly #found: { readonly place: Place; readonly message: string }[] = []

  constructor(file?: string, positionOf?: PositionOf) {
    this.#file = file
    this.#positionOf = positionOf
  }

  get count(): number {
    return this.#found.length
  }

  /** Whether something is wrong with a key of the policy, or with what is in it. */
  isAbout(key: string): boolean {
    return this.#found.some(({ place }) => firstStep(place.path) === key)
  }

  /** Whether something is wrong in a place. */
  isAt(place: Place): boolean {
    return this.#places.has(place)
  }

  /**
   * Says what is wrong in a place.
   * @throws PolicyError if so much is wrong that nobody would read what comes now
   */
  add(place: Place, message: string): undefined {
    const last = this.#found.at(-1)
    if (last?.message === message && last.place.path === place.path && last.place.offset === place.offset)
      return
    this.#places.add(place)
    this.#found.push({ place, message })
    if (this.#isFull) this.throwIfAny()
  }

  get #isFull(): boolean {
    return this.#found.length > 2 * mostProblems
  }

  positionOf({ offset }: Place): Position | undefined {
    if (offset === undefined || this.#positionOf === undefined) return undefined
    const { line, column } = this.#positionOf(offset)
    return { ...(this.#file !== undefined && { file: this.#file }), line, column }
  }

  /** Throws everything that was found, in the order of the text. */
  throwIfAny(): void {
    if (this.#found.length === 0) return
    const inOrder = this.#found.toSorted((a, b) => (a.place.offset ?? 0) - (b.place.offset ?? 0))
    const problems = inOrder.slice(0, mostProblems).map(({ place, message }): PolicyProblem => ({
      ...(this.#file !== undefined && { file: this.#file }),
      ...this.positionOf(place),
      path: pathText(place.path),
      message,
    }))
    const more = inOrder.length - problems.length
    throw new PolicyError(
      more === 0
        ? problems
        : [...problems, { path: '', message: `and ${this.#isFull ? 'at least ' : ''}${more} more problems` }],
    )
  }
}
