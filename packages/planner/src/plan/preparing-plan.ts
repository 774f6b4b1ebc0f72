import { objectTouched, type Operation } from '../model/operation.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import type { DatabaseObject, Snapshot } from '../model/snapshot.ts'
import { touchedBy } from '../model/touched.ts'
import { objectKey } from '../postgres/object-kind.ts'
import { once } from '../util/once.ts'
import { defined } from '../util/collections.ts'

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

/**
 * Returns a function that says whether the objects that operations touch, read again, still exist with the
 * owners and ACLs that they had when the plan was made. If not, the plan has to be made again. What the
 * plan’s own new roles have been granted makes no difference.
 */
export const objectsAsPlanned = (
  plan: Plan,
  planned: Snapshot,
): ((found: Snapshot, operations: readonly Operation[]) => boolean) => {
  const looked = once(() => {
    const own = touchedBy(operationsOf(plan)).creators
    const ofOthers = ({ owner, acl }: DatabaseObject): string =>
      JSON.stringify([owner, acl.filter(({ grantee }) => !own.has(grantee))])
    const textsIn = ({ objects }: Snapshot): ReadonlyMap<string, string> =>
      new Map(objects.map((object) => [objectKey(object), ofOthers(object)]))
    return { textsIn, before: textsIn(planned) }
  })
  return (found, operations) => {
    const { textsIn, before } = looked()
    const now = textsIn(found)
    // Many operations may touch one object, and its text may be long.
    const touched = new Set(defined(operations.map(objectTouched)).map(objectKey))
    return [...touched].every((key) => now.has(key) && now.get(key) === before.get(key))
  }
}
