import {
  describeName,
  type DesiredRole,
  ForbiddenRoleError,
  type Grant,
  InvalidGrantError,
  MissingObjectError,
  type Plan,
  PlanningError,
  planRequest,
  type PlanOptions,
  requestOf,
  type Scope,
  scopeOfRequest,
  Secret,
  SnapshotScopeError,
  type Snapshot,
  type SyncRequest,
  UnsupportedServerError,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { randomUUID } from 'node:crypto'
import type { TimeoutError } from './errors.ts'
import { inTime, type Time } from './in-time.ts'
import type { Password } from './password.ts'
import { isBrokenVerifier, isEndlessVerifier, isVerifier, mostIterations } from './verifier.ts'

/** What the planner refuses. */
export type PlannerError =
  | InvalidGrantError
  | ForbiddenRoleError
  | PlanningError
  | SnapshotScopeError
  | UnsupportedServerError

const plannerErrors = [
  InvalidGrantError,
  ForbiddenRoleError,
  PlanningError,
  SnapshotScopeError,
  UnsupportedServerError,
]

const failure = (error: unknown): Effect.Effect<never, PlannerError> =>
  plannerErrors.some((type) => error instanceof type) ? Effect.fail(error as PlannerError) : Effect.die(error)

/** Turns what the planner throws into typed failures; anything else is a bug, and stays one. */
export const planning = <A>(evaluate: () => A): Effect.Effect<A, PlannerError> =>
  Effect.suspend(() => evaluated(evaluate))

const evaluated = <A>(evaluate: () => A): Effect.Effect<A, PlannerError> => {
  try {
    return Effect.succeed(evaluate())
  } catch (error) {
    return failure(error)
  }
}

/** The same of what may take long: it is given up at the deadline. */
export const planningInTime = <A>(
  time: Time,
  evaluate: () => A,
): Effect.Effect<A, PlannerError | TimeoutError> => Effect.flatten(inTime(time, () => evaluated(evaluate)))

/** The same of what waits for something. */
export const planningLater = <A>(evaluate: () => Promise<A>): Effect.Effect<A, PlannerError> =>
  Effect.catch(Effect.tryPromise({ try: evaluate, catch: (error) => error }), failure)

/** What is asked for, checked, with its passwords taken out. */
export interface Prepared {
  readonly request: SyncRequest
  readonly scope: Scope
  /** By role. Never part of a request, a plan or an error. */
  readonly passwords: ReadonlyMap<string, Password>
}

const passwordOf = (grant: Grant): Password | undefined =>
  grant.kind === 'attribute' && grant.attribute === 'LOGIN' && grant.password instanceof Secret
    ? { secret: grant.password, ...(grant.hashedBy !== undefined && { hashedBy: grant.hashedBy }) }
    : undefined

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

/** What somebody gave may have getters, or be a proxy, that throw. */
export const readGiven = <T>(field: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (plannerErrors.some((type) => error instanceof type)) throw error
    throw new InvalidGrantError({ field, message: `cannot read what was given: ${field} holds what throws` })
  }
}

/** What is checked must be what is used, whatever getters and proxies the caller has put there. */
const copied = (desired: DesiredRole | readonly DesiredRole[]): readonly DesiredRole[] =>
  (Array.isArray(desired) ? desired : [desired]).map((one: DesiredRole) => {
    if (!isObject(one)) return one
    const copy = { ...one }
    const copyOf = (grant: Grant): Grant => (isObject(grant) ? { ...grant } : grant)
    return Array.isArray(copy.grants) ? { ...copy, grants: Array.from(copy.grants, copyOf) } : copy
  })

/** Checks what is asked for before anything is sent. */
export const prepare = (
  desired: DesiredRole | readonly DesiredRole[],
  { reassignOwnedTo, allowSelf, allowSuperuser, keepDependents, scope }: PlanOptions,
  time: Time,
  seed: string = randomUUID(),
): Effect.Effect<Prepared, PlannerError | TimeoutError> =>
  planningInTime(time, () => {
    const roles = readGiven('desired', () => copied(desired))
    const request = requestOf(roles, {
      ...(reassignOwnedTo !== undefined && { reassignOwnedTo }),
      ...(allowSelf !== undefined && { allowSelf }),
      ...(allowSuperuser !== undefined && { allowSuperuser }),
      ...(keepDependents !== undefined && { keepDependents }),
      ...(scope !== undefined && { scope }),
      seed,
    })
    const passwords = new Map<string, Password>()
    for (const { role, grants } of roles)
      for (const grant of grants) {
        const password = passwordOf(grant)
        if (password !== undefined) passwords.set(role, password)
      }
    for (const { role, grants } of request.desired)
      for (const grant of grants)
        if (
          grant.kind === 'attribute' &&
          grant.attribute === 'LOGIN' &&
          grant.password === 'set' &&
          !passwords.has(role)
        )
          throw new InvalidGrantError({
            role,
            field: 'password',
            message: `cannot grant LOGIN to role ${describeName(role)}: the grant asks to set a password and holds none`,
          })
    for (const [role, password] of passwords) {
      const problem = problemOfPassword(Secret.reveal(password.secret) as string, password)
      if (problem !== undefined) refusePassword(role, problem)
    }
    return { request, scope: scopeOfRequest(request), passwords }
  })

const problemOfPassword = (password: string, { hashedBy }: Password): string | undefined => {
  if (hashedBy === 'server' && isVerifier(password))
    return 'it is a verifier, and there is nothing left to hash for the server'
  if (isBrokenVerifier(password))
    return 'it begins like a SCRAM-SHA-256 verifier, and is none: it would become the password'
  if (isEndlessVerifier(password))
    return `the verifier has more than ${mostIterations} iterations: the server would take too long to store and to check it`
  return undefined
}

/** Refuses a password, of which nothing is said. */
export const refusePassword = (role: string, why: string): never => {
  throw new InvalidGrantError({
    role,
    field: 'password',
    message: `cannot set the password of role ${describeName(role)}: ${why}`,
  })
}

/** Plans with a seed of its own: the names of new roles must not be those of an attempt that failed. */
export const planWith = (
  snapshot: Snapshot,
  { request }: Prepared,
  time: Time,
): Effect.Effect<Plan, PlannerError | TimeoutError> =>
  planningInTime(time, () => planRequest(snapshot, { ...request, seed: randomUUID() }))

/** Fails on what is absent where the caller wants that. */
export const refuseMissing = (
  plan: Plan,
  onMissing: 'skip' | 'error',
): Effect.Effect<Plan, MissingObjectError> => {
  const absent = plan.skipped.filter(({ reason }) => reason === 'absent')
  return onMissing === 'error' && absent.length > 0
    ? Effect.fail(new MissingObjectError(absent))
    : Effect.succeed(plan)
}
