import { impossibleRoleNameProblem, InvalidGrantError, nameProblem, type PlanOptions } from '@pgsr/planner'
import type { Listener } from './event.ts'
import { mostIterations } from './verifier.ts'

/** Who does it, and for how long. */
export interface CallOptions {
  /** A role to act as, for the transaction only. Default: the current role of the session. */
  readonly actAs?: string
  /**
   * Gives the call up when it is aborted: what runs is cancelled on the server, and nothing is changed. While pgsr itself
   * works something out, such as a plan, nothing else runs on the thread: that is seen after it.
   */
  readonly signal?: AbortSignal
  /** How long the whole call may take, in milliseconds, to plan included; 0 for ever. Default: 60,000. */
  readonly timeout?: number
}

export interface PlanRolesOptions extends PlanOptions, CallOptions {
  /** A grant on something absent is skipped, with its reason in the plan, or a MissingObjectError. Default: `skip`. */
  readonly onMissing?: 'skip' | 'error'
}

/** How a transaction is run. */
export interface TransactionOptions extends CallOptions {
  /** The key of the advisory lock that syncs of one database take in turn. Default: 1. */
  readonly lockKey?: bigint | number
  /** How long to wait for a lock, in milliseconds; 0 for ever. Default: 10,000. */
  readonly lockTimeout?: number
  /** How long a statement may run, in milliseconds; 0 for ever. Default: as the session has it. */
  readonly statementTimeout?: number
  /** How often the whole transaction is tried when others change the same things meanwhile. Default: 5. */
  readonly attempts?: number
  /** Is told of what happens, as it happens. What it throws changes nothing. */
  readonly onEvent?: Listener
}

export interface PasswordOptions {
  /**
   * How many iterations the SCRAM-SHA-256 verifier of a password is made with, up to 1,000,000. Default: 4,096 for one that is set; one
   * that is stored with another number is good.
   */
  readonly scramIterations?: number
}

export interface SyncRolesOptions extends PlanRolesOptions, TransactionOptions, PasswordOptions {
  /** What a role holds and cannot be taken away fails the sync, or is only reported in the plan. Default: `error`. */
  readonly onResidue?: 'error' | 'report'
}

/** What planning depends on is in the plan. */
export interface ExecutePlanOptions extends Omit<SyncRolesOptions, keyof PlanOptions> {
  /** By role, the passwords that the plan sets, all of them and no others: a plan holds none. */
  readonly passwords?: Readonly<Record<string, string>>
}

export type DropUnusedRolesOptions = TransactionOptions

/** The options, with their defaults. */
export interface Settings {
  /** What they are options of. */
  readonly work: Work
  readonly onResidue: 'error' | 'report'
  readonly onMissing: 'skip' | 'error'
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
  readonly scramIterations: number | undefined
}

const ofCall: Readonly<Record<keyof CallOptions, true>> = { actAs: true, signal: true, timeout: true }

const ofTransaction: Readonly<Record<keyof TransactionOptions, true>> = {
  lockKey: true,
  lockTimeout: true,
  statementTimeout: true,
  attempts: true,
  onEvent: true,
  ...ofCall,
}

const ofSync: Readonly<Record<keyof SyncRolesOptions, true>> = {
  reassignOwnedTo: true,
  allowSelf: true,
  allowSuperuser: true,
  keepDependents: true,
  scope: true,
  onMissing: true,
  onResidue: true,
  scramIterations: true,
  ...ofTransaction,
}

const ofPlan: Readonly<Record<keyof ExecutePlanOptions, true>> = {
  passwords: true,
  onMissing: true,
  onResidue: true,
  scramIterations: true,
  ...ofTransaction,
}

/** The names of the options, by what they are options of. */
const names = {
  'sync roles': ofSync,
  'execute the plan': ofPlan,
  'drop unused roles': ofTransaction,
  'read the catalogs': ofCall,
} as const

/** What the options are for; the words go into what says that it cannot be done. */
export type Work = keyof typeof names

type Refuse = (field: string, problem: string) => never

const refusing =
  (work: Work): Refuse =>
  (field, problem) => {
    throw new InvalidGrantError({ field, message: `cannot ${work}: ${field} ${problem}` })
  }

/** Other realms have other classes of it. */
const isSignal = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value

/** The largest number that PostgreSQL takes for a time in milliseconds. */
const mostMilliseconds = 2 ** 31 - 1

const wholeNumber = (
  refuse: Refuse,
  field: string,
  value: number,
  minimum: number,
  maximum: number = mostMilliseconds,
): number =>
  Number.isInteger(value) && value >= minimum && value <= maximum
    ? value
    : refuse(field, `must be a whole number from ${minimum} to ${maximum}`)

const oneOf = <T extends string>(refuse: Refuse, field: string, value: T, allowed: readonly T[]): T =>
  allowed.includes(value) ? value : refuse(field, `must be one of ${allowed.join(', ')}`)

const advisoryKey = (refuse: Refuse, value: bigint | number): bigint => {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
    return refuse('lockKey', `must be a whole number`)
  const key = BigInt(value)
  return BigInt.asIntN(64, key) === key ? key : refuse('lockKey', 'must fit in 64 bits')
}

/** A misspelt option would silently be the default. */
const refuseUnknown = (refuse: Refuse, options: unknown, known: object): void => {
  if (typeof options !== 'object' || options === null) return refuse('options', 'must be an object')
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name))
  if (unknown !== undefined) refuse(unknown, `is no option; there are ${Object.keys(known).join(', ')}`)
}

/**
 * Fills in the defaults.
 * @throws InvalidGrantError on a name or a value that means nothing
 */
export const settingsOf = (work: Work, options: Omit<SyncRolesOptions, keyof PlanOptions>): Settings => {
  const refuse = refusing(work)
  refuseUnknown(refuse, options, names[work])
  const { onResidue = 'error', onMissing = 'skip', lockKey = 1, attempts = 5 } = options
  const { lockTimeout = 10_000, statementTimeout, timeout = 60_000 } = options
  const { actAs, signal, onEvent, scramIterations } = options
  const problem = actAs === undefined ? undefined : (nameProblem(actAs) ?? impossibleRoleNameProblem(actAs))
  if (problem !== undefined) refuse('actAs', problem)
  if (signal !== undefined && !isSignal(signal)) refuse('signal', 'must be an AbortSignal')
  if (onEvent !== undefined && typeof onEvent !== 'function') refuse('onEvent', 'must be a function')
  const checkedTimeout = wholeNumber(refuse, 'timeout', timeout, 0)
  return {
    work,
    onResidue: oneOf(refuse, 'onResidue', onResidue, ['error', 'report']),
    onMissing: oneOf(refuse, 'onMissing', onMissing, ['skip', 'error']),
    lockKey: advisoryKey(refuse, lockKey),
    lockTimeout: wholeNumber(refuse, 'lockTimeout', lockTimeout, 0),
    statementTimeout:
      statementTimeout === undefined
        ? undefined
        : wholeNumber(refuse, 'statementTimeout', statementTimeout, 0),
    attempts: wholeNumber(refuse, 'attempts', attempts, 1),
    timeout: checkedTimeout,
    deadline: checkedTimeout === 0 ? Infinity : performance.now() + checkedTimeout,
    scramIterations:
      scramIterations === undefined
        ? undefined
        : wholeNumber(refuse, 'scramIterations', scramIterations, 1, mostIterations),
    actAs,
    signal,
    onEvent,
  }
}
