import { type Sessions, sessionsLayer } from '@pgsr/driver'
import type * as Layer from 'effect/Layer'
import { type Connection, hold } from './session.ts'

/** Provides what the functions of this module run on: sessions of one connection, or a session of a pool for each call. */
export const layer = (connection: Connection): Layer.Layer<Sessions> => sessionsLayer(hold, connection)

export * from '@pgsr/driver/effect'
export { type Connection } from './session.ts'
