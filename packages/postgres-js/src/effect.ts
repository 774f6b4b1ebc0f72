import type { Sessions } from '@pgsr/driver/effect'
import { sessionsLayer } from '@pgsr/driver/layer'
import type * as Layer from 'effect/Layer'
import type { Connection } from './connection.ts'
import { acquireWire } from './session.ts'

/**
 * Provides the `Sessions` that the functions of this module require. Make it once for a pool, or for a connection of yours:
 * each call acquires a session when it needs one.
 *
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import postgres from 'postgres'
 * import { layer, planDropUnusedRoles, renderSql } from '@pgsr/postgres-js/effect'
 *
 * const sql = postgres()
 * const program = Effect.map(planDropUnusedRoles(), renderSql)
 * console.log(await Effect.runPromise(Effect.provide(program, layer(sql))))
 * await sql.end()
 * ```
 */
export const layer = (connection: Connection): Layer.Layer<Sessions> => sessionsLayer(acquireWire, connection)

export * from '@pgsr/driver/api'
export * from '@pgsr/driver/effect'
export type { Connection } from './connection.ts'
