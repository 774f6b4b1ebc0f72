import {
  type AccessOfOptions,
  type AccessScope,
  type Assertion,
  type ExplainOptions,
  InvalidGrantError,
  type PlanOptions,
} from '@pgsr/planner'
import {
  checkAssertionShape,
  checkOptionNames,
  impossibleRoleNameProblem,
  nameProblem,
  planOptionNames,
} from '@pgsr/planner/internal'
import type { Listener } from './events.ts'

/** The options that every call takes. */
export interface CallOptions {
  /** The role to act as, set for the transaction only. Default: the current role of the session. */
  readonly actAs?: string
  /**
   * Aborts the call: the running statement is cancelled on the server, and nothing is changed. A signal that fires while
   * pgsr is computing a plan is seen when the plan is finished.
   */
  readonly signal?: AbortSignal
  /** The longest time for the whole call, in milliseconds, planning included. 0 means no limit. Default: 60,000. */
  readonly timeout?: number
}

export interface DescribeRolesOptions extends CallOptions {
  /**
   * The roles to describe. `all`, the default, means every role but those of PostgreSQL and of pgsr itself; superusers,
   * their members and the role that connects have to be named.
   */
  readonly roles?: readonly string[] | 'all'
  /** What of them to describe, as in a sync that manages only this. Default: everything. */
  readonly manages?: PlanOptions['manages']
}

/** What is read to explain access. */
export interface IntrospectAccessOptions extends CallOptions, Partial<AccessScope> {}

export interface ExplainCallOptions extends CallOptions, ExplainOptions {}

export interface AccessOfCallOptions extends CallOptions, AccessOfOptions {}

export interface PlanRolesOptions extends PlanOptions, CallOptions {
  /**
   * What to do about a grant on an object or role that does not exist: `skip` lists it in the plan’s `skipped`, but creates
   * a role that others should be members of; `error` throws a MissingObjectError. Default: `skip`.
   */
  readonly onMissing?: 'skip' | 'error'
  /**
   * What has to be true of access afterwards, for all roles, named or not. If it would not be, nothing is changed, and an
   * AssertionsError says by which ways it would be broken. All roles and objects of the database are read for this.
   */
  readonly assertions?: readonly Assertion[]
}

/** What is read depends on the options of the plan that is to be made of it. */
export interface IntrospectOptions extends PlanOptions, CallOptions {}

/** The options of calls that change roles. */
export interface TransactionOptions extends CallOptions {
  /** The key of the advisory lock. Syncs of one database that use the same key wait for each other. Default: 1. */
  readonly lockKey?: bigint | number
  /** The longest time to wait for locks in one call, in milliseconds. 0 means no limit. Default: 10,000. */
  readonly lockTimeout?: number
  /** The longest time for one statement, in milliseconds. 0 means no limit. Default: the session’s setting. */
  readonly statementTimeout?: number
  /** How often a transaction is tried when others change the same things at the same time. Default: 5. */
  readonly attempts?: number
  /** Called for each event, as it happens. What it throws is ignored. */
  readonly onEvent?: Listener
}

export interface PasswordOptions {
  /**
   * The number of iterations of the SCRAM-SHA-256 verifiers that pgsr makes, up to 1,000,000. Default: 4,096 for a new
   * verifier; a stored verifier of the same password is kept, whatever its number of iterations.
   */
  readonly scramIterations?: number
}

export interface SyncRolesOptions extends PlanRolesOptions, TransactionOptions, PasswordOptions {
  /**
   * What to do about a privilege that cannot be given or revoked: `error` throws a ResidueError before anything is changed,
   * `report` does everything else and lists it in the plan. Default: `error`.
   */
  readonly onResidue?: 'error' | 'report'
}

/** The options of `executePlan`. What planning depends on is part of the plan. */
export interface ExecutePlanOptions extends Omit<SyncRolesOptions, keyof PlanOptions> {
  /** The passwords that the plan sets, by role: all of them, and no others. A plan contains no passwords. */
  readonly passwords?: Readonly<Record<string, string>>
}

export type DropUnusedRolesOptions = TransactionOptions

/** What the caller wants to happen when a plan cannot do everything. */
export interface FailurePolicy {
  readonly onResidue: 'error' | 'report'
  readonly onMissing: 'skip' | 'error'
}

/** The options of a call, checked, with their defaults. */
export interface Settings extends FailurePolicy {
  readonly operation: OperationName
  readonly lockKey: bigint
  readonly lockTimeout: number
  readonly statementTimeout: number | undefined
  readonly attempts: number
  readonly actAs: string | undefined
  readonly signal: AbortSignal | undefined
  readonly timeout: number
  /** When the call has to end, by `performance.now()`. */
  readonly deadline: number
  readonly onEvent: Listener | undefined
  readonly assertions: readonly Assertion[]
  readonly scramIterations: number | undefined
}

const callOptions: Readonly<Record<keyof CallOptions, true>> = { actAs: true, signal: true, timeout: true }

const transactionOptions: Readonly<Record<keyof TransactionOptions, true>> = {
  lockKey: true,
  lockTimeout: true,
  statementTimeout: true,
  attempts: true,
  onEvent: true,
  ...callOptions,
}

