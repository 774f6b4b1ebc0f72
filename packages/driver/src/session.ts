import * as Context from 'effect/Context'
import type * as Effect from 'effect/Effect'
import type { StatementError } from './errors.ts'

/** One connection that nobody else uses for as long as it is held. All that a driver has to provide. */
export interface SessionShape {
  /**
   * Sends one text, which may hold several statements, as one message of the simple protocol, and answers the first
   * column of every row, of all statements in order, as the text that the server sent.
   */
  readonly send: (text: string) => Effect.Effect<readonly (string | null)[], StatementError>
  /** The pool or client the connection came from. What was learned of its server is remembered by it. */
  readonly connection: object
}

/** The connection that a workflow runs on. */
export class Session extends Context.Service<Session, SessionShape>()('@pgsr/Session') {}
