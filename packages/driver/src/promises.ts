import * as Effect from 'effect/Effect'
import * as Layer from 'effect/Layer'
import type * as Scope from 'effect/Scope'
import { type Acquire, onSession, Sessions, type SessionShape } from './connection/session.ts'
import { AbortedError, databaseError, type StatementError } from './errors.ts'
import type { Promises } from './functions.ts'
import { inSpan } from './span.ts'
import { workflow } from './sync/workflow.ts'

/** How a driver acquires a session for one call, and releases it with the scope. */
export type AcquireSession<Connection> = (
  connection: Connection,
) => Effect.Effect<SessionShape, StatementError, Scope.Scope>

const acquireFrom = <Connection>(acquire: AcquireSession<Connection>, connection: Connection): Acquire =>
  acquire(connection).pipe(Effect.mapError(databaseError('connect')), inSpan('pgsr.connect'))

/** A layer that provides the sessions of one connection or pool. Each call acquires a session when it needs one. */
export const sessionsLayer = <Connection>(
  acquire: AcquireSession<Connection>,
  connection: Connection,
): Layer.Layer<Sessions> => Layer.succeed(Sessions, { acquire: acquireFrom(acquire, connection) })

/** Runs an effect. Errors of pgsr get the stack of the caller, since the stack inside pgsr does not tell which call failed. */
const run = <A, E>(effect: Effect.Effect<A, E>, called: Function): Promise<A> => {
  const caller = { stack: '' }
  Error.captureStackTrace?.(caller, called)
  return Effect.runPromise(effect).catch((error: unknown) => {
    if (error instanceof AbortedError) throw error.reason
    if (error instanceof Error && '_tag' in error && caller.stack !== '')
      error.stack = caller.stack.replace(/^.*/, () => `${error.name}: ${error.message}`)
    throw error
  })
}

/** Makes the promise functions of a driver. */
export const promisesFor = <Connection>(acquire: AcquireSession<Connection>): Promises<Connection> => {
  const on = (connection: Connection) => onSession(acquireFrom(acquire, connection))
  const promises: Promises<Connection> = {
    syncRoles: (connection, desired, options = {}) =>
      run(workflow.syncRoles(desired, options, on(connection)), promises.syncRoles),
    planRoles: (connection, desired, options = {}) =>
      run(workflow.planRoles(desired, options, on(connection)), promises.planRoles),
    executePlan: (connection, plan, options = {}) =>
      run(workflow.executePlan(plan, options, on(connection)), promises.executePlan),
    dropUnusedRoles: (connection, options = {}) =>
      run(workflow.dropUnusedRoles(options, on(connection)), promises.dropUnusedRoles),
    planDropUnusedRoles: (connection, options = {}) =>
      run(workflow.planDropUnusedRoles(options, on(connection)), promises.planDropUnusedRoles),
    introspect: (connection, desired, options = {}) =>
      run(workflow.introspect(desired, options, on(connection)), promises.introspect),
  }
  return promises
}
