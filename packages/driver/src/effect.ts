import type { DescribedRoles, Plan, Snapshot } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import type * as Layer from 'effect/Layer'
import type { Sessions } from './connection/session.ts'
import type { DatabaseError } from './errors.ts'
import type {
  DescribeRolesError,
  DropUnusedRolesError,
  ExecutePlanError,
  IntrospectError,
  PlanDropUnusedRolesError,
  PlanError,
  SyncError,
} from './failures.ts'
import type { DesiredInDatabases } from './databases/desired.ts'
import type { PlanDatabasesOptions, SyncDatabasesOptions } from './databases/options.ts'
import type { DatabasesError, DatabasesPlans, DatabasesResult } from './databases/results.ts'
import { databasesWorkflow } from './databases/workflow.ts'
import type { Desired, SyncResult } from './functions.ts'
import type {
  DescribeRolesOptions,
  DropUnusedRolesOptions,
  ExecutePlanOptions,
  IntrospectOptions,
  PlanRolesOptions,
  SyncRolesOptions,
} from './options.ts'
import type { ProvideSession } from './sync/running.ts'
import { provide } from './provide.ts'
import { workflow } from './sync/workflow.ts'

/** The same for each of several databases. */
const providedBy = (
  sessions: Readonly<Record<string, Layer.Layer<Sessions>>>,
): Readonly<Record<string, ProvideSession<DatabaseError, never>>> =>
  Object.fromEntries(
    Object.entries(sessions).map(([database, layer]) => [
      database,
      (effect) => Effect.provide(provide(effect), layer),
    ]),
  )

/**
 * Makes roles have exactly the grants that are desired: grants what is missing, and revokes everything else. Use it
 * wherever roles are set up, as often as you like. If nothing differs, it reads the catalogs in one round trip and
 * changes nothing.
 *
 * It works in its own transaction, under an advisory lock, and compares the catalogs with the plan before COMMIT. On a
 * connection that is inside a transaction of yours, it works under a savepoint and leaves COMMIT to you. All times in
 * `options` are in milliseconds.
 *
 * @returns whether anything was changed, and the plan that was executed; or a failure, which is a `SyncError`. Nothing
 * was changed then, unless the `outcome` of the error is `unknown`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { Grant, layer, syncRoles } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = syncRoles({ role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] })
 * const { changed } = await Effect.runPromise(Effect.provide(program, layer(pool)))
 * console.log(changed)
 * await pool.end()
 * ```
 */
export const syncRoles = (
  desired: Desired,
  options: SyncRolesOptions = {},
): Effect.Effect<SyncResult, SyncError, Sessions> => workflow.syncRoles(desired, options, provide)

/**
 * Makes the plan that `syncRoles` would execute, and changes nothing. Use it to show what would happen, or to save the
 * plan and execute it after a review. `timeout` is in milliseconds.
 *
 * @returns the plan, which can be saved as JSON; or a failure, which is a `PlanError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { Grant, layer, planRoles, renderSql } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = planRoles({ role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] })
 * console.log(renderSql(await Effect.runPromise(Effect.provide(program, layer(pool)))))
 * await pool.end()
 * ```
 */
export const planRoles = (
  desired: Desired,
  options: PlanRolesOptions = {},
): Effect.Effect<Plan, PlanError, Sessions> => workflow.planRoles(desired, options, provide)

/**
 * Executes a plan of `planRoles` or `planDropUnusedRoles`, exactly as it is or not at all. Use it for a plan that
 * somebody has reviewed. The plan is made again, before and under the lock, and has to come out the same. A plan
 * contains no passwords: those that it sets are given in `options`. All times in `options` are in milliseconds.
 *
 * @returns whether anything was changed, and the plan; or a failure, which is an `ExecutePlanError`. Nothing was
 * changed then, unless the `outcome` of the error is `unknown`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { executePlan, Grant, layer, planRoles } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = Effect.flatMap(planRoles({ role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] }), (plan) => executePlan(plan))
 * const { changed } = await Effect.runPromise(Effect.provide(program, layer(pool)))
 * console.log(changed)
 * await pool.end()
 * ```
 */
export const executePlan = (
  plan: Plan,
  options: ExecutePlanOptions = {},
): Effect.Effect<SyncResult, ExecutePlanError, Sessions> => workflow.executePlan(plan, options, provide)

/**
 * Drops the intermediate roles that nobody needs: those of this database without members, and those without privileges
 * in any database. Use it from time to time, or after roles have been removed. A role that cannot be
 * dropped stays, as residue of the plan. All times in `options` are in milliseconds.
 *
 * @returns whether anything was changed, and the plan that was executed; or a failure, which is a
 * `DropUnusedRolesError`. Nothing was changed then, unless the `outcome` of the error is `unknown`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { dropUnusedRoles, layer } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = dropUnusedRoles()
 * const { changed } = await Effect.runPromise(Effect.provide(program, layer(pool)))
 * console.log(changed)
 * await pool.end()
 * ```
 */
