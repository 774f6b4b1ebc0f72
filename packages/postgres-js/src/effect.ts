import { type Sessions, sessionsLayer } from '@pgsr/driver'
import type * as Layer from 'effect/Layer'
import { acquireSession, type Connection } from './session.ts'

/** Provides the `Sessions` of a connection or pool, which the functions of this module require. */
export const layer = (connection: Connection): Layer.Layer<Sessions> =>
  sessionsLayer(acquireSession, connection)

export * from '@pgsr/driver/effect'
export { type Connection } from './session.ts'
