import * as Effect from 'effect/Effect'
import * as Exit from 'effect/Exit'
import * as Fiber from 'effect/Fiber'
import { AbortedError, DatabaseError, type Outcome, StatementError, TimeoutError } from './errors.ts'
import type { Settings, Work } from './options.ts'
import type { Progress } from './progress.ts'

type Stopped = 'timeout' | 'aborted'

/** Until the time is up, or the caller has had enough. */
const stopped = ({ deadline, signal }: Pick<Settings, 'deadline' | 'signal'>): Effect.Effect<Stopped> =>
  Effect.callback((resume) => {
    const stop = (why: Stopped) => (): void => {
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
      message: `the call was aborted while the server had not answered yet: ${String(reason)}`,
      sqlState: undefined,
    }),
    { outcome: 'unknown' },
  )

/**
 * Gives the work up when its time is over, or its signal is aborted: what it was doing is cancelled and undone first. What
 * is committed by then is done all the same; whether it is may be unknown, where the server did not answer.
 */
export const bounded = <A, E, R>(
  work: Effect.Effect<A, E, R>,
  operation: Work,
  settings: Settings,
  progress: Progress<A>,
): Effect.Effect<A, E | TimeoutError | AbortedError | DatabaseError, R> =>
  Effect.gen(function* () {
    if (settings.signal?.aborted === true)
      return yield* Effect.fail(new AbortedError(operation, settings.signal.reason))
    const fiber = yield* Effect.forkChild(work)
    const ended = yield* Effect.raceFirst(Fiber.await(fiber), stopped(settings)).pipe(
      Effect.onInterrupt(() => Fiber.interrupt(fiber)),
    )
    if (typeof ended !== 'string') return yield* ended
    yield* Fiber.interrupt(fiber)
    const exit = yield* Fiber.await(fiber)
    if (Exit.isSuccess(exit)) return exit.value
    if (progress.stage === 'committed' && progress.result !== undefined) return progress.result
    const outcome: Outcome = progress.stage === 'committing' ? 'unknown' : 'unchanged'
    if (ended === 'timeout')
      return yield* Effect.fail(new TimeoutError(operation, progress.awaits, settings.timeout, outcome))
    const reason: unknown = settings.signal?.reason
    return yield* Effect.fail(outcome === 'unknown' ? lost(reason) : new AbortedError(operation, reason))
  })
