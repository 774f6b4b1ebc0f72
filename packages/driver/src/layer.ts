import * as Layer from 'effect/Layer'
import { acquireFrom, Sessions } from './connection/session.ts'
import type { AcquireWire } from './connection/wire.ts'

/** A layer that provides the sessions of one connection or pool. Each call acquires a session when it needs one. */
export const sessionsLayer = <Connection>(
  acquireWire: AcquireWire<Connection>,
  connection: Connection,
): Layer.Layer<Sessions> => Layer.succeed(Sessions, { acquire: acquireFrom(acquireWire, connection) })
