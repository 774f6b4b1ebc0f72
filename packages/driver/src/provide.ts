import * as Effect from 'effect/Effect'
import { onSession, type Session, Sessions } from './connection/session.ts'
import type { DatabaseError } from './errors.ts'

/** Acquires a session from the `Sessions` of the caller, for as long as the effect runs. */
export const provide = <A, E>(
  effect: Effect.Effect<A, E, Session>,
): Effect.Effect<A, E | DatabaseError, Sessions> =>
  Effect.flatMap(Sessions, ({ acquire }) => onSession(acquire)(effect))
