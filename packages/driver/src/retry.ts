import * as Effect from 'effect/Effect'
import { DatabaseError, ProofError, type StatementError } from './errors.ts'
import { tell } from './event.ts'
import type { Frame } from './frame.ts'
import type { Settings } from './options.ts'

/** The world changed since the look: a retry looks again. */
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

/** The same where something is executed that was planned for what was looked at: it was permitted then. */
const changedSince: ReadonlySet<string> = new Set([
  '42501', // insufficient_privilege
  '0LP01', // invalid_grant_operation: a circle of memberships
  '22021', // character_not_in_repertoire: a name that has come into view since
  '22P05', // untranslatable_character
])

/** What a transaction that is the caller’s has to be begun again for, by the caller. */
const ofTransaction: ReadonlySet<string> = new Set(['40001', '40P01'])

const concurrent =
  /^tuple concurrently|^tuple already updated|^cache lookup failed for|^could not find tuple for|^could not open relation with OID/

/** An entry that two sessions made at once. */
const madeTwice = /"pg_(auth|namespace|db_role_setting|default_acl|init_privs|shdepend)/

/**
 * Whether the whole transaction may succeed when it is tried again. Other tools change roles and objects without
 * taking our lock, and roles belong to the whole cluster, of which the lock covers one database.
 */
const isRetryable = ({ sqlState, message }: StatementError): boolean =>
  sqlState !== undefined &&
  (changed.has(sqlState) ||
    (sqlState === 'XX000' && concurrent.test(message)) ||
    (sqlState === '23505' && madeTwice.test(message)))

/** Shortages, time that is over, and connections that end are no answer to what was asked. */
const noAnswer = /^(08|53|55|57|58)/

/** Whether something in the server does not let a statement be, whatever it calls that, and will not the next time. */
export const isForbidden = (error: StatementError): boolean =>
  error.sqlState !== undefined && !noAnswer.test(error.sqlState) && !isRetryable(error)

/** What is tried, and in whose transaction. */
interface Tried {
  readonly frame: Frame
  /** Whether it executes what was planned, or only looks. */
  readonly executes: boolean
}

const isWorthRetrying = (error: unknown, { frame, executes }: Tried): error is DatabaseError | ProofError => {
  if (error instanceof ProofError) return true
  if (!(error instanceof DatabaseError)) return false
  const { cause, sqlState = '' } = error
  if (!frame.isOwn && ofTransaction.has(sqlState)) return false
  return isRetryable(cause) || (executes && changedSince.has(sqlState))
}

/** The first pause between attempts, and the longest, in milliseconds. */
const shortest = 20
const longest = 1000

/** Twice as long each time and never the same: others are trying too. */
const pauseAfter = (attempt: number): number =>
  Math.min(shortest * 2 ** (attempt - 1), longest) * (0.5 + Math.random())

/** Tries again after a short while, as often as may be, what failed because something changed meanwhile. */
export const persistently = <A, E, R>(
  work: (attempt: number) => Effect.Effect<A, E, R>,
  settings: Pick<Settings, 'attempts' | 'onEvent'>,
  tried: Tried,
): Effect.Effect<A, E, R> => {
  const { attempts, onEvent } = settings
  const from = (attempt: number): Effect.Effect<A, E, R> =>
    Effect.catch(work(attempt), (error) => {
      if (attempt >= attempts || !isWorthRetrying(error, tried)) return Effect.fail(error)
      tell(onEvent, { kind: 'retry', attempt, attempts, reason: error })
      return Effect.andThen(Effect.sleep(pauseAfter(attempt)), from(attempt + 1))
    })
  return Effect.suspend(() => from(1))
}
