import { AssertionsError, type BrokenAssertion, DatabasesError } from '@pgsr/node-postgres'
import type { Sandbox } from './sandbox.ts'

/** The assertions that a call found broken, in whichever database. Any other error is thrown again. */
const brokenIn = (error: unknown): readonly BrokenAssertion[] => {
  if (error instanceof AssertionsError) return error.broken
  if (!(error instanceof DatabasesError)) throw error
  return Object.values(error.result.databases).flatMap((one) =>
    one.state === 'failed' ? brokenIn(one.error) : [],
  )
}

/** Those of the assertions that a call found broken which everybody, or a role of this test, breaks. */
export const brokenByOurs = async (box: Sandbox, error: unknown): Promise<readonly BrokenAssertion[]> => {
  const ours = new Set(await box.roles())
  return brokenIn(error).filter(
    ({ roles, everybody }) => everybody.length > 0 || roles.some(({ role }) => ours.has(role)),
  )
}

/**
 * Does some work again as long as an assertion is broken only by roles of other tests, which are in the same cluster and may be
 * members of superusers.
 * @param work is given the roles of other tests that were met
 * @returns what the work returns, or the error of an assertion that a role of this test breaks
 */
export const unlessOthers = async <T>(
  box: Sandbox,
  work: (others: readonly string[]) => Promise<T>,
): Promise<T | AssertionsError | DatabasesError> => {
  const others = new Set<string>()
  for (let tries = 0; ; tries++) {
    const result = await work([...others]).catch((error: unknown) => {
      if (error instanceof AssertionsError || error instanceof DatabasesError) return error
      throw error
    })
    if (!(result instanceof AssertionsError || result instanceof DatabasesError) || tries === 100)
      return result
    if ((await brokenByOurs(box, result)).length > 0) return result
    for (const { roles } of brokenIn(result)) for (const { role } of roles) others.add(role)
  }
}
