import {
  type DesiredRole,
  dropRequest,
  type Grant,
  InvalidGrantError,
  parsePlan,
  type Plan,
  planDifferenceOf,
  planRequest,
  type Request,
  type Scope,
  scopeOfRequest,
  Secret,
  type Snapshot,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { isDeepStrictEqual } from 'node:util'
import { PlanChangedError, type TimeoutError } from './errors.ts'
import type { Time } from './in-time.ts'
import type { ExecutePlanOptions } from './options.ts'
import type { Password } from './password.ts'
import { planning, planningInTime, type PlannerError, prepare, readGiven, refusePassword } from './prepare.ts'

/** A plan that somebody has seen, and what is needed to make it again. */
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
    : refuse('passwords', 'passwords must be an object that has the password of each role')

const setsPassword = (grant: Grant): boolean =>
  grant?.kind === 'attribute' && grant.attribute === 'LOGIN' && grant.password === 'set'

/** The desired roles with the passwords back in their place, which the plan itself does not hold. */
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
        ? refusePassword(role, 'the plan sets it, and passwords has none for that role')
        : { ...grant, password }
    }),
  })
  const complete = desired.map((one) => (Array.isArray(one?.grants) ? withIts(one) : one))
  for (const role of passwords.keys()) if (!roles.has(role)) refusePassword(role, 'the plan does not set it')
  return complete
}

/** What a plan was made for, checked again. */
const prepareRequest = (
  request: Request,
  secrets: ReadonlyMap<string, Secret>,
  time: Time,
): Effect.Effect<Omit<Reviewed, 'plan'>, PlannerError | TimeoutError> => {
  switch (request.kind) {
    case 'sync':
      if (!Array.isArray(request.desired) || !isObject(request.options)) break
      return Effect.flatMap(
        planningInTime(time, () => withPasswords(request.desired, secrets)),
        (desired) => prepare(desired, request.options, time, request.seed),
      )
    case 'drop unused roles':
      return planning(() => {
        withPasswords([], secrets)
        return { request: dropRequest, scope: scopeOfRequest(dropRequest), passwords: new Map() }
      })
  }
  return planning(() => refuse('request', 'its request is none'))
}

/** Checks a plan, and the passwords that it needs, before anything is sent. */
export const prepareReviewed = (
  given: unknown,
  passwords: ExecutePlanOptions['passwords'],
  time: Time,
): Effect.Effect<Reviewed, PlannerError | TimeoutError> =>
  Effect.gen(function* () {
    const [plan, secrets] = yield* planningInTime(
      time,
      () => [parsePlan(given), readGiven('passwords', () => secretsOf(passwords))] as const,
    )
    const prepared = yield* prepareRequest(plan.request, secrets, time)
    yield* planningInTime(time, () => {
      if (!isDeepStrictEqual(prepared.request, plan.request))
        refuse('request', 'its request is not as it was when the plan was made')
    })
    return { ...prepared, plan }
  })

/**
 * Plans again, with the same seed: what is left of the plan as it was given, or else an error that says what changed.
 * @param done how many of its transactions have been executed
 */
export const planAgain = (
  snapshot: Snapshot,
  { request, plan }: Reviewed,
  done: number,
  time: Time,
): Effect.Effect<Plan, PlannerError | PlanChangedError | TimeoutError> =>
  Effect.flatten(
    planningInTime(time, () => {
      const now = planRequest(snapshot, request, done > 0)
      const left = { ...plan, transactions: plan.transactions.slice(done) }
      return isDeepStrictEqual(now, left)
        ? Effect.succeed(now)
        : Effect.fail(new PlanChangedError(planDifferenceOf(left, now)))
    }),
  )
