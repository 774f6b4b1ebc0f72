import type { AbsentRole, RequestedRole } from '../model/absent-role.ts'
import { describeName } from '../model/describe.ts'
import { isLimited, type Managed } from '../model/managed.ts'
import type { PlanOptions } from '../model/request.ts'

type Fail = (problem: string, field: string) => never

const fields: ReadonlySet<string> = new Set([
  'role',
  'absent',
  'reassignOwnedTo',
  'terminateSessions',
  'grants',
] satisfies (keyof AbsentRole)[])

/** Whether something that was given is meant to be a role that should not exist. */
export const isAbsent = (given: object): given is AbsentRole =>
  'absent' in given && given.absent !== undefined

const isTrue = (given: unknown): boolean => given === true

/** Checks a role that should not exist, and brings it into the form that it has in a request. */
export const checkAbsent = (
  given: AbsentRole,
  managed: Managed,
  mode: PlanOptions['mode'],
  fail: Fail,
): RequestedRole => {
  const { role, absent, reassignOwnedTo, terminateSessions = false, grants = [] } = given
  if (!isTrue(absent)) fail('its absent must be true; leave it out for a role that should exist', 'absent')
  const unknown = Object.keys(given).find((field) => !fields.has(field))
  if (unknown !== undefined)
    fail(
      `it should not exist, and has the field ${describeName(unknown)}; expected one of ${[...fields].join(', ')}`,
      unknown,
    )
  if (!Array.isArray(grants) || grants.length > 0) fail('it should not exist, and has grants', 'grants')
  if (typeof terminateSessions !== 'boolean')
    fail('its terminateSessions must be true or false', 'terminateSessions')
  if (!managed.cluster || isLimited(managed))
    fail('it can be dropped only by a call that manages everything; leave manages out', 'manages')
  if (mode === 'additive')
    fail('it is to be dropped, and the mode additive takes nothing away; leave it out', 'absent')
  return {
    role,
    grants: [],
    absent: true,
    ...(reassignOwnedTo !== undefined && { reassignOwnedTo }),
    ...(terminateSessions && { terminateSessions }),
  }
}
