import { objectKey } from './object-kind.ts'
import { rolesCreated } from './operation.ts'
import { operationsOf, type Plan } from './plan.ts'
import type { DatabaseObject, Snapshot } from './snapshot.ts'

/** The first transaction of a plan that has others after it, as a plan of its own: it only prepares, for no desired role. */
export const preparingPlan = (plan: Plan): Plan | undefined => {
  const [first, ...others] = plan.transactions
  if (first === undefined || others.length === 0 || plan.request.kind !== 'sync') return undefined
  return { ...plan, request: { ...plan.request, desired: [] }, transactions: [first] }
}

/**
 * Says of objects that are read again whether somebody has changed their owners or ACLs since a plan was made: then it is
 * to be made again. What the plan’s own new roles are granted meanwhile is no such change.
 */
export const objectsAsPlanned = (plan: Plan, planned: Snapshot): ((found: Snapshot) => boolean) => {
  const looked = once(() => {
    const own = rolesCreated(operationsOf(plan))
    const ofOthers = ({ owner, acl }: DatabaseObject): string =>
      JSON.stringify([owner, acl.filter(({ grantee }) => !own.has(grantee))])
    return {
      ofOthers,
      before: new Map(planned.objects.map((object) => [objectKey(object), ofOthers(object)])),
    }
  })
  return ({ objects }) => {
    const { ofOthers, before } = looked()
    return objects.every((object) => before.get(objectKey(object)) === ofOthers(object))
  }
}

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined
  return () => (made ??= make())
}
