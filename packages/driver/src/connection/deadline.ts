import * as Effect from 'effect/Effect'
import * as Exit from 'effect/Exit'
import * as Fiber from 'effect/Fiber'
import { type Context, createContext, Script } from 'node:vm'
import { AbortedError, DatabaseError, type Outcome, StatementError, TimeoutError } from '../errors.ts'
import type { Settings } from '../options.ts'

/** How far a call has come, in case it is stopped: what is committed stays done, even if nobody waits for it any more. */
export interface CallStatus<A> {
  stage: 'working' | 'committing' | 'committed'
  /** What the call is waiting for. */
  awaits: string
  /** The result of the call, if the transaction that is ending is the last one. */
  result: A | undefined
}

export const notStarted = <A>(): CallStatus<A> => ({
  stage: 'working',
  awaits: 'a connection',
  result: undefined,
})

/** Waits until the deadline has passed, or the signal is aborted. */
const stopped = ({
  deadline,
  signal,
}: Pick<Settings, 'deadline' | 'signal'>): Effect.Effect<'timeout' | 'aborted'> =>
  Effect.callback((resume) => {
    const stop = (why: 'timeout' | 'aborted') => (): void => {
      forget()
      resume(Effect.succeed(why))
    }
    const abort = stop('aborted')
    const timer =
      deadline === Infinity
        ? undefined
        : setTimeout(stop('timeout'), Math.max(0, deadline - performance.now()))
    const forget = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    signal?.addEventListener('abort', abort)
    if (signal?.aborted === true) abort()
    return Effect.sync(forget)
  })

const lost = (reason: unknown): DatabaseError =>
  new DatabaseError(
    'commit',
    new StatementError({
      message: `the call was aborted before the server answered: ${String(reason)}`,
      sqlState: undefined,
    }),
    { outcome: 'unknown' },
  )

/**
 * Stops an effect at the deadline, or when the signal is aborted. What it was doing is first cancelled and undone. What is
 * committed by then stays committed. If the server did not answer COMMIT, the outcome is unknown.
 */
export const bounded = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  settings: Settings,
  status: CallStatus<A>,
): Effect.Effect<A, E | TimeoutError | AbortedError | DatabaseError, R> =>
  Effect.gen(function* () {
    const { operation, signal, timeout } = settings
    if (signal?.aborted === true) return yield* Effect.fail(new AbortedError(operation, signal.reason))
    const fiber = yield* Effect.forkChild(effect)
    const ended = yield* Effect.raceFirst(Fiber.await(fiber), stopped(settings)).pipe(
      Effect.onInterrupt(() => Fiber.interrupt(fiber)),
    )
    if (typeof ended !== 'string') return yield* ended
    yield* Fiber.interrupt(fiber)
    const exit = yield* Fiber.await(fiber)
    if (Exit.isSuccess(exit)) return exit.value
    if (status.stage === 'committed' && status.result !== undefined) return status.result
    const outcome: Outcome = status.stage === 'committing' ? 'unknown' : 'unchanged'
    if (ended === 'timeout')
      return yield* Effect.fail(new TimeoutError(operation, status.awaits, timeout, outcome))
    const reason: unknown = signal?.reason
    return yield* Effect.fail(outcome === 'unknown' ? lost(reason) : new AbortedError(operation, reason))
  })

/** What ends a computation of a call in time. */
export type Deadline = Pick<Settings, 'operation' | 'timeout' | 'deadline'>

const late = Symbol('late')

let sandbox: { readonly context: Context; readonly script: Script } | undefined

const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

/**
 * While a computation runs, no timer fires: only the engine can end it. It does that for scripts, whatever functions they
 * call, and also ends a regular expression that backtracks.
 */
const runWithin = <A>(milliseconds: number, compute: () => A): A | typeof late => {
  sandbox ??= { context: createContext(), script: new Script('compute()') }
  const { context, script } = sandbox
  context.compute = compute
  try {
    return script.runInContext(context, { timeout: milliseconds }) as A
  } catch (error) {
    if (isTimeout(error)) return late
    throw error
  } finally {
    context.compute = undefined
  }
}

/** What a computation goes through. */
export interface Workload {
  /** The number of grants, roles, memberships, objects and items of their ACLs. */
  readonly size: number
  /** Whether it matches names against patterns of the caller’s, of which a single match may take for ever. */
  readonly matches: boolean
}

/** A smaller computation ends within a few tens of milliseconds. To watch one takes the engine one or two. */
const watchedFrom = 10_000

const isWatched = ({ size, matches }: Workload): boolean => matches || size >= watchedFrom

/** Computes a value and stops at the deadline. The computation must have no side effects. */
export const computeInTime = <A>(
  { operation, timeout, deadline }: Deadline,
  workload: Workload,
  compute: () => A,
): Effect.Effect<A, TimeoutError> =>
  Effect.suspend(() => {
    if (deadline === Infinity) return Effect.succeed(compute())
    const left = Math.ceil(deadline - performance.now())
    const run = (): A | typeof late => (isWatched(workload) ? runWithin(left, compute) : compute())
    const value = left > 0 ? run() : late
    return value === late
      ? Effect.fail(new TimeoutError(operation, 'its plan to be computed', timeout, 'unchanged'))
      : Effect.succeed(value)
  })
