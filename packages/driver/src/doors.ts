import type { DesiredRole, Plan, Snapshot } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import * as Layer from 'effect/Layer'
import type * as Scope from 'effect/Scope'
import { AbortedError, databaseError, type StatementError } from './errors.ts'
import { inSpan } from './in-span.ts'
import type {
  CallOptions,
  DropUnusedRolesOptions,
  ExecutePlanOptions,
  PlanRolesOptions,
  SyncRolesOptions,
} from './options.ts'
import { type Acquire, onSession, Sessions, type SessionShape } from './session.ts'
import { type SyncResult, workflow } from './workflow.ts'

type Desired = DesiredRole | readonly DesiredRole[]

/** How a driver holds one connection: acquired with the scope, given back at its end. */
export type Hold<Connection> = (
  connection: Connection,
) => Effect.Effect<SessionShape, StatementError, Scope.Scope>

const acquiring = <Connection>(hold: Hold<Connection>, connection: Connection): Acquire =>
  hold(connection).pipe(Effect.mapError(databaseError('connect')), inSpan('pgsr.connect'))

/** A layer that provides the sessions of one connection or pool. Nothing is held by it: each call holds what it needs. */
export const sessionsLayer = <Connection>(
  hold: Hold<Connection>,
  connection: Connection,
): Layer.Layer<Sessions> => Layer.succeed(Sessions, { acquire: acquiring(hold, connection) })

/** The functions that return promises, for one driver’s connections. */
export interface Promises<Connection> {
  /**
   * Makes the roles have exactly what is asked for, in one transaction under the advisory lock, and proves it. When
   * nothing differs it takes one round trip, no lock, and writes nothing.
   * In a transaction of the caller’s, on a connection that is inside one, it works under a savepoint, and leaves COMMIT to
   * the caller.
   * @throws InvalidGrantError, ForbiddenRoleError, MissingObjectError, ResidueError, LockTimeoutError, TimeoutError,
   * TransactionOpenError, DatabaseError, ProofError, UnexpectedCatalogError, UnsupportedServerError, or the reason of
   * `signal`; the roles are then as they were, unless the error’s `outcome` is `unknown`
   */
  readonly syncRoles: (
    connection: Connection,
    desired: Desired,
    options?: SyncRolesOptions,
  ) => Promise<SyncResult>
  /** What `syncRoles` would do. Only reads. */
  readonly planRoles: (connection: Connection, desired: Desired, options?: PlanRolesOptions) => Promise<Plan>
  /**
   * Executes a plan that `planRoles` made, perhaps saved as JSON meanwhile: exactly that one, or nothing. It is made
   * again, before and under the lock, and has to come out the same.
   * @throws PlanChangedError when it does not, InvalidGrantError when it is no plan or `passwords` are not those that it
   * sets, and what `syncRoles` throws
   */
  readonly executePlan: (
    connection: Connection,
    plan: Plan,
    options?: ExecutePlanOptions,
  ) => Promise<SyncResult>
  /**
   * Drops the intermediate roles that serve nothing any more: those of this database that nobody is a member of, and
   * those that hold nothing anywhere. One that has more than an intermediate role has stays, as residue of the plan.
   * @throws InvalidGrantError, LockTimeoutError, TimeoutError, TransactionOpenError, DatabaseError, ProofError,
   * UnexpectedCatalogError, UnsupportedServerError, or the reason of `signal`; the roles are then as they were, unless
   * the error’s `outcome` is `unknown`
   */
  readonly dropUnusedRoles: (connection: Connection, options?: DropUnusedRolesOptions) => Promise<SyncResult>
  /** What `dropUnusedRoles` would do. Only reads. */
  readonly planDropUnusedRoles: (connection: Connection, options?: DropUnusedRolesOptions) => Promise<Plan>
  /** What the catalogs say of the roles and of what they ask for: to save, to plan elsewhere, to test with. */
  readonly introspect: (connection: Connection, desired: Desired, options?: CallOptions) => Promise<Snapshot>
}

/**
 * Runs the work. An error of ours gets the stack of who called instead of that of the machinery: the name of a
 * statement tells where it came from, and the caller wants to know which call of its own it was.
 */
const run = <A, E>(work: Effect.Effect<A, E>, called: Function): Promise<A> => {
  const caller = { stack: '' }
  Error.captureStackTrace?.(caller, called)
  return Effect.runPromise(work).catch((error: unknown) => {
    if (error instanceof AbortedError) throw error.reason
    if (error instanceof Error && '_tag' in error && caller.stack !== '')
      error.stack = caller.stack.replace(/^.*/, () => `${error.name}: ${error.message}`)
    throw error
  })
}

/** Makes a driver’s promise functions from how it holds a connection. */
export const promisesFor = <Connection>(hold: Hold<Connection>): Promises<Connection> => {
  const on = (connection: Connection) => onSession(acquiring(hold, connection))
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
