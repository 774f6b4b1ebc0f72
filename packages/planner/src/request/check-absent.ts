import type { AbsentRole, RequestedRole } from '../model/absent-role.ts'
import { describeGrant, describeName } from '../model/describe.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isLimited, type Managed } from '../model/managed.ts'
import type { PlanOptions } from '../model/request.ts'
import { flatMap } from '../util/collections.ts'

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

/** Refuses grants of what goes with a role that should not exist. */
export const checkNotAsked = (desired: readonly RequestedRole[]): void => {
  const absent = new Set(flatMap(desired, (one) => (one.absent === true ? [one.role] : [])))
  if (absent.size === 0) return
  for (const { role, members = [] } of desired)
    for (const member of members) {
      const name = typeof member === 'string' ? member : member.role
      if (absent.has(name))
        throw new InvalidGrantError({
          role,
          field: 'members',
          message: `cannot grant membership in role ${describeName(role)} to role ${describeName(name)}: that role should not exist`,
        })
    }
  for (const { role, grants } of desired)
    for (const grant of grants) {
      const named =
        grant.kind === 'membership'
          ? grant.role
          : grant.kind === 'default privilege'
            ? grant.owner
            : undefined
      if (named !== undefined && absent.has(named))
        throw new InvalidGrantError({
          role,
          field: grant.kind === 'membership' ? 'role' : 'owner',
          message: `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: role ${describeName(named)} should not exist`,
        })
    }
}
