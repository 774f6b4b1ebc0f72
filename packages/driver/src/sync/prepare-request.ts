import { type Grant, InvalidGrantError, type PlanOptions, type RequestedRole } from '@pgsr/planner'
import {
  describeName,
  flatMap,
  planOptionNames,
  requestOf,
  scopeOfRequest,
  type SyncRequest,
  usualSeed,
} from '@pgsr/planner/internal'
import type { Desired } from '../functions.ts'
import * as Effect from 'effect/Effect'
import type { Deadline } from '../connection/deadline.ts'
import type { TimeoutError } from '../errors.ts'
import type { PlannerError } from '../failures.ts'
import { checkPassword, type Password, passwordOf } from '../passwords/password.ts'
import { type Given, knownRequest, rememberable, rememberRequest } from './known-requests.ts'
import { planning, planningInTime, readGiven } from './planning.ts'
import type { Prepared } from './prepared.ts'
import { requestWorkload } from './workload.ts'

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Copies what the caller gave, so that what is checked is what is used, whatever its getters and proxies do. */
const copied = (desired: Desired): readonly RequestedRole[] =>
  (Array.isArray(desired) ? desired : [desired]).map((one: RequestedRole) => {
    if (!isObject(one)) return one
    const copy = one.absent === undefined ? { ...one } : { ...one, grants: one.grants ?? [] }
    const copyOf = (grant: Grant): Grant => (isObject(grant) ? { ...grant } : grant)
    return Array.isArray(copy.grants) ? { ...copy, grants: Array.from(copy.grants, copyOf) } : copy
  })

const isLoginWith =
  (password: 'keep' | 'set') =>
  (grant: Grant): boolean =>
    grant?.kind === 'attribute' && grant.attribute === 'LOGIN' && grant.password === password

/** Whether a grant sets a password, which the request itself does not contain. */
export const setsPassword: (grant: Grant) => boolean = isLoginWith('set')

/** Whether a grant lets a role log in with the password that it has. */
const keepsPassword = isLoginWith('keep')

const refuseLostPasswords = ({ desired }: SyncRequest, passwords: ReadonlyMap<string, Password>): void => {
  for (const { role, grants } of desired)
    if (grants.some(setsPassword) && !passwords.has(role))
      throw new InvalidGrantError({
        role,
        field: 'password',
        message: `cannot grant LOGIN to role ${describeName(role)}: the grant sets a password but does not contain it`,
      })
}

/** Those of the options of a call that planning depends on. */
const planOptionsOf = (options: PlanOptions): PlanOptions =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => Object.hasOwn(planOptionNames, name) && value !== undefined,
    ),
  )

const checkedRequest = (roles: readonly RequestedRole[], { options, seed }: Given): Prepared => {
  const request = requestOf(roles, { ...options, seed })
  const passwords = new Map(
    flatMap(roles, ({ role, grants }) =>
      flatMap(grants, (grant) => {
        const password = passwordOf(grant)
        return password === undefined ? [] : [[role, password] as const]
      }),
    ),
  )
  refuseLostPasswords(request, passwords)
  for (const [role, password] of passwords) checkPassword(role, password)
  const scope = scopeOfRequest(request)
  const keepers = new Set(
    flatMap(request.desired, ({ role, grants }) => (grants.some(keepsPassword) ? [role] : [])),
  )
  return { request, scope, passwords, storedToCompare: scope.desired.filter((role) => !keepers.has(role)) }
}

/** Checks the desired roles before anything is sent. */
export const prepareRequest = (
  desired: Desired,
  options: PlanOptions,
  deadline: Deadline,
  seed: string = usualSeed,
): Effect.Effect<Prepared, PlannerError | TimeoutError> =>
  Effect.gen(function* () {
    const planOptions = yield* planning(() => readGiven('options', () => planOptionsOf(options)))
    const given: Given = { desired, options: planOptions, seed }
    const known = yield* planning(() => readGiven('desired', () => knownRequest(given)))
    if (known !== undefined) return known
    const copy = yield* planning(() => readGiven('desired', () => rememberable(given)))
    const roles = yield* planning(() => readGiven('desired', () => copied((copy ?? given).desired)))
    const prepared = yield* planningInTime(deadline, requestWorkload(roles), () =>
      checkedRequest(roles, copy ?? given),
    )
    if (copy !== undefined) rememberRequest(copy, prepared)
    return prepared
  })
