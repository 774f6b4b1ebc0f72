import type { Plan, PlanOptions } from '@pgsr/planner'
import { LRUCache } from 'lru-cache'
import type { Desired } from '../functions.ts'
import { equalsTokens, notPlain, plainCopyOf, type Tokens, tokensOf } from './plain-data.ts'
import type { Prepared } from './prepared.ts'

/** What a caller gave. */
export interface Given {
  readonly desired: Desired
  readonly options: PlanOptions
  readonly seed: string
}

interface Known {
  readonly given: Tokens
  readonly prepared: Prepared
}

/** How many roles and grants are remembered. Each takes up to a thousand bytes. */
const mostRemembered = 30_000

const sizeOf = ({ prepared }: Known): number =>
  1 + prepared.request.desired.reduce((sum, { grants }) => sum + 1 + grants.length, 0)

/**
 * The last requests, and what was given for them. Most calls ask for what an earlier one asked for, and what follows from a
 * request is remembered with it.
 */
const requests = new LRUCache<string, Known>({ maxSize: mostRemembered, sizeCalculation: sizeOf })

/** A text that requests for other roles do not have. */
const keyOf = ({ desired }: Given): string =>
  (Array.isArray(desired) ? desired : [desired])
    .map((one) => `${String(one?.role)} ${String(one?.grants?.length)}`)
    .join('\n')

/** What was made of the same before. */
export const knownRequest = (given: Given): Prepared | undefined => {
  const known = requests.get(keyOf(given))
  return known !== undefined && equalsTokens(known.given, given) ? known.prepared : undefined
}

/** A copy of what was given, if it can be remembered: a password cannot. */
export const rememberable = (given: Given): Given | undefined => {
  const copy = plainCopyOf(given)
  return copy === notPlain ? undefined : (copy as Given)
}

const frozen = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const one of Object.values(value)) frozen(one)
}

/** Remembers what was made of a copy. All calls that ask for the same share it, so that it is frozen. */
export const rememberRequest = (given: Given, prepared: Prepared): void => {
  const known: Known = { given: tokensOf(given), prepared }
  if (sizeOf(known) > mostRemembered) return
  frozen(prepared.request)
  frozen(prepared.scope)
  requests.set(keyOf(given), known)
}

/** The same plan with a request of its own, so that what one caller does to it changes no other call. */
export const withOwnRequest = <P extends Plan>(plan: P): P => {
  const { request } = plan
  if (request.kind !== 'sync') return plan
  const desired = request.desired.map((one) => ({ ...one, grants: [...one.grants] }))
  return { ...plan, request: { ...request, desired, options: { ...request.options } } }
}
