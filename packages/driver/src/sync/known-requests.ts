import type { Plan } from '@pgsr/planner'
import { LRUCache } from 'lru-cache'
import type { Prepared } from './prepared.ts'

/** How many roles and grants are remembered. Each takes up to a thousand bytes. */
const mostRemembered = 30_000

const sizeOf = ({ request: { desired } }: Prepared): number =>
  1 + desired.reduce((sum, { grants }) => sum + 1 + grants.length, 0)

/**
 * The requests of earlier calls, by the text of what was given. Most calls ask for what an earlier one asked for, and what
 * follows from a request is remembered with it.
 */
const requests = new LRUCache<string, Prepared>({ maxSize: mostRemembered, sizeCalculation: sizeOf })

/** Deeper than any input that is right. */
const deepest = 10

/** Whether a value is the same as what JSON makes of it: no Secret, pattern or date, and nothing that is undefined. */
const isPlain = (value: unknown, depth = deepest): boolean => {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth === 0) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype) return false
    for (let index = 0; index < value.length; index += 1) if (!isPlain(value[index], depth - 1)) return false
    return true
  }
  if (prototype !== Object.prototype) return false
  for (const key of Object.keys(value))
    if (!isPlain((value as Record<string, unknown>)[key], depth - 1)) return false
  return true
}

/** Plain data as a text, which is equal for equal data; `undefined` for other data. */
export const textOfPlain = (value: unknown): string | undefined =>
  isPlain(value) ? JSON.stringify(value) : undefined

const frozen = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const one of Object.values(value)) frozen(one)
}

export const knownRequest = (text: string): Prepared | undefined => requests.get(text)

/** Remembers what was made of plain data. All calls that ask for the same share it, so that it is frozen. */
export const rememberRequest = (text: string, prepared: Prepared): void => {
  if (sizeOf(prepared) > mostRemembered) return
  frozen(prepared.request)
  frozen(prepared.scope)
  requests.set(text, prepared)
}

/** The same plan with a request of its own, so that what one caller does to it changes no other call. */
export const withOwnRequest = <P extends Plan>(plan: P): P => {
  const { request } = plan
  if (request.kind !== 'sync') return plan
  const desired = request.desired.map((one) => ({ ...one, grants: [...one.grants] }))
  return { ...plan, request: { ...request, desired, options: { ...request.options } } }
}
