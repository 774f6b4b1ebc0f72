import { InvalidGrantError, type PlanOptions } from '@pgsr/planner'

export interface PlanRolesOptions extends PlanOptions {
  /** A grant on something absent is skipped, with its reason in the plan, or a MissingObjectError. Default: `skip`. */
  readonly onMissing?: 'skip' | 'error'
}

export interface SyncRolesOptions extends PlanRolesOptions {
  /** What a role holds and cannot be taken away fails the sync, or is only reported in the plan. Default: `error`. */
  readonly onResidue?: 'error' | 'report'
  /** The key of the advisory lock that syncs of one database take in turn. Default: 1. */
  readonly lockKey?: bigint | number
  /** How long to wait for a lock, in milliseconds; 0 for ever. Default: 10,000. */
  readonly lockTimeout?: number
  /** How long a statement may run, in milliseconds; 0 for ever. Default: as the session has it. */
  readonly statementTimeout?: number
  /** How often the whole transaction is tried when others change the same things meanwhile. Default: 5. */
  readonly attempts?: number
}

/** The options of a sync, with their defaults. */
export interface SyncSettings {
  readonly onResidue: 'error' | 'report'
  readonly onMissing: 'skip' | 'error'
  readonly lockKey: bigint
  readonly lockTimeout: number
  readonly statementTimeout: number | undefined
  readonly attempts: number
}

const refuse = (field: string, problem: string): never => {
  throw new InvalidGrantError({ field, message: `cannot sync roles: ${field} ${problem}` })
}

/** The largest number that PostgreSQL takes for a time in milliseconds. */
const maximum = 2 ** 31 - 1

const wholeNumber = (field: string, value: number, minimum: number): number =>
  Number.isInteger(value) && value >= minimum && value <= maximum
    ? value
    : refuse(field, `must be a whole number from ${minimum} to ${maximum}`)

const oneOf = <T extends string>(field: string, value: T, allowed: readonly T[]): T =>
  allowed.includes(value) ? value : refuse(field, `must be one of ${allowed.join(', ')}`)

const advisoryKey = (value: bigint | number): bigint => {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
    return refuse('lockKey', `must be a whole number`)
  const key = BigInt(value)
  return BigInt.asIntN(64, key) === key ? key : refuse('lockKey', 'must fit in 64 bits')
}

const names: Readonly<Record<keyof SyncRolesOptions, true>> = {
  reassignOwnedTo: true,
  allowSelf: true,
  allowSuperuser: true,
  onMissing: true,
  onResidue: true,
  lockKey: true,
  lockTimeout: true,
  statementTimeout: true,
  attempts: true,
}

/** A misspelt option would silently be the default. */
const refuseUnknown = (options: SyncRolesOptions): void => {
  if (typeof options !== 'object' || options === null) refuse('options', 'must be an object')
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name))
  if (unknown !== undefined) refuse(unknown, `is no option; there are ${Object.keys(names).join(', ')}`)
}

/**
 * Fills in the defaults.
 * @throws InvalidGrantError on a name or a value that means nothing
 */
export const settingsOf = (options: SyncRolesOptions): SyncSettings => {
  refuseUnknown(options)
  return {
    onResidue: oneOf('onResidue', options.onResidue ?? 'error', ['error', 'report']),
    onMissing: oneOf('onMissing', options.onMissing ?? 'skip', ['skip', 'error']),
    lockKey: advisoryKey(options.lockKey ?? 1),
    lockTimeout: wholeNumber('lockTimeout', options.lockTimeout ?? 10_000, 0),
    statementTimeout:
      options.statementTimeout === undefined
        ? undefined
        : wholeNumber('statementTimeout', options.statementTimeout, 0),
    attempts: wholeNumber('attempts', options.attempts ?? 5, 1),
  }
}
