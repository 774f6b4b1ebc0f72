import * as Effect from 'effect/Effect'
import { type Context, createContext, Script } from 'node:vm'
import { TimeoutError } from './errors.ts'
import type { Settings } from './options.ts'

/** What has to be known to end work when the time of its call is over. */
export type Time = Pick<Settings, 'work' | 'timeout' | 'deadline'>

const late = Symbol('late')

let callee: { readonly context: Context; readonly script: Script } | undefined

const isLate = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

/**
 * Nothing else runs on the thread while something is worked out, no timer either: only the engine itself can end that,
 * which it does for scripts. It ends whatever a script calls, and a pattern that backtracks, too.
 */
const callWithin = <A>(milliseconds: number, work: () => A): A | typeof late => {
  callee ??= { context: createContext(), script: new Script('work()') }
  const { context, script } = callee
  context.work = work
  try {
    return script.runInContext(context, { timeout: milliseconds }) as A
  } catch (error) {
    if (isLate(error)) return late
    throw error
  } finally {
    context.work = undefined
  }
}

/** Works something out, and gives it up at the deadline. It must not have changed anything by then. */
export const inTime = <A>(
  { work, timeout, deadline }: Time,
  workOut: () => A,
): Effect.Effect<A, TimeoutError> =>
  Effect.suspend(() => {
    if (deadline === Infinity) return Effect.succeed(workOut())
    const left = Math.ceil(deadline - performance.now())
    const value = left > 0 ? callWithin(left, workOut) : late
    return value === late
      ? Effect.fail(new TimeoutError(work, 'its own planning to end', timeout, 'unchanged'))
      : Effect.succeed(value)
  })
