import { applyOperation } from '../catalog/apply-operation.ts'
import { Catalog } from '../catalog/catalog.ts'
import type { AbsentRole } from '../model/absent-role.ts'
import type { DesiredRole } from '../model/desired-role.ts'
import { PlanningError, UnsupportedServerError } from '../model/errors.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import type { Operation } from '../model/operation.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import { dropRequest, type Request, type SeededPlanOptions } from '../model/request.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { isTagged, onGiven } from '../model/unchecked-input.ts'
import { has } from '../postgres/features.ts'
import { checkCovered } from '../request/check-scope.ts'
import { checkSnapshot } from '../request/check-snapshot.ts'
import { requestOf } from '../request/parse-request.ts'
import { planDropRequest } from './plan-drop.ts'
import { planSync } from './plan-sync.ts'

const checkServer = ({ format, server }: Snapshot): void => {
  if (format !== 1)
    throw new UnsupportedServerError(
      `cannot plan: the snapshot has format ${String(format)}, this planner reads 1`,
    )
  if (!has(server.version, 'a plan'))
    throw new UnsupportedServerError(
      `cannot plan: PostgreSQL 9.6 is the oldest supported, the server is ${server.version}`,
    )
}

/**
 * Plans what a checked request asks for.
 * @param isDivided whether some of several transactions have already been executed: then the rest is divided
 * as in the plan before, even if it would now fit into one transaction
 */
export const planRequest = (snapshot: Snapshot, request: Request, isDivided = false): Plan => {
  try {
    checkServer(snapshot)
    checkCovered(snapshot, request)
    switch (request.kind) {
      case 'sync':
        return planSync(snapshot, request, isDivided)
      case 'drop unused roles':
        return planDropRequest(snapshot, isDivided)
    }
    throw new InvalidGrantError({ field: 'request', message: 'cannot plan: the request is not one' })
  } catch (error) {
    if (isTagged(error)) throw error
    checkGiven(snapshot, request)
    throw new PlanningError('cannot plan: the planner contradicts itself, or the snapshot does', {
      cause: error,
    })
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Checks the types of a snapshot and of a request, to say what is wrong with them. */
const checkGiven = (snapshot: Snapshot, request: Request): void => {
  onGiven('snapshot', 'cannot plan: the snapshot holds something that cannot be read', () =>
    checkSnapshot(snapshot),
  )
  onGiven('request', 'cannot plan: the request is not one', () => {
    if (request.kind !== 'sync') return
    if (!isObject(request.options)) throw new TypeError('its options are not an object')
    requestOf(request.desired, { ...request.options, seed: request.seed })
  })
}

/**
 * Works out which roles of pgsr’s own nothing needs any more, and what has to be done to drop them. Pure.
 * @param snapshot read within `scopeOfRequest(dropRequest)`
 * @throws UnsupportedServerError, SnapshotScopeError
 */
export const planDrop = (snapshot: Snapshot): Plan => {
  checkGiven(snapshot, dropRequest)
  return planRequest(snapshot, dropRequest)
}

/**
 * Works out what has to be done so that the desired roles have exactly what is asked for. Pure: the same snapshot,
 * roles and options give the same plan, and the order in which roles and grants are given does not matter.
 * @param snapshot read within `scopeOf(desired, options)`, or more
 * @throws InvalidGrantError, ForbiddenRoleError, UnsupportedServerError, SnapshotScopeError
 */
export const plan = (
  snapshot: Snapshot,
  desired: DesiredRole | AbsentRole | readonly (DesiredRole | AbsentRole)[],
  options: SeededPlanOptions = {},
): Plan => {
  const request = requestOf(desired, options)
  checkGiven(snapshot, dropRequest)
  return planRequest(snapshot, request)
}

/** The snapshot as it will be after a plan, or some operations, have been executed. */
export const outcomeOf = (snapshot: Snapshot, from: Plan | readonly Operation[]): Snapshot => {
  const catalog = new Catalog(snapshot)
  for (const operation of 'transactions' in from ? operationsOf(from) : from)
    applyOperation(catalog, operation)
  return catalog.snapshot()
}
