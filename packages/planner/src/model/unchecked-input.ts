import { InvalidGrantError } from './invalid-grant.ts'

/** Whether an error is one of pgsr’s own, which say what is wrong. */
export const isTagged = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && '_tag' in error && typeof error._tag === 'string'

/**
 * Does work on input that may be of the wrong type: JavaScript checks no types, and the errors of its engine
 * do not say what to do.
 * @param problem the message of the error that replaces one of the engine
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

/** The same functions, but each throws an InvalidGrantError if its input is of the wrong type. */
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
