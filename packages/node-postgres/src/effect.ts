import { type DatabaseError, type Session, sessionLayer } from '@pgsr/driver'
import type * as Layer from 'effect/Layer'
import { type Connection, hold } from './session.ts'

/** Provides the session of one connection: what the functions of this module run on. */
export const layer = (connection: Connection): Layer.Layer<Session, DatabaseError> =>
  sessionLayer(hold, connection)

export * from '@pgsr/driver/effect'
export { type Connection } from './session.ts'