const policyOptions = { assertions: true, onMissing: true, onResidue: true, scramIterations: true } as const

const syncOptions: Readonly<Record<keyof SyncRolesOptions, true>> = {
  ...planOptionNames,
  ...policyOptions,
  ...transactionOptions,
}

const executeOptions: Readonly<Record<keyof ExecutePlanOptions, true>> = {
  passwords: true,
  ...policyOptions,
  ...transactionOptions,
}

/** The names of the options of `syncRoles`, and of `planRoles`. */
export const syncRolesOptions: readonly string[] = Object.keys(syncOptions)

/** The options that each operation takes. */
const optionsOf = {
  'sync roles': syncOptions,
  'execute the plan': executeOptions,
  'drop unused roles': transactionOptions,
  'read the catalogs': { ...planOptionNames, ...callOptions },
  'describe roles': { ...callOptions, roles: true, manages: true },
  'read who can do what': { ...callOptions, roles: true, objects: true },
  'explain access': { ...callOptions, paths: true },
  'compare access': callOptions,
  'list what a role can do': { ...callOptions, paths: true, byPublic: true },
} as const

/** What a call does, as it appears in error messages: `cannot sync roles: …`. */
export type OperationName = keyof typeof optionsOf

type Refuse = (field: string, problem: string) => never

const isAbortSignal = (value: unknown): boolean =>
  // Not `instanceof`: other realms have a class of their own.
  typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value

/** The largest number of milliseconds that PostgreSQL accepts for a timeout. */
const maxMilliseconds = 2 ** 31 - 1

/**
 * The largest accepted number of iterations of a verifier. At this number hashing takes a good part of a second, in this
 * process and at each login on the server.
 */
export const maxScramIterations = 1_000_000

const wholeNumber = (
  refuse: Refuse,
  field: string,
  value: number,
  minimum: number,
  maximum: number = maxMilliseconds,
): number =>
  Number.isInteger(value) && value >= minimum && value <= maximum
    ? value
    : refuse(field, `must be a whole number from ${minimum} to ${maximum}`)

const oneOf = <T extends string>(refuse: Refuse, field: string, value: T, allowed: readonly T[]): T =>
  allowed.includes(value) ? value : refuse(field, `must be one of ${allowed.join(', ')}`)

const advisoryKey = (refuse: Refuse, value: bigint | number): bigint => {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
    return refuse('lockKey', 'must be a whole number')
  const key = BigInt(value)
  return BigInt.asIntN(64, key) === key ? key : refuse('lockKey', 'must fit in 64 bits')
}

/**
 * Checks the options and fills in the defaults.
 * @throws InvalidGrantError on an unknown option or an impossible value
 */
export const settingsOf = (
  operation: OperationName,
  options: Omit<SyncRolesOptions, keyof PlanOptions>,
): Settings => {
  const refuse: Refuse = (field, problem) => {
    throw new InvalidGrantError({ field, message: `cannot ${operation}: ${field} ${problem}` })
  }
  const optionalNumber = (
    field: 'statementTimeout' | 'scramIterations',
    minimum: number,
    maximum?: number,
  ) => {
    const { [field]: value } = options
    return value === undefined ? undefined : wholeNumber(refuse, field, value, minimum, maximum)
  }
  checkOptionNames(options, Object.keys(optionsOf[operation]), `cannot ${operation}`)
  const { assertions = [] } = options
  if (!Array.isArray(assertions)) refuse('assertions', 'must be an array')
  assertions.forEach(checkAssertionShape)
  const { onResidue = 'error', onMissing = 'skip', lockKey = 1, attempts = 5 } = options
  const { lockTimeout = 10_000, timeout = 60_000, actAs, signal, onEvent } = options
  const problem = actAs === undefined ? undefined : (nameProblem(actAs) ?? impossibleRoleNameProblem(actAs))
  if (problem !== undefined) refuse('actAs', problem)
  if (signal !== undefined && !isAbortSignal(signal)) refuse('signal', 'must be an AbortSignal')
  if (onEvent !== undefined && typeof onEvent !== 'function') refuse('onEvent', 'must be a function')
  const checkedTimeout = wholeNumber(refuse, 'timeout', timeout, 0)
  return {
    operation,
    onResidue: oneOf(refuse, 'onResidue', onResidue, ['error', 'report']),
    onMissing: oneOf(refuse, 'onMissing', onMissing, ['skip', 'error']),
    lockKey: advisoryKey(refuse, lockKey),
    lockTimeout: wholeNumber(refuse, 'lockTimeout', lockTimeout, 0),
    statementTimeout: optionalNumber('statementTimeout', 0),
    attempts: wholeNumber(refuse, 'attempts', attempts, 1),
    timeout: checkedTimeout,
    deadline: checkedTimeout === 0 ? Infinity : performance.now() + checkedTimeout,
    scramIterations: optionalNumber('scramIterations', 1, maxScramIterations),
    actAs,
    signal,
    onEvent,
    assertions,
  }
}