export const dropUnusedRoles = (
  options: DropUnusedRolesOptions = {},
): Effect.Effect<SyncResult, DropUnusedRolesError, Sessions> => workflow.dropUnusedRoles(options, provide)

/**
 * Makes the plan that `dropUnusedRoles` would execute, and changes nothing. Use it to see which roles are unused.
 * `timeout` is in milliseconds.
 *
 * @returns the plan, which can be saved as JSON; or a failure, which is a `PlanDropUnusedRolesError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { layer, planDropUnusedRoles, renderSql } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = planDropUnusedRoles()
 * console.log(renderSql(await Effect.runPromise(Effect.provide(program, layer(pool)))))
 * await pool.end()
 * ```
 */
export const planDropUnusedRoles = (
  options: DropUnusedRolesOptions = {},
): Effect.Effect<Plan, PlanDropUnusedRolesError, Sessions> => workflow.planDropUnusedRoles(options, provide)

/**
 * Describes roles as they are: as desired roles for which a plan has nothing to do. Use it to start from a database that
 * exists. What grants cannot say is in `unsaid`. `timeout` is in milliseconds.
 *
 * @returns the roles, which can be saved as JSON or rendered as code; or a failure, which is a `DescribeRolesError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { describeRoles, layer } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const { desired } = await Effect.runPromise(Effect.provide(describeRoles(), layer(pool)))
 * console.log(desired.map(({ role }) => role))
 * await pool.end()
 * ```
 */
export const describeRoles = (
  options: DescribeRolesOptions = {},
): Effect.Effect<DescribedRoles, DescribeRolesError, Sessions> => workflow.describeRoles(options, provide)

/**
 * Reads what the catalogs say about the desired roles and about the objects in their grants, and changes nothing. Use
 * it to save a snapshot, to plan elsewhere with `plan`, or to test a plan. `timeout` is in milliseconds.
 *
 * @returns the snapshot, which can be saved as JSON; or a failure, which is an `IntrospectError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { Grant, introspect, layer } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = introspect({ role: 'analyst', grants: [Grant.schemaUsage('sales')] })
 * const { objects } = await Effect.runPromise(Effect.provide(program, layer(pool)))
 * console.log(objects.length)
 * await pool.end()
 * ```
 */
export const introspect = (
  desired: Desired,
  options: IntrospectOptions = {},
): Effect.Effect<Snapshot, IntrospectError, Sessions> => workflow.introspect(desired, options, provide)

/**
 * Makes roles have exactly what is desired in several databases of one cluster. What belongs to the whole cluster, such as
 * LOGIN and memberships, is done once, in the first database; then the others follow, some at the same time. If the first
 * fails, the others are not begun; if another fails, the rest is done all the same. To run the same call again is safe. All
 * times in `options` are in milliseconds, and hold for each database.
 *
 * @returns what became of each database; or a failure, which is a `DatabasesError` if something failed in a database
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { Grant, layer, syncDatabases } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool({ database: 'warehouse' })
 * const analyst = { role: 'analyst', grants: [Grant.login(), Grant.schemaUsage('sales')] }
 * const { changed } = await Effect.runPromise(syncDatabases({ warehouse: layer(pool) }, analyst))
 * console.log(changed)
 * await pool.end()
 * ```
 */
export const syncDatabases = (
  sessions: Readonly<Record<string, Layer.Layer<Sessions>>>,
  desired: DesiredInDatabases,
  options: SyncDatabasesOptions = {},
): Effect.Effect<DatabasesResult, SyncError | DatabasesError> =>
  databasesWorkflow.syncDatabases(providedBy(sessions), desired, options)

/**
 * Makes the plans that `syncDatabases` would execute, and changes nothing. The plans of the other databases take for granted
 * what that of the first does. `timeout` is in milliseconds, for each database.
 *
 * @returns the plans by database; or a failure, which is a `PlanError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { Grant, layer, planDatabases, renderSql } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool({ database: 'warehouse' })
 * const analyst = { role: 'analyst', grants: [Grant.login(), Grant.schemaUsage('sales')] }
 * const plans = await Effect.runPromise(planDatabases({ warehouse: layer(pool) }, analyst))
 * console.log(Object.values(plans).map(({ plan }) => renderSql(plan)))
 * await pool.end()
 * ```
 */
export const planDatabases = (
  sessions: Readonly<Record<string, Layer.Layer<Sessions>>>,
  desired: DesiredInDatabases,
  options: PlanDatabasesOptions = {},
): Effect.Effect<DatabasesPlans, PlanError> =>
  databasesWorkflow.planDatabases(providedBy(sessions), desired, options)

export { accessDifference, accessOf, explain, introspectAccess, whoCan } from './access-effect.ts'
export { Sessions, type SessionShape } from './connection/session.ts'
