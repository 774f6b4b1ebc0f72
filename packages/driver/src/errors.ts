import { type Difference, type PlanDifference, type Residue, type Skipped } from '@pgsr/planner'
import { describeFactInFull, describeName, type LockShortage } from '@pgsr/planner/internal'

/**
 * The answer of PostgreSQL, or of the connection, when a text could not be run. It contains nothing of the text, which may
 * hold the verifier of a password.
 */
export class StatementError extends Error {
  readonly _tag = 'StatementError'
  override readonly name = 'StatementError'
  /** The SQLSTATE, or `undefined` if the error did not come from the server. */
  readonly sqlState: string | undefined
  readonly detail: string | undefined
  readonly hint: string | undefined

  constructor(answer: {
    readonly message: string
    readonly sqlState: string | undefined
    readonly detail?: string | undefined
    readonly hint?: string | undefined
  }) {
    super(answer.message)
    this.sqlState = answer.sqlState
    this.detail = answer.detail
    this.hint = answer.hint
    // The stack inside the driver says nothing useful.
    this.stack = `${this.name}: ${this.message}`
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/**
 * Copies from a driver’s error only what cannot contain the text that was sent.
 * @param isFromServer whether PostgreSQL sent the error; the code of any other error is not a SQLSTATE
 */
export const statementError = (error: unknown, isFromServer: boolean): StatementError => {
  const { code, message, detail, hint } = error as Record<string, unknown>
  return new StatementError({
    // When all addresses of a host refuse the connection, only the code says so.
    message: textOf(message) ?? textOf(code) ?? String(error),
    sqlState: isFromServer ? textOf(code) : undefined,
    detail: textOf(detail),
    hint: textOf(hint),
  })
}

/** `unchanged`: nothing was changed. `unknown`: the connection was lost during COMMIT, which may have succeeded. */
export type Outcome = 'unchanged' | 'unknown'

/** Joins lines: the server may quote names that contain line breaks, which would break a line of a log. */
const inOneLine = (text: string): string => text.replaceAll(/[\n\r\u0085\u2028\u2029]+/g, ' ')

const tried = (attempts: number): string => (attempts > 1 ? ` (tried ${attempts} times)` : '')

/** A statement that PostgreSQL refused, or a connection that failed. */
export class DatabaseError extends Error {
  readonly _tag = 'DatabaseError'
  override readonly name = 'DatabaseError'
  /** The SQLSTATE, or `undefined` if the error did not come from the server. */
  readonly sqlState: string | undefined
  /** What was being done, as in the message after “cannot”. */
  readonly operation: string
  /** How often the transaction was tried. */
  readonly attempts: number
  /** Whether the transaction may have been committed. */
  readonly outcome: Outcome
  /** The answer of the server, with its detail and hint. */
  override readonly cause: StatementError

  constructor(
    operation: string,
    cause: StatementError,
    { attempts = 1, outcome = 'unchanged' }: { attempts?: number; outcome?: Outcome } = {},
  ) {
    super(`cannot ${operation}: ${inOneLine(cause.message)}${tried(attempts)}`)
    this.cause = cause
    this.sqlState = cause.sqlState
    this.operation = operation
    this.attempts = attempts
    this.outcome = outcome
  }
}

/** Turns the failure of a text into an error that says what the text was for. */
export const databaseError =
  (operation: string, attempts = 1, outcome: Outcome = 'unchanged') =>
  (cause: StatementError): DatabaseError =>
    new DatabaseError(operation, cause, { attempts, outcome })

/** A session that holds the advisory lock, as far as the catalogs show it. */
export interface LockHolder {
  /** The process id, as `pg_terminate_backend` takes it. */
  readonly pid: number
  readonly role: string | null
  readonly application: string | null
}

const describeHolder = ({ pid, role, application }: LockHolder): string => {
  const whose = role === null ? '' : ` of role ${describeName(role)}`
  const called = application === null || application === '' ? '' : ` (${describeName(application)})`
  return `session ${pid}${whose}${called} holds it`
}

/**
 * Other sessions held the advisory lock, or a lock that an operation needs, for longer than `lockTimeout`, which is the
 * limit for all waits of a call together. Nothing was changed.
 */
export class LockTimeoutError extends Error {
  readonly _tag = 'LockTimeoutError'
  override readonly name = 'LockTimeoutError'
  /** In milliseconds. */
  readonly lockTimeout: number
  /** What the lock was needed for, as in the message after “cannot”. */
  readonly operation: string
  /** The sessions that held the advisory lock when the time was over; empty for any other lock. */
  readonly holders: readonly LockHolder[]

  constructor(operation: string, answer: string, lockTimeout: number, holders: readonly LockHolder[] = []) {
    const why = holders.length > 0 ? holders.map(describeHolder).join(', ') : answer
    super(`cannot ${operation}: ${inOneLine(why)} (lockTimeout is ${lockTimeout} milliseconds)`)
    this.lockTimeout = lockTimeout
    this.operation = operation
    this.holders = holders
  }
}

/** One transaction of the plan needs more locks than the server has room for. Nothing was changed. */
export class TooManyLocksError extends Error {
  readonly _tag = 'TooManyLocksError'
  override readonly name = 'TooManyLocksError'
  /** The server setting that is too low. A change takes effect when the server is restarted. */
  readonly setting = 'max_locks_per_transaction'
  /** The current value of the setting. */
  readonly value: number
  /** The value with which half of the server’s locks are enough; the other half is for other sessions. */
  readonly needed: number

  constructor({ locks, most, value, needed }: LockShortage) {
    super(
      `cannot execute the plan: it needs ${locks} locks in one transaction, and the server has room for ${most}; set max_locks_per_transaction, which is ${value}, to ${needed} or more`,
    )
    this.value = value
    this.needed = needed
  }
}

/** The call took longer than its `timeout` and was cancelled. */
export class TimeoutError extends Error {
  readonly _tag = 'TimeoutError'
  override readonly name = 'TimeoutError'
  /** In milliseconds. */
  readonly timeout: number
  /** What the call was waiting for when the time was over. */
  readonly awaits: string
  /** `unknown` when the server did not answer COMMIT in time. */
  readonly outcome: Outcome

  constructor(operation: string, awaits: string, timeout: number, outcome: Outcome) {
    const unknown = outcome === 'unknown' ? '; the server did not answer COMMIT and may have committed' : ''
    super(
      `cannot ${operation}: timeout of ${timeout} milliseconds exceeded while waiting for ${awaits}${unknown}`,
    )
    this.timeout = timeout
    this.awaits = awaits
    this.outcome = outcome
  }
}

/** The caller’s `signal` aborted the call. Nothing was changed. Promises reject with the reason of the signal instead. */
export class AbortedError extends Error {
  readonly _tag = 'AbortedError'
  override readonly name = 'AbortedError'
  readonly reason: unknown

  constructor(operation: string, reason: unknown) {
    super(`cannot ${operation}: the call was aborted`)
    this.reason = reason
  }
}

/** The connection is inside a transaction in which the call cannot work. Nothing was changed. */
export class TransactionOpenError extends Error {
  readonly _tag = 'TransactionOpenError'
  override readonly name = 'TransactionOpenError'

  constructor(problem: string) {
    super(`cannot use the connection: it is inside a transaction ${problem}`)
  }
}

/** Something that should be revoked would stay, or something that should be granted cannot be. Nothing was changed. */
export class ResidueError extends Error {
  readonly _tag = 'ResidueError'
  override readonly name = 'ResidueError'
  readonly residue: readonly Residue[]
  readonly skipped: readonly Skipped[]

  constructor(residue: readonly Residue[], skipped: readonly Skipped[]) {
    const messages = [...residue, ...skipped].map((one) => one.message)
    super(`cannot sync roles: ${messages.join('; ')}; set onResidue to 'report' to do everything else`)
    this.residue = residue
    this.skipped = skipped
  }
}

/** How many differences the message of an error lists. */
const listed = 3

/**
 * The plan, made again for the current catalogs, came out different: somebody has changed something since, or it was made by
 * another role or for another database. Nothing was changed.
 */
export class PlanChangedError extends Error {
  readonly _tag = 'PlanChangedError'
  override readonly name = 'PlanChangedError'
  /** What is missing from the new plan, and what is unexpected in it. */
  readonly difference: PlanDifference

  constructor(difference: PlanDifference) {
    const { missing, unexpected } = difference
    const differences = [
      ...missing.map(({ part, message }) => `no longer in its ${part}: ${message}`),
      ...unexpected.map(({ part, message }) => `new in its ${part}: ${message}`),
    ]
    const more = differences.length - listed
    super(
      `cannot execute the plan: made again now, it is different; ${differences.slice(0, listed).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    )
    this.difference = difference
  }
}

const describeDifference = ({ missing, unexpected }: Difference): string =>
  [
    ...missing.slice(0, listed).map((fact) => `; predicted but not found: ${describeFactInFull(fact)}`),
    ...unexpected.slice(0, listed).map((fact) => `; found but not predicted: ${describeFactInFull(fact)}`),
  ].join('')

const describeTriggers = (eventTriggers: readonly string[]): string => {
  if (eventTriggers.length === 0) return ''
  const names = eventTriggers.slice(0, listed).map(describeName).join(', ')
  const more = eventTriggers.length > listed ? ` and ${eventTriggers.length - listed} more` : ''
  return `; an enabled event trigger may have caused this: ${names}${more}`
}

/** The catalogs, read again after the plan was executed, do not match its prediction. Everything was rolled back. */
export class ProofError extends Error {
  readonly _tag = 'ProofError'
  override readonly name = 'ProofError'
  readonly difference: Difference
  /** How often the transaction was tried. */
  readonly attempts: number
  /** The enabled event triggers: one that undoes an operation is the usual cause. */
  readonly eventTriggers: readonly string[]

  constructor(difference: Difference, attempts: number, eventTriggers: readonly string[] = []) {
    super(
      `cannot execute the plan: the catalogs do not match its prediction, and everything was rolled back${tried(attempts)}${describeDifference(difference)}${describeTriggers(eventTriggers)}`,
    )
    this.difference = difference
    this.attempts = attempts
    this.eventTriggers = eventTriggers
  }
}

/** The answer of the catalogs cannot be read as a snapshot. */
export class UnexpectedCatalogError extends Error {
  readonly _tag = 'UnexpectedCatalogError'
  override readonly name = 'UnexpectedCatalogError'

  constructor(problem: string) {
    super(`cannot read the catalogs: ${problem}`)
  }
}
