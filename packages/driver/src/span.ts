import * as Effect from 'effect/Effect'

/**
 * Runs an effect in a span. The span does not see the result, which may hold verifiers of passwords or the caller’s pool. It
 * takes no stack trace, which would lead into pgsr.
 */
export const inSpan =
  (name: string, attributes: Readonly<Record<string, unknown>> = {}) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const results: A[] = []
      return Effect.map(effect, (result) => {
        results.push(result)
      }).pipe(
        Effect.withSpan(name, { attributes }, { captureStackTrace: false }),
        Effect.map(() => results[0]!),
      )
    })
