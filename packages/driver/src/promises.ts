import * as Effect from 'effect/Effect'
import { acquireFrom, onSession } from './connection/session.ts'
import type { AcquireWire } from './connection/wire.ts'
import { AbortedError } from './errors.ts'
import { databasesWorkflow } from './databases/workflow.ts'
import type { DatabasesPromises } from './databases/functions.ts'
import type { Promises } from './functions.ts'
import { workflow } from './sync/workflow.ts'

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
export const promisesFor = <Connection>(acquireWire: AcquireWire<Connection>): Promises<Connection> => {
  const on = (connection: Connection) => onSession(acquireFrom(acquireWire, connection))
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
    describeRoles: (connection, options = {}) =>
      run(workflow.describeRoles(options, on(connection)), promises.describeRoles),
    explain: (connection, question, options = {}) =>
      run(workflow.explain(question, options, on(connection)), promises.explain),
    whoCan: (connection, question, options = {}) =>
      run(workflow.whoCan(question, options, on(connection)), promises.whoCan),
    accessOf: (connection, role, options = {}) =>
      run(workflow.accessOf(role, options, on(connection)), promises.accessOf),
    accessDifference: (connection, plan, options = {}) =>
      run(workflow.accessDifference(plan, options, on(connection)), promises.accessDifference),
    introspectAccess: (connection, options = {}) =>
      run(workflow.introspectAccess(options, on(connection)), promises.introspectAccess),
    introspect: (connection, desired, options = {}) =>
      run(workflow.introspect(desired, options, on(connection)), promises.introspect),
  }
  return promises
}

/** Makes the promise functions of a driver for several databases. */
export const databasesPromisesFor = <Connection>(
  acquireWire: AcquireWire<Connection>,
): DatabasesPromises<Connection> => {
  const on = (connections: Readonly<Record<string, Connection>>) =>
    Object.fromEntries(
      Object.entries(connections).map(([database, connection]) => [
        database,
        onSession(acquireFrom(acquireWire, connection)),
      ]),
    )
  const promises: DatabasesPromises<Connection> = {
    syncDatabases: (connections, desired, options = {}) =>
      run(databasesWorkflow.syncDatabases(on(connections), desired, options), promises.syncDatabases),
    planDatabases: (connections, desired, options = {}) =>
      run(databasesWorkflow.planDatabases(on(connections), desired, options), promises.planDatabases),
  }
  return promises
}
