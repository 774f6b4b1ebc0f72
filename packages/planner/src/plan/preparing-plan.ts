import { objectTouched, type Operation, rolesCreated } from '../model/operation.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import type { DatabaseObject, Snapshot } from '../model/snapshot.ts'
import { objectKey } from '../postgres/object-kind.ts'
import { once } from '../util/once.ts'

/** What depends on nothing but the object: what is borrowed, lent or paused, or done as another role, depends on more. */
const isSimple =
  ({ actingRole }: Plan) =>
  ({ kind, as, reason }: Operation): boolean =>
    (kind === 'createRole' || kind === 'grantPrivilege') &&
    as === actingRole &&
    reason.temporary === undefined

/**
 * The first transaction of a plan that has others after it, as a plan of its own: it only prepares, for no desired role.
 * `undefined` where it does not, or where what it does depends on more than the objects that it touches.
 */
export const preparingPlan = (plan: Plan): Plan | undefined => {
  const [first, ...others] = plan.transactions
  if (first === undefined || others.length === 0 || plan.request.kind !== 'sync') return undefined
  if (!first.every(isSimple(plan))) return undefined
  return { ...plan, request: { ...plan.request, desired: [] }, transactions: [first] }
}

/**
 * Says of the objects that operations touch, when they are read again, whether they are there and have the owners and ACLs
 * that they had when a plan was made: otherwise it is to be made again. What the plan’s own new roles are granted meanwhile
 * makes no difference.
 */
export const objectsAsPlanned = (
  plan: Plan,
  planned: Snapshot,
): ((found: Snapshot, operations: readonly Operation[]) => boolean) => {
  const looked = once(() => {
    const own = rolesCreated(operationsOf(plan))
    const ofOthers = ({ owner, acl }: DatabaseObject): string =>
      JSON.stringify([owner, acl.filter(({ grantee }) => !own.has(grantee))])
    const textsIn = ({ objects }: Snapshot): ReadonlyMap<string, string> =>
      new Map(objects.map((object) => [objectKey(object), ofOthers(object)]))
    return { textsIn, before: textsIn(planned) }
  })
  return (found, operations) => {
    const { textsIn, before } = looked()
    const now = textsIn(found)
    // Many operations may be on one object, and its text be long.
    const touched = new Set(operations.flatMap(objectTouched).map(objectKey))
    return [...touched].every((key) => now.has(key) && now.get(key) === before.get(key))
  }
}
