import type { DatabasesPromises, Promises } from '@pgsr/driver/api'
import { databasesPromisesFor, promisesFor } from '@pgsr/driver/promises'
import type { Connection } from './connection.ts'
import { acquireWire } from './session.ts'

const promises: Promises<Connection> = promisesFor(acquireWire)

/**
 * Makes roles have exactly the grants that are desired: grants what is missing, and revokes everything else. Use it
 * wherever roles are set up, as often as you like. If nothing differs, it reads the catalogs in one round trip and
 * changes nothing.
 *
 * It works in its own transaction, under an advisory lock, and compares the catalogs with the plan before COMMIT. On a
 * client that is inside a transaction of yours, it works under a savepoint and leaves COMMIT to you. All times in
 * `options` are in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns whether anything was changed, and the plan that was executed
 * @throws InvalidGrantError, ForbiddenRoleError, MissingObjectError, ResidueError, LockTimeoutError,
 * TooManyLocksError, TimeoutError, TransactionOpenError, DatabaseError, ProofError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`. Nothing was changed then, unless the `outcome` of the
 * error is `unknown`.
 * @example
 * ```ts
 * import pg from 'pg'
 * import { Grant, syncRoles } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const { changed } = await syncRoles(pool, { role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] })
 * console.log(changed ? 'analyst was changed' : 'analyst was up to date')
 * await pool.end()
 * ```
 */
export const syncRoles: Promises<Connection>['syncRoles'] = promises.syncRoles

/**
 * Makes the plan that `syncRoles` would execute, and changes nothing. Use it to show what would happen, or to save the
 * plan and execute it after a review. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the plan, which can be saved as JSON
 * @throws InvalidGrantError, ForbiddenRoleError, MissingObjectError, TimeoutError, TransactionOpenError,
 * DatabaseError, UnexpectedCatalogError, UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { Grant, planRoles, renderSql } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const plan = await planRoles(pool, { role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] })
 * console.log(renderSql(plan))
 * await pool.end()
 * ```
 */
export const planRoles: Promises<Connection>['planRoles'] = promises.planRoles

/**
 * Executes a plan of `planRoles` or `planDropUnusedRoles`, exactly as it is or not at all. Use it for a plan that
 * somebody has reviewed. The plan is made again, before and under the lock, and has to come out the same. A plan
 * contains no passwords: those that it sets are given in `options`. All times in `options` are in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns whether anything was changed, and the plan
 * @throws PlanChangedError if the plan would be different now, InvalidGrantError if it is not a plan or `passwords` do
 * not fit, and the errors of `syncRoles`. Nothing was changed then, unless the `outcome` of the error is
 * `unknown`.
 * @example
 * ```ts
 * import pg from 'pg'
 * import { executePlan, Grant, type Plan, planRoles } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const plan = await planRoles(pool, { role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] })
 * const reviewed = JSON.parse(JSON.stringify(plan)) as Plan
 * const { changed } = await executePlan(pool, reviewed)
 * console.log(changed)
 * await pool.end()
 * ```
 */
export const executePlan: Promises<Connection>['executePlan'] = promises.executePlan

/**
 * Drops the intermediate roles that nobody needs: those of this database without members, and those without privileges
 * in any database. Use it from time to time, or after roles have been removed. A role that cannot be
 * dropped stays, as residue of the plan. All times in `options` are in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns whether anything was changed, and the plan that was executed
 * @throws InvalidGrantError, LockTimeoutError, TooManyLocksError, TimeoutError, TransactionOpenError, DatabaseError,
 * ProofError, UnexpectedCatalogError, UnsupportedServerError, or the reason of `signal`. Nothing was changed
 * then, unless the `outcome` of the error is `unknown`.
 * @example
 * ```ts
 * import pg from 'pg'
 * import { dropUnusedRoles } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const { changed } = await dropUnusedRoles(pool)
 * console.log(changed ? 'dropped some roles' : 'no role is unused')
 * await pool.end()
 * ```
 */
export const dropUnusedRoles: Promises<Connection>['dropUnusedRoles'] = promises.dropUnusedRoles

/**
 * Makes the plan that `dropUnusedRoles` would execute, and changes nothing. Use it to see which roles are unused.
 * `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the plan, which can be saved as JSON
 * @throws InvalidGrantError, TimeoutError, TransactionOpenError, DatabaseError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { planDropUnusedRoles, renderSql } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const plan = await planDropUnusedRoles(pool)
 * console.log(renderSql(plan))
 * await pool.end()
 * ```
 */
export const planDropUnusedRoles: Promises<Connection>['planDropUnusedRoles'] = promises.planDropUnusedRoles

/**
 * Describes roles as they are: as desired roles for which a plan has nothing to do. Use it to start from a database that
 * exists. What grants cannot say is in `unsaid`. It only reads. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the roles, which can be saved as JSON or rendered as code, and what they leave unsaid
 * @throws InvalidGrantError, TimeoutError, TransactionOpenError, DatabaseError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { describeRoles } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const { desired, unsaid } = await describeRoles(pool)
 * console.log(desired.map(({ role }) => role), unsaid.map(({ message }) => message))
 * await pool.end()
 * ```
 */
export const describeRoles: Promises<Connection>['describeRoles'] = promises.describeRoles

/**
 * Explains whether a role has a privilege on an object: by which ways, who granted each of them and what ends it; or what the
 * role lacks. Use it before you revoke something, or to find out why somebody is refused. It reads what decides about the
 * answer, and no more. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the answer, which is plain data
 * @throws InvalidGrantError, TimeoutError, TransactionOpenError, DatabaseError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { explain, Target } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const question = { role: 'analyst', privilege: 'SELECT', object: Target.table('sales', 'customers') } as const
 * const { verdict, paths } = await explain(pool, question)
 * console.log(verdict, paths.length)
 * await pool.end()
 * ```
 */
