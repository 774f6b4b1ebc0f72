import type { DesiredRole } from './desired-role.ts'
import { isPattern } from './grant.ts'
import { distinctObjects, type ObjectName } from './object-kind.ts'
import { objectTouched, objectWithFollowersTouched, type Operation } from './operation.ts'
import { sortedUnique } from './order.ts'
import { operationsOf, type Plan } from './plan.ts'
import { type PlanOptions, type Request, requestOf, type SyncRequest } from './request.ts'

/** What must be read from the catalogs to make a plan, or to prove one. Every list is sorted and free of repeats. */
export interface Scope {
  /** Roles of which everything is read: what they hold, own and have granted, and what they are members of. */
  readonly desired: readonly string[]
  /** Roles of which the attributes are read, and what they are members of, directly or not. */
  readonly roles: readonly string[]
  /** Objects to read, each with its owner and its whole ACL. */
  readonly objects: readonly ObjectName[]
  /** Those of the objects of which everything that follows their owner is read too: a table’s columns, a sequence. */
  readonly owned: readonly ObjectName[]
  /** Schemas of which every table is read, because a pattern asks for some of them. */
  readonly schemasOfPatterns: readonly string[]
  /** Whether to read the intermediate roles that this database may not need any more. */
  readonly unusedRoles: boolean
}

const nothing: Scope = {
  desired: [],
  roles: [],
  objects: [],
  owned: [],
  schemasOfPatterns: [],
  unusedRoles: false,
}

/** What must be read to plan a request. */
export const scopeOfRequest = (request: Request): Scope =>
  request.kind === 'sync' ? scopeOfSync(request) : { ...nothing, unusedRoles: true }

const scopeOfSync = ({ desired, options }: SyncRequest): Scope => {
  const grants = desired.flatMap((one) => one.grants)
  const privileges = grants.flatMap((grant) => (grant.kind === 'privilege' ? [grant.object] : []))
  const owned = grants.flatMap((grant) => (grant.kind === 'ownership' ? [grant.object] : []))
  const { reassignOwnedTo } = options
  return scope({
    ...nothing,
    desired: desired.map(({ role }) => role),
    roles: [
      ...grants.flatMap((grant) => (grant.kind === 'membership' ? [grant.role] : [])),
      ...(reassignOwnedTo === undefined ? [] : [reassignOwnedTo]),
    ],
    objects: [
      ...owned,
      ...privileges.map((object): ObjectName =>
        isPattern(object) ? { kind: 'schema', name: [object.schema] } : object,
      ),
    ],
    owned,
    schemasOfPatterns: privileges.flatMap((object) => (isPattern(object) ? [object.schema] : [])),
  })
}

/**
 * What must be read to prove a plan: what it was made from, and everything that it touches.
 */
export const scopeOfPlan = (plan: Plan): Scope => {
  const { desired, roles, objects, owned } = scopeOfRequest(plan.request)
  const operations = operationsOf(plan)
  return scope({
    desired,
    roles: [...roles, ...operations.flatMap(rolesTouched)],
    objects: [...objects, ...operations.flatMap(objectTouched)],
    owned: [...owned, ...operations.flatMap(objectWithFollowersTouched)],
    schemasOfPatterns: [],
    unusedRoles: false,
  })
}

const rolesTouched = (operation: Operation): readonly string[] => {
  if (operation.kind === 'createRole' || operation.kind === 'dropRole') return [operation.role]
  return 'member' in operation ? [operation.role, operation.member] : []
}

/** What must be read to sync roles, or to prove a plan. */
export const scopeOf = (
  from: DesiredRole | readonly DesiredRole[] | Plan,
  options: PlanOptions = {},
): Scope =>
  'transactions' in from ? scopeOfPlan(from) : scopeOfRequest(requestOf(from, { ...options, seed: '' }))

const scope = ({ desired, roles, objects, owned, schemasOfPatterns, unusedRoles }: Scope): Scope => ({
  desired: sortedUnique(desired),
  roles: sortedUnique(roles),
  objects: distinctObjects(objects),
  owned: distinctObjects(owned),
  schemasOfPatterns: sortedUnique(schemasOfPatterns),
  unusedRoles,
})
