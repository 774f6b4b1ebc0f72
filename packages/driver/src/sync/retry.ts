import * as Effect from 'effect/Effect'
import type { TransactionScope } from '../connection/transaction-scope.ts'
import { DatabaseError, ProofError, type StatementError } from '../errors.ts'
import { emit } from '../events.ts'
import type { Settings } from '../options.ts'

/** Something changed after the catalogs were read. A retry reads them again. */
const changed: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '42710', // duplicate_object
  '42P06', // duplicate_schema
  '2BP01', // dependent_objects_still_exist
  '42704', // undefined_object
  '42P01', // undefined_table
  '42703', // undefined_column
  '42883', // undefined_function
  '3F000', // invalid_schema_name
  '3D000', // invalid_catalog_name
])

/** The same, but only when a plan is executed: what was permitted and possible when the plan was made no longer is. */
const changedSincePlanned: ReadonlySet<string> = new Set([
  '42501', // insufficient_privilege
  '0LP01', // invalid_grant_operation: a cycle of memberships
  '22023', // invalid_parameter_value: SET ROLE to a role that does not exist
  '22021', // character_not_in_repertoire: a name that was not in the snapshot before
  '22P05', // untranslatable_character
])

/** The errors for which a transaction has to be begun again. In a transaction of the caller’s, only the caller can do that. */
const endsTransaction: ReadonlySet<string> = new Set(['40001', '40P01'])

const concurrent =
  /^tuple concurrently|^tuple already updated|^cache lookup failed for|^could not find tuple for|^could not open relation with OID/

/** A row of a catalog that two sessions inserted at once. */
const insertedTwice = /"pg_(auth|namespace|db_role_setting|default_acl|init_privs|shdepend)/

/**
 * Whether the transaction may succeed when it is tried again. Other tools change roles and objects without the advisory
 * lock, and roles are shared by all databases of the cluster, while the lock covers only one.
 */
const isRetryable = ({ sqlState, message }: StatementError): boolean =>
  sqlState !== undefined &&
  (changed.has(sqlState) ||
    (sqlState === 'XX000' && concurrent.test(message)) ||
    (sqlState === '23505' && insertedTwice.test(message)))

/** Lack of resources, timeouts and lost connections: they are not a refusal of the statement. */
const noRefusal = /^(08|53|55|57|58)/

/** Whether the server refuses a statement for good, with whatever error. */
export const isRefusal = (error: StatementError): boolean =>
  error.sqlState !== undefined && !noRefusal.test(error.sqlState) && !isRetryable(error)

/** What is retried. */
interface Attempted {
  readonly transaction: TransactionScope
  /** Whether a plan is executed; otherwise the catalogs are only read. */
  readonly executes: boolean
}

const isWorthRetrying = (
  error: unknown,
  { transaction, executes }: Attempted,
): error is DatabaseError | ProofError => {
  if (error instanceof ProofError) return true
  if (!(error instanceof DatabaseError)) return false
  const { cause, sqlState = '' } = error
  if (!transaction.isOwn && endsTransaction.has(sqlState)) return false
  return isRetryable(cause) || (executes && changedSincePlanned.has(sqlState))
}

/** The first pause between attempts, and the longest one, in milliseconds. */
const firstPause = 20
const longestPause = 1000

/** Doubles with each attempt. It is random, since others retry too. */
const pauseAfter = (attempt: number): number =>
  Math.min(firstPause * 2 ** (attempt - 1), longestPause) * (0.5 + Math.random())

/** Retries after a pause, up to the limit of attempts, what failed because something else changed. */
export const withRetries = <A, E, R>(
  attemptOnce: (attempt: number) => Effect.Effect<A, E, R>,
  settings: Pick<Settings, 'attempts' | 'onEvent'>,
  attempted: Attempted,
): Effect.Effect<A, E, R> => {
  const { attempts, onEvent } = settings
  const from = (attempt: number): Effect.Effect<A, E, R> =>
    Effect.catch(attemptOnce(attempt), (error) => {
      if (attempt >= attempts || !isWorthRetrying(error, attempted)) return Effect.fail(error)
      emit(onEvent, { kind: 'retry', attempt, attempts, reason: error })
      return Effect.andThen(Effect.sleep(pauseAfter(attempt)), from(attempt + 1))
    })
  return Effect.suspend(() => from(1))
}
