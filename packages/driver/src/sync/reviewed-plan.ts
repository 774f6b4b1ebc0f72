import {
  type DesiredRole,
  InvalidGrantError,
  parsePlan,
  type Plan,
  planDifferenceOf,
  type Scope,
  Secret,
  type Snapshot,
} from '@pgsr/planner'
import { dropRequest, planRequest, type Request, scopeOfRequest } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { isDeepStrictEqual } from 'node:util'
import type { Deadline } from '../connection/deadline.ts'
import { PlanChangedError, type TimeoutError } from '../errors.ts'
import type { PlannerError } from '../failures.ts'
import type { ExecutePlanOptions } from '../options.ts'
import { type Password, refusePassword } from '../passwords/password.ts'
import { planning, planningInTime, readGiven } from './planning.ts'
import { prepareRequest, setsPassword } from './prepare-request.ts'
import { anySize } from './workload.ts'

/** A plan that was made before, and what is needed to make it again. */
export interface Reviewed {
  readonly plan: Plan
  readonly request: Request
  readonly scope: Scope
  /** By role. */
  readonly passwords: ReadonlyMap<string, Password>
}

const refuse = (field: string, problem: string): never => {
  throw new InvalidGrantError({ field, message: `cannot execute the plan: ${problem}` })
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const secretsOf = (passwords: ExecutePlanOptions['passwords'] = {}): ReadonlyMap<string, Secret> =>
  isObject(passwords)
    ? new Map(Object.entries(passwords).map(([role, password]) => [role, new Secret(password)]))
    : refuse('passwords', 'passwords must be an object with a password for each role')

/** Puts the passwords, which a plan does not contain, back into the desired roles. */
const withPasswords = (
  desired: readonly DesiredRole[],
  passwords: ReadonlyMap<string, Secret>,
): readonly DesiredRole[] => {
  const roles = new Set<string>()
  const withIts = ({ role, grants, ...rest }: DesiredRole): DesiredRole => ({
    ...rest,
    role,
    grants: grants.map((grant) => {
      if (!setsPassword(grant)) return grant
      roles.add(role)
      const password = passwords.get(role)
      return password === undefined
        ? refusePassword(role, 'the plan sets it, but passwords has none for this role')
        : { ...grant, password }
    }),
  })
  const complete = desired.map((one) => (Array.isArray(one?.grants) ? withIts(one) : one))
  for (const role of passwords.keys()) if (!roles.has(role)) refusePassword(role, 'the plan does not set it')
  return complete
}

/** Checks the request of a plan again. */
const prepareAgain = (
  request: Request,
  secrets: ReadonlyMap<string, Secret>,
  deadline: Deadline,
): Effect.Effect<Omit<Reviewed, 'plan'>, PlannerError | TimeoutError> => {
  switch (request.kind) {
    case 'sync':
      if (!Array.isArray(request.desired) || !isObject(request.options)) break
      return Effect.flatMap(
        planningInTime(deadline, anySize, () => withPasswords(request.desired, secrets)),
        (desired) => prepareRequest(desired, request.options, deadline, request.seed),
      )
    case 'drop unused roles':
      return planning(() => {
        withPasswords([], secrets)
        return { request: dropRequest, scope: scopeOfRequest(dropRequest), passwords: new Map() }
      })
  }
  return planning(() => refuse('request', 'its request is not valid'))
}

/** Checks a plan and its passwords before anything is sent. */
export const prepareReviewed = (
  given: unknown,
  passwords: ExecutePlanOptions['passwords'],
  deadline: Deadline,
): Effect.Effect<Reviewed, PlannerError | TimeoutError> =>
  Effect.gen(function* () {
    const [plan, secrets] = yield* planningInTime(
      deadline,
      anySize,
      () => [parsePlan(given), readGiven('passwords', () => secretsOf(passwords))] as const,
    )
    const prepared = yield* prepareAgain(plan.request, secrets, deadline)
    yield* planningInTime(deadline, anySize, () => {
      if (!isDeepStrictEqual(prepared.request, plan.request))
        refuse('request', 'its request is not in the form that a plan has')
    })
    return { ...prepared, plan }
  })

/**
 * Makes the plan again with the same seed. The result has to equal what is left of the given plan.
 * @param executed the number of its transactions that have been executed
 */
export const planAgain = (
  snapshot: Snapshot,
  { request, plan }: Reviewed,
  executed: number,
  deadline: Deadline,
): Effect.Effect<Plan, PlannerError | PlanChangedError | TimeoutError> =>
  Effect.flatten(
    planningInTime(deadline, anySize, () => {
      const now = planRequest(snapshot, request, executed > 0)
      const left = { ...plan, transactions: plan.transactions.slice(executed) }
      // What everybody can do is not for the plan to change.
      return isDeepStrictEqual(now, { ...left, throughPublic: now.throughPublic })
        ? Effect.succeed(now)
        : Effect.fail(new PlanChangedError(planDifferenceOf(left, now)))
    }),
  )
