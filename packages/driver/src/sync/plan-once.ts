import { type Grant, operationsOf, type Plan, type Snapshot } from '@pgsr/planner'
import { planRequest, type SyncRequest } from '@pgsr/planner/internal'

/** A plan that has nothing to do, and what it was made for, as a text. */
interface PlanOfNothing {
  readonly asked: string
  readonly plan: Plan
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

/** Makes the plan of a request. If there was nothing to do, and the catalogs answer the same, that is known. */
export const planOnce = (snapshot: Snapshot, request: SyncRequest): Plan => {
  const last = plansOfNothing.get(snapshot)
  // A copy: what a caller does to its plan does not change those of other calls.
  if (last !== undefined && last.asked === askedBy(request)) return { ...structuredClone(last.plan), request }
  const plan = planRequest(snapshot, request)
  if (operationsOf(plan).length === 0)
    plansOfNothing.set(snapshot, {
      asked: askedBy(request),
      plan: structuredClone({ ...plan, request: { ...request, desired: [] } }),
    })
  return plan
}
