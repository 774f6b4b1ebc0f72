import * as Effect from 'effect/Effect'

/** A span of what some work does, that does not hold what came of it: verifiers of passwords, or the caller’s pool. */
export const inSpan =
  (name: string, attributes: Readonly<Record<string, unknown>> = {}) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const results: A[] = []
      return Effect.map(work, (result) => {
        results.push(result)
      }).pipe(
        Effect.withSpan(name, { attributes }),
        Effect.map(() => results[0]!),
      )
    })
