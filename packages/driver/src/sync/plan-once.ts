import { type Grant, operationsOf, type Plan, type Snapshot } from '@pgsr/planner'
import { planRequest, type SyncRequest } from '@pgsr/planner/internal'

/** A plan that has nothing to do, and what it was made for. */
interface PlanOfNothing {
  readonly request: SyncRequest
  /** What the request asks for, as a text: only requests that are shared by calls are frozen. */
  readonly asked: string
  /** The plan without its request, as JSON, since each caller gets one of its own. */
  readonly text: string
}

/** By snapshot. A pool has the same object as long as the catalogs answer the same. */
const plansOfNothing = new WeakMap<Snapshot, PlanOfNothing>()

/**
 * A plan follows from its snapshot and its request. The seed matters only for the names of new roles, of which a plan of
 * nothing has none. Roles often have the same grants, which are written once.
 */
const askedBy = ({ desired, options }: SyncRequest): string => {
  const numbers = new Map<Grant, number>()
  const numberOf = (grant: Grant): number => {
    const number = numbers.get(grant) ?? numbers.size
    numbers.set(grant, number)
    return number
  }
  const roles = desired.map((one) => ({ ...one, grants: one.grants.map(numberOf) }))
  return JSON.stringify([options, roles, [...numbers.keys()]])
}

const isFor = ({ request, asked }: PlanOfNothing, now: SyncRequest): boolean =>
  (request.desired === now.desired && request.options === now.options) || asked === askedBy(now)

/** Makes the plan of a request. If there was nothing to do, and the catalogs answer the same, that is known. */
export const planOnce = (snapshot: Snapshot, request: SyncRequest): Plan => {
  const last = plansOfNothing.get(snapshot)
  if (last !== undefined && isFor(last, request))
    return { ...(JSON.parse(last.text) as Omit<Plan, 'request'>), request }
  const plan = planRequest(snapshot, request)
  const { request: _, ...rest } = plan
  if (operationsOf(plan).length === 0)
    plansOfNothing.set(snapshot, { request, asked: askedBy(request), text: JSON.stringify(rest) })
  return plan
}
