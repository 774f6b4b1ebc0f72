import type { Operation } from '../model/operation.ts'
import type { Plan } from '../model/plan.ts'

/** Whether an operation depends on its object only. One that is temporary, or runs as another role, depends on more. */
const isSimple =
  ({ actingRole }: Plan) =>
  ({ kind, as, reason }: Operation): boolean =>
    (kind === 'createRole' || kind === 'grantPrivilege') &&
    as === actingRole &&
    reason.temporary === undefined

/**
 * The first of several transactions as a plan of its own, which only prepares and has no desired roles.
 * `undefined` if there is no such transaction, or if it depends on more than the objects that it touches.
 */
export const preparingPlan = (plan: Plan): Plan | undefined => {
  const [first, ...others] = plan.transactions
  if (first === undefined || others.length === 0 || plan.request.kind !== 'sync') return undefined
  if (!first.every(isSimple(plan))) return undefined
  return { ...plan, request: { ...plan.request, desired: [] }, transactions: [first] }
}
