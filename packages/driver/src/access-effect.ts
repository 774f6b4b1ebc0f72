import type {
  AccessDifference,
  AccessOf,
  AccessQuestion,
  Explanation,
  Plan,
  Snapshot,
  WhoCan,
  WhoCanQuestion,
} from '@pgsr/planner'
import type * as Effect from 'effect/Effect'
import type { Sessions } from './connection/session.ts'
import type { ExplainError } from './failures.ts'
import type {
  AccessOfCallOptions,
  CallOptions,
  ExplainCallOptions,
  IntrospectAccessOptions,
} from './options.ts'
import { provide } from './provide.ts'
import { workflow } from './sync/workflow.ts'

/**
 * Explains whether a role has a privilege on an object: by which ways, who granted each of them and what ends it; or what the
 * role lacks. Use it before you revoke something, or to find out why somebody is refused. It reads what decides about the
 * answer, and no more. `timeout` is in milliseconds.
 *
 * @returns the answer, which is plain data; or a failure, which is an `ExplainError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { explain, layer, Target } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = explain({ role: 'analyst', privilege: 'SELECT', object: Target.table('sales', 'customers') })
 * const { verdict } = await Effect.runPromise(Effect.provide(program, layer(pool)))
 * console.log(verdict)
 * await pool.end()
 * ```
 */
export const explain = (
  question: AccessQuestion,
  options: ExplainCallOptions = {},
): Effect.Effect<Explanation, ExplainError, Sessions> => workflow.explain(question, options, provide)

/**
 * Lists who has a privilege on an object, by which ways, and who can get it by SET ROLE. Use it before you revoke something, or
 * to see who reads what is confidential. It reads what decides about the answer, and no more. `timeout` is in milliseconds.
 *
 * @returns the answer, which is plain data; or a failure, which is an `ExplainError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { layer, Target, whoCan } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = whoCan({ privilege: 'SELECT', object: Target.table('sales', 'customers') })
 * const { roles } = await Effect.runPromise(Effect.provide(program, layer(pool)))
 * console.log(roles.length)
 * await pool.end()
 * ```
 */
export const whoCan = (
  question: WhoCanQuestion,
  options: ExplainCallOptions = {},
): Effect.Effect<WhoCan, ExplainError, Sessions> => workflow.whoCan(question, options, provide)

/**
 * Lists everything that a role can do in a database, by which ways, and how it may get more. It reads everything in the
 * database; what PUBLIC has is left out unless `byPublic` asks for it. `timeout` is in milliseconds.
 *
 * @returns the answer, which is plain data; or a failure, which is an `ExplainError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { accessOf, layer } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const { objects } = await Effect.runPromise(Effect.provide(accessOf('analyst'), layer(pool)))
 * console.log(objects.length)
 * await pool.end()
 * ```
 */
export const accessOf = (
  role: string,
  options: AccessOfCallOptions = {},
): Effect.Effect<AccessOf, ExplainError, Sessions> => workflow.accessOf(role, options, provide)

/**
 * Works out what every role, named in a plan or not, will be able to do after the plan that it cannot do now, and the other way
 * round. Use it to review a plan. It reads all roles, and everything in the database. `timeout` is in milliseconds.
 *
 * @returns the changes, by object; or a failure, which is an `ExplainError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { accessDifference, Grant, layer, planRoles } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const program = Effect.gen(function* () {
 *   const plan = yield* planRoles({ role: 'analyst', grants: [Grant.tableSelect('sales', 'customers')] })
 *   return yield* accessDifference(plan)
 * })
 * const { changes } = await Effect.runPromise(Effect.provide(program, layer(pool)))
 * console.log(changes.length)
 * await pool.end()
 * ```
 */
export const accessDifference = (
  plan: Plan,
  options: CallOptions = {},
): Effect.Effect<AccessDifference, ExplainError, Sessions> =>
  workflow.accessDifference(plan, options, provide)

/**
 * Reads what decides about access, and changes nothing. Use it to answer many questions from one snapshot, or to save it and
 * answer them elsewhere. By default it reads all roles, and everything in the database. `timeout` is in milliseconds.
 *
 * @returns the snapshot, which can be saved as JSON; or a failure, which is an `ExplainError`
 * @example
 * ```ts
 * import * as Effect from 'effect/Effect'
 * import pg from 'pg'
 * import { introspectAccess, layer } from '@pgsr/node-postgres/effect'
 *
 * const pool = new pg.Pool()
 * const { roles } = await Effect.runPromise(Effect.provide(introspectAccess(), layer(pool)))
 * console.log(roles.length > 0)
 * await pool.end()
 * ```
 */
export const introspectAccess = (
  options: IntrospectAccessOptions = {},
): Effect.Effect<Snapshot, ExplainError, Sessions> => workflow.introspectAccess(options, provide)
