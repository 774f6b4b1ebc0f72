import type { AbsentRole } from '../model/absent-role.ts'
import type { DesiredRole } from '../model/desired-role.ts'
import { objectTouched, objectWithFollowersTouched, type Operation } from '../model/operation.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import { desiredRolesOf, type PlanOptions } from '../model/request.ts'
import type { Scope } from '../model/scope.ts'
import { touchedBy } from '../model/touched.ts'
import { scope, scopeOfRequest } from './catalog-scope.ts'
import { requestOf } from './parse-request.ts'
import { defined, flatMap } from '../util/collections.ts'

/**
 * Whether an operation touches only what is read with the desired roles anyway: the intermediate roles that
 * they become members of, and what is granted to either.
 */
const isReadAnyway = (plan: Plan): ((operation: Operation) => boolean) => {
  const operations = operationsOf(plan)
  const read = new Set(desiredRolesOf(plan.request))
  for (const operation of operations)
    if (
      operation.kind === 'grantMembership' &&
      operation.provides !== undefined &&
      read.has(operation.member)
    )
      read.add(operation.role)
  return (operation) => {
    switch (operation.kind) {
      case 'createRole':
        return read.has(operation.role)
      case 'grantMembership':
        return read.has(operation.role) && read.has(operation.member)
      case 'grantPrivilege':
        return operation.reason.temporary === undefined && read.has(operation.grantee)
      default:
        return false
    }
  }
}

/** What must be read to prove a plan: what its request needs, and everything that the plan touches. */
export const scopeOfPlan = (plan: Plan): Scope => {
  const { desired, roles, objects, owned, defaultsOf, ...more } = scopeOfRequest(plan.request)
  const isRead = isReadAnyway(plan)
  const operations = operationsOf(plan).filter((operation) => !isRead(operation))
  return scope({
    ...more,
    desired,
    roles: [
      ...roles,
      ...touchedBy(operationsOf(plan)).creators.values(),
      ...flatMap(operations, rolesTouched),
    ],
    objects: [...objects, ...defined(operations.map(objectTouched))],
    owned: [...owned, ...defined(operations.map(objectWithFollowersTouched))],
    patterns: [],
    defaultsOf: [...defaultsOf, ...touchedBy(operations).defaults.map(({ owner }) => owner)],
    unusedRoles: false,
  })
}

const rolesTouched = (operation: Operation): readonly string[] => {
  if (operation.kind === 'createRole' || operation.kind === 'dropRole' || operation.kind === 'setAttribute')
    return [operation.role]
  return 'member' in operation ? [operation.role, operation.member] : []
}

/** What must be read from the catalogs to plan for desired roles, or to prove a plan. */
export const scopeOf = (
  from: DesiredRole | AbsentRole | readonly (DesiredRole | AbsentRole)[] | Plan,
  options: PlanOptions = {},
): Scope => ('transactions' in from ? scopeOfPlan(from) : scopeOfRequest(requestOf(from, options)))
