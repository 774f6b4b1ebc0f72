import { InvalidGrantError } from './invalid-grant.ts'

/** Whether an error is one that says what was wrong with the input. */
export const isTagged = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && '_tag' in error && typeof error._tag === 'string'

/**
 * Does work on what somebody gave, of whatever type: JavaScript has none, and what its engine says when it meets the wrong
 * one tells nobody what to do.
 * @param problem what is said then
 */
export const onGiven = <T>(field: string, problem: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    if (isTagged(error)) throw error
    throw new InvalidGrantError({ field, message: problem })
  }
}

type AnyFunction = (...given: never[]) => unknown

/** The same functions, each of which says by itself that what it was given is of the wrong type. */
export const eachOnGiven = <Functions extends Readonly<Record<string, AnyFunction>>>(
  functions: Functions,
  problem: string,
): Functions =>
  Object.fromEntries(
    Object.entries(functions).map(([name, work]) => [
      name,
      (...given: never[]) => onGiven(name, problem, () => work(...given)),
    ]),
  ) as unknown as Functions
