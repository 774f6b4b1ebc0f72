import {
  describeFactInFull,
  describeName,
  type Difference,
  type LockShortage,
  type PlanDifference,
  type Residue,
  type Skipped,
} from '@pgsr/planner'

/**
 * What PostgreSQL or the connection said when a text could not be run. Holds no part of the text, which may hold a
 * password’s verifier.
 */
export class StatementError extends Error {
  readonly _tag = 'StatementError'
  override readonly name = 'StatementError'
  /** The SQLSTATE; `undefined` when it was not the server that refused. */
  readonly sqlState: string | undefined
  readonly detail: string | undefined
  readonly hint: string | undefined

  constructor(said: {
    readonly message: string
    readonly sqlState: string | undefined
    readonly detail?: string | undefined
    readonly hint?: string | undefined
  }) {
    super(said.message)
    this.sqlState = said.sqlState
    this.detail = said.detail
    this.hint = said.hint
    // Where a driver was when the server answered tells nobody anything.
    this.stack = `${this.name}: ${this.message}`
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/**
 * Takes from a driver’s error what says nothing of the text that was sent.
 * @param isFromServer whether PostgreSQL said it: the code of any other error is no SQLSTATE
 */
export const statementError = (error: unknown, isFromServer: boolean): StatementError => {
  const { code, message, detail, hint } = error as Record<string, unknown>
  return new StatementError({
    // A connection that is refused on all its addresses says why only in its code.
    message: textOf(message) ?? textOf(code) ?? String(error),
    sqlState: isFromServer ? textOf(code) : undefined,
    detail: textOf(detail),
    hint: textOf(hint),
  })
}

/** What became of it: nothing, or whatever the server did when it was lost while committing. */
export type Outcome = 'unchanged' | 'unknown'

/** What the server says may quote names with whatever is in them: a line of a log must not end there. */
const inOneLine = (text: string): string => text.replaceAll(/[\n\r\u0085\u2028\u2029]+/g, ' ')

const tried = (attempts: number): string => (attempts > 1 ? ` (tried ${attempts} times)` : '')

/** A statement that PostgreSQL refused, or a connection that failed. */
export class DatabaseError extends Error {
  readonly _tag = 'DatabaseError'
  override readonly name = 'DatabaseError'
  /** The SQLSTATE; `undefined` when it was not the server that refused. */
  readonly sqlState: string | undefined
  /** What was being done, in words. */
  readonly operation: string
  /** How many times the whole transaction was tried. */
  readonly attempts: number
  /** `unknown` when the connection was lost while committing: it may have happened, or not. */
  readonly outcome: Outcome
  /** What was said, with its detail and hint. */
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

/** Says of a failed text what it was for. */
export const databaseError =
  (operation: string, attempts = 1, outcome: Outcome = 'unchanged') =>
  (cause: StatementError): DatabaseError =>
    new DatabaseError(operation, cause, { attempts, outcome })

/** A session that holds the advisory lock, as far as the catalogs tell. */
export interface LockHolder {
  /** The process of the server, as `pg_terminate_backend` takes it. */
  readonly pid: number
  readonly role: string | null
  readonly application: string | null
}

const describeHolder = ({ pid, role, application }: LockHolder): string => {
  const whose = role === null ? '' : ` of role ${describeName(role)}`
  const called = application === null || application === '' ? '' : ` (${describeName(application)})`
  return `session ${pid}${whose}${called} has it`
}

/**
 * Others held the advisory lock, or what an operation needs, for longer than `lockTimeout`: so long a call waits for
 * locks in all. Nothing was changed.
 */
export class LockTimeoutError extends Error {
  readonly _tag = 'LockTimeoutError'
  override readonly name = 'LockTimeoutError'
  /** In milliseconds. */
  readonly lockTimeout: number
  /** What the lock was needed for, in words. */
  readonly operation: string
  /** Where it was the advisory lock: the sessions that held it when the time was over. */
  readonly holders: readonly LockHolder[]

  constructor(operation: string, said: string, lockTimeout: number, holders: readonly LockHolder[] = []) {
    const why = holders.length > 0 ? holders.map(describeHolder).join(', ') : said
    super(`cannot ${operation}: ${inOneLine(why)} (lockTimeout is ${lockTimeout} milliseconds)`)
    this.lockTimeout = lockTimeout
    this.operation = operation
    this.holders = holders
  }
}

/** What has to be done in one transaction takes more locks than there is room for on the server. Nothing was changed. */
export class TooManyLocksError extends Error {
  readonly _tag = 'TooManyLocksError'
  override readonly name = 'TooManyLocksError'
  /** The setting of the server that is too low. To change it, the server has to be restarted. */
  readonly setting = 'max_locks_per_transaction'
  /** What it is. */
  readonly value: number
  /** What it has to be for half of the server’s locks to be enough: the rest is other sessions’. */
  readonly needed: number

  constructor({ locks, most, value, needed }: LockShortage) {
    super(
      `cannot execute the plan: it needs ${locks} locks in one transaction, and the server has room for ${most}; set max_locks_per_transaction to ${needed} or more, it is ${value}`,
    )
    this.value = value
    this.needed = needed
  }
}

/** The call took longer than its `timeout`, and was given up. */
export class TimeoutError extends Error {
  readonly _tag = 'TimeoutError'
  override readonly name = 'TimeoutError'
  /** In milliseconds. */
  readonly timeout: number
  /** `unknown` when the server did not answer while committing: it may have happened, or not. */
  readonly outcome: Outcome

  /** What it waited for, in words. */
  readonly awaits: string

  constructor(operation: string, awaits: string, timeout: number, outcome: Outcome) {
    const unknown = outcome === 'unknown' ? '; the server has not answered COMMIT, and may have done it' : ''
    super(
      `cannot ${operation}: it took longer than it may, and still waited for ${awaits} (timeout is ${timeout} milliseconds)${unknown}`,
    )
    this.timeout = timeout
    this.awaits = awaits
    this.outcome = outcome
  }
}

/** The caller’s `signal` gave the call up. Nothing was changed. Functions that return promises reject with its reason. */
export class AbortedError extends Error {
  readonly _tag = 'AbortedError'
  override readonly name = 'AbortedError'
  readonly reason: unknown

  constructor(operation: string, reason: unknown) {
    super(`cannot ${operation}: it was aborted`)
    this.reason = reason
  }
}

/** The connection is inside a transaction in which the work cannot be done. Nothing was changed. */
export class TransactionOpenError extends Error {
  readonly _tag = 'TransactionOpenError'
  override readonly name = 'TransactionOpenError'

  constructor(problem: string) {
    super(`cannot use the connection, which is inside a transaction: ${problem}`)
  }
}

/** Something would stay that should not, or could not be given. Nothing was changed. */
export class ResidueError extends Error {
  readonly _tag = 'ResidueError'
  override readonly name = 'ResidueError'
  readonly residue: readonly Residue[]
  readonly skipped: readonly Skipped[]

  constructor(residue: readonly Residue[], skipped: readonly Skipped[]) {
    const messages = [...residue, ...skipped].map((one) => one.message)
    super(`cannot sync roles: ${messages.join('; ')}; set onResidue to 'report' to do all the rest`)
    this.residue = residue
    this.skipped = skipped
  }
}

/** How many differences the message of an error names. */
const named = 3

/**
 * Planned again for what is there now, a plan turned out to be another: somebody changed something since it was made,
 * or it was made by another role, or for another database. Nothing was changed.
 */
export class PlanChangedError extends Error {
  readonly _tag = 'PlanChangedError'
  override readonly name = 'PlanChangedError'
  /** What the plan that was given says and the new one does not, and the other way round. */
  readonly difference: PlanDifference

  constructor(difference: PlanDifference) {
    const { missing, unexpected } = difference
    const differences = [
      ...missing.map(({ part, message }) => `no longer in its ${part}: ${message}`),
      ...unexpected.map(({ part, message }) => `now in its ${part}: ${message}`),
    ]
    const more = differences.length - named
    super(
      `cannot execute the plan: planned again, it is not the same; ${differences.slice(0, named).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    )
    this.difference = difference
  }
}

/** The first of what is not as predicted. */
const inWords = ({ missing, unexpected }: Difference): string =>
  [
    ...missing.slice(0, 3).map((fact) => `; predicted and not so: ${describeFactInFull(fact)}`),
    ...unexpected.slice(0, 3).map((fact) => `; so and not predicted: ${describeFactInFull(fact)}`),
  ].join('')

const suspecting = (eventTriggers: readonly string[]): string => {
  if (eventTriggers.length === 0) return ''
  const names = eventTriggers.slice(0, 3).map(describeName).join(', ')
  const more = eventTriggers.length > 3 ? ` and ${eventTriggers.length - 3} more` : ''
  return `; an event trigger may have undone it: enabled ${eventTriggers.length === 1 ? 'is' : 'are'} ${names}${more}`
}

/** The catalogs, read again after executing, did not say what the plan predicted. Everything was rolled back. */
export class ProofError extends Error {
  readonly _tag = 'ProofError'
  override readonly name = 'ProofError'
  readonly difference: Difference
  /** How many times the whole transaction was tried. */
  readonly attempts: number
  /** The event triggers that are enabled: one that undoes what was done is the usual cause. */
  readonly eventTriggers: readonly string[]

  constructor(difference: Difference, attempts: number, eventTriggers: readonly string[] = []) {
    super(
      `cannot execute the plan: the catalogs do not say afterwards what it predicted, and everything was rolled back${tried(attempts)}${inWords(difference)}${suspecting(eventTriggers)}`,
    )
    this.difference = difference
    this.attempts = attempts
    this.eventTriggers = eventTriggers
  }
}

/** The catalogs answered something that is no snapshot. */
export class UnexpectedCatalogError extends Error {
  readonly _tag = 'UnexpectedCatalogError'
  override readonly name = 'UnexpectedCatalogError'

  constructor(problem: string) {
    super(`cannot read the catalogs: ${problem}`)
  }
}