export const explain: Promises<Connection>['explain'] = promises.explain

/**
 * Lists who has a privilege on an object, by which ways, and who can get it by SET ROLE. Use it before you revoke something, or
 * to see who reads what is confidential. It reads what decides about the answer, and no more. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the answer, which is plain data
 * @throws InvalidGrantError, TimeoutError, TransactionOpenError, DatabaseError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { Target, whoCan } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const { roles } = await whoCan(pool, { privilege: 'SELECT', object: Target.table('sales', 'customers') })
 * console.log(roles.map(({ role }) => role))
 * await pool.end()
 * ```
 */
export const whoCan: Promises<Connection>['whoCan'] = promises.whoCan

/**
 * Lists everything that a role can do in a database, by which ways, and how it may get more. It reads everything in the
 * database; what PUBLIC has is left out unless `byPublic` asks for it. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the answer, which is plain data
 * @throws InvalidGrantError, TimeoutError, TransactionOpenError, DatabaseError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { accessOf } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const { objects, escalations } = await accessOf(pool, 'analyst')
 * console.log(objects.length, escalations.length)
 * await pool.end()
 * ```
 */
export const accessOf: Promises<Connection>['accessOf'] = promises.accessOf

/**
 * Works out what every role, named in a plan or not, will be able to do after the plan that it cannot do now, and the other way
 * round. Use it to review a plan. It reads all roles, and everything in the database. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the changes, by object
 * @throws InvalidGrantError, TimeoutError, TransactionOpenError, DatabaseError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { accessDifference, Grant, planRoles } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const plan = await planRoles(pool, { role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] })
 * const { changes } = await accessDifference(pool, plan)
 * console.log(changes.map(({ role, change, privilege }) => `${role} ${change} ${privilege}`))
 * await pool.end()
 * ```
 */
export const accessDifference: Promises<Connection>['accessDifference'] = promises.accessDifference

/**
 * Reads what decides about access, and changes nothing. Use it to answer many questions from one snapshot, or to save it and
 * answer them elsewhere. By default it reads all roles, and everything in the database. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the snapshot, which can be saved as JSON
 * @throws InvalidGrantError, TimeoutError, TransactionOpenError, DatabaseError, UnexpectedCatalogError,
 * UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { introspectAccess } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const { roles } = await introspectAccess(pool)
 * console.log(roles.length > 0)
 * await pool.end()
 * ```
 */
export const introspectAccess: Promises<Connection>['introspectAccess'] = promises.introspectAccess

/**
 * Reads what the catalogs say about the desired roles and about the objects in their grants, and changes nothing. Use
 * it to save a snapshot, to plan elsewhere with `plan`, or to test a plan. `timeout` is in milliseconds.
 *
 * @param connection a `Pool`, or a connected client of yours
 * @returns the snapshot, which can be saved as JSON
 * @throws InvalidGrantError, ForbiddenRoleError, TimeoutError, TransactionOpenError, DatabaseError,
 * UnexpectedCatalogError, UnsupportedServerError, or the reason of `signal`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { Grant, introspect } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool()
 * const snapshot = await introspect(pool, { role: 'analyst', grants: [Grant.schemaUsage('sales')] })
 * console.log(snapshot.objects.map(({ kind, name }) => `${kind} ${name.join('.')}`))
 * await pool.end()
 * ```
 */
export const introspect: Promises<Connection>['introspect'] = promises.introspect

const databases: DatabasesPromises<Connection> = databasesPromisesFor(acquireWire)

/**
 * Makes roles have exactly what is desired in several databases of one cluster. What belongs to the whole cluster, such as
 * LOGIN and memberships, is done once, in the first database; then the others follow, some at the same time. If the first
 * fails, the others are not begun; if another fails, the rest is done all the same. To run the same call again is safe. All
 * times in `options` are in milliseconds, and hold for each database.
 *
 * @param connections a connection for each database, by its name
 * @returns what became of each database
 * @throws DatabasesError if something failed in a database; and before anything is sent, InvalidGrantError
 * @example
 * ```ts
 * import pg from 'pg'
 * import { Grant, syncDatabases } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool({ database: 'warehouse' })
 * const analyst = { role: 'analyst', grants: [Grant.login()], in: { warehouse: [Grant.schemaUsage('sales')] } }
 * const { changed } = await syncDatabases({ warehouse: pool }, analyst)
 * console.log(changed)
 * await pool.end()
 * ```
 */
export const syncDatabases: DatabasesPromises<Connection>['syncDatabases'] = databases.syncDatabases

/**
 * Makes the plans that `syncDatabases` would execute, and changes nothing. The plans of the other databases take for granted
 * what that of the first does. `timeout` is in milliseconds, for each database.
 *
 * @param connections a connection for each database, by its name
 * @returns the plans by database
 * @throws the errors of `planRoles`
 * @example
 * ```ts
 * import pg from 'pg'
 * import { Grant, planDatabases, renderSql } from '@pgsr/node-postgres'
 *
 * const pool = new pg.Pool({ database: 'warehouse' })
 * const analyst = { role: 'analyst', grants: [Grant.login()], in: { warehouse: [Grant.schemaUsage('sales')] } }
 * const plans = await planDatabases({ warehouse: pool }, analyst)
 * console.log(Object.entries(plans).map(([database, { plan }]) => `${database}: ${renderSql(plan)}`))
 * await pool.end()
 * ```
 */
export const planDatabases: DatabasesPromises<Connection>['planDatabases'] = databases.planDatabases

export * from '@pgsr/driver/api'
export type { Connection } from './connection.ts'
