import type { AbsentRole, RequestedRole } from '../model/absent-role.ts'
import { describeName } from '../model/describe.ts'
import type { DesiredRole } from '../model/desired-role.ts'
import { type Grant, type MembershipGrant, ofKind } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { isLimited, type Managed, managedBy } from '../model/managed.ts'
import { checkOptionNames } from '../model/option-names.ts'
import {
  type PlanOptions,
  planOptionNames,
  type SeededPlanOptions,
  type SyncRequest,
  usualSeed,
} from '../model/request.ts'
import { onGiven } from '../model/unchecked-input.ts'
import { nameProblem, reservedRoleNameProblem } from '../postgres/identifier.ts'
import { sortedBy, sortedUnique } from '../util/collections.ts'
import { checkAbsent, isAbsent } from './check-absent.ts'
import { asksForProperties, checkProperties, propertyFields } from './check-properties.ts'
import { type CheckedGrant, CheckedGrants } from './checked-grants.ts'
import { checkMembers } from './check-members.ts'
import { checkManages, whyNotManaged } from './check-manages.ts'
import { checkPublic } from './check-public.ts'
import { wrongTogether } from './check-together.ts'
import { describeGiven } from './describe-given.ts'
import { checkName } from './parse-grant.ts'
import type { Refuse } from './refuse.ts'

const checkRole = (role: string): void => {
  const problem =
    nameProblem(role) ??
    reservedRoleNameProblem(role) ??
    (isIntermediateName(role) ? 'is that of an intermediate role' : undefined)
  if (problem !== undefined)
    throw new InvalidGrantError({
      role,
      field: 'role',
      message: `cannot sync ${typeof role === 'string' ? `role ${describeName(role)}: its name` : 'roles: the name of one'} ${problem}`,
    })
}

/** A role in which membership is asked for twice, with an option once on and once off. */
const conflictingMembership = (grants: readonly Grant[]): string | undefined => {
  const asked = new Map<string, MembershipGrant>()
  for (const grant of ofKind(grants, 'membership')) {
    const { role, inherit = grant.inherit, set = grant.set } = asked.get(grant.role) ?? grant
    if ((grant.inherit ?? inherit) !== inherit || (grant.set ?? set) !== set) return role
    asked.set(role, {
      kind: 'membership',
      role,
      ...(inherit !== undefined && { inherit }),
      ...(set !== undefined && { set }),
    })
  }
  return undefined
}

const fields: ReadonlySet<string> = new Set([
  'role',
  'grants',
  'preserveExistingGrantsInSchemas',
  'external',
  'members',
  ...propertyFields,
] satisfies (keyof DesiredRole)[])

const whatIs = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'string' ? describeName(value) : `a ${typeof value}`
}

const checkDesiredRole = (
  desired: DesiredRole | AbsentRole,
  { managed, mode }: { readonly managed: Managed; readonly mode: PlanOptions['mode'] },
  known: CheckedGrants,
): RequestedRole => {
  if (typeof desired !== 'object' || desired === null)
    throw new InvalidGrantError({
      field: 'desired',
      message: `cannot sync roles: ${whatIs(desired)} is not a desired role; give an object with role and grants, or an array of them`,
    })
  const { role } = desired
  checkRole(role)
  const fail = (message: string, field: string, grant?: number): never => {
    throw new InvalidGrantError({ role, field, message, ...(grant !== undefined && { grant }) })
  }
  if (isAbsent(desired))
    return checkAbsent(desired, managed, mode, (problem, field) =>
      fail(`cannot sync role ${describeName(role)}: ${problem}`, field),
    )
  const { grants, preserveExistingGrantsInSchemas: preserved = [], external = false } = desired
  const unknown = Object.keys(desired).find((field) => !fields.has(field))
  if (unknown !== undefined)
    fail(
      `cannot sync role ${describeName(role)}: unknown field ${describeName(unknown)}; expected one of ${[...fields].join(', ')}`,
      unknown,
    )
  if (!Array.isArray(grants))
    fail(`cannot sync role ${describeName(role)}: its grants are not an array`, 'grants')
  if (typeof external !== 'boolean')
    fail(`cannot sync role ${describeName(role)}: external must be true or false`, 'external')
  let index = 0
  const refuse: Refuse = (field, problem) =>
    fail(
      `cannot grant ${describeGiven(grants[index]!)} to role ${describeName(role)}: ${problem}`,
      field,
      index,
    )
  const checked: CheckedGrant[] = []
  const logins: number[] = []
  for (; index < grants.length; index++)
    for (const one of known.check(role, grants[index], refuse)) {
      const why = isLimited(managed) ? whyNotManaged(managed, one.grant) : undefined
      if (why !== undefined) refuse('manages', why)
      if (external && one.grant.kind === 'attribute')
        refuse('external', 'the role is external, so its attributes stay as they are; leave the grant out')
      if (one.grant.kind === 'attribute' && one.grant.attribute === 'LOGIN') logins.push(index)
      checked.push(one)
    }
  const schemas: readonly string[] = Array.isArray(preserved) ? Array.from(preserved) : []
  if (!Array.isArray(preserved))
    fail(
      `cannot sync role ${describeName(role)}: preserveExistingGrantsInSchemas is not an array`,
      'preserveExistingGrantsInSchemas',
    )
  for (const schema of schemas)
    checkName(schema, 'preserveExistingGrantsInSchemas', (field, problem) =>
      fail(`cannot preserve what role ${describeName(role)} has in a schema: ${problem}`, field),
    )
  if (logins.length > 1)
    fail(
      `cannot grant LOGIN to role ${describeName(role)}: it is asked for ${logins.length} times`,
      'login',
      logins[1],
    )
  const inOrder = known.inOrder(checked)
  const conflict = conflictingMembership(inOrder)
  if (conflict !== undefined)
    fail(
      `cannot grant membership in role ${describeName(conflict)} to role ${describeName(role)}: it is asked for with different options`,
      'role',
    )
  const refuseRole: Refuse = (field, problem) =>
    fail(`cannot sync role ${describeName(role)}: ${problem}`, field)
  const members = checkMembers(desired, managed, refuseRole)
  const properties = checkProperties(desired, refuseRole)
  const ofOthers = external ? (['inherit', 'connectionLimit'] as const) : []
  for (const field of ofOthers)
    if (properties[field] !== undefined)
      fail(
        `cannot sync role ${describeName(role)}: the role is external, so its ${field} stays as it is; leave it out`,
        field,
      )
  if (!managed.cluster && asksForProperties(properties))
    fail(
      `cannot sync role ${describeName(role)}: its limit, INHERIT, comment and settings belong to the whole cluster, which this call does not manage; set manages.cluster to true`,
      'manages',
    )
  return {
    role,
    grants: inOrder,
    ...properties,
    ...(schemas.length > 0 && { preserveExistingGrantsInSchemas: sortedUnique(schemas) }),
    ...(external && { external }),
    ...(members && { members }),
  }
}

const checkOptions = (options: PlanOptions): PlanOptions => {
  checkOptionNames(options, Object.keys(planOptionNames), 'cannot plan')
  const { reassignOwnedTo, allowSelf = false, allowSuperuser = false } = options
  const { keepDependents = false, createRoles = true } = options
  const flags = { allowSelf, allowSuperuser, keepDependents, createRoles }
  for (const [field, value] of Object.entries(flags))
    if (typeof value !== 'boolean')
      throw new InvalidGrantError({ field, message: `cannot sync roles: ${field} must be true or false` })
  const { mode = 'exact' } = options
  if (mode !== 'exact' && mode !== 'additive')
    throw new InvalidGrantError({
      field: 'mode',
      message: 'cannot sync roles: mode must be one of exact, additive',
    })
  const manages = checkManages(options.manages)
  const ofPublic = checkPublic(options.public, managedBy(manages))
  return {
    ...(reassignOwnedTo !== undefined && { reassignOwnedTo }),
    allowSelf,
    allowSuperuser,
    keepDependents,
    ...(!createRoles && { createRoles }),
    ...(manages && { manages }),
    ...(mode !== 'exact' && { mode }),
    ...(ofPublic && { public: ofPublic }),
  }
}

const unreadable = 'cannot sync roles: what is asked for holds something that cannot be read'

const checkedRoles = (
  given: readonly (DesiredRole | AbsentRole)[],
  { manages, mode }: PlanOptions,
): readonly RequestedRole[] => {
  const known = new CheckedGrants(given.length)
  const managed = managedBy(manages)
  return given.map((one) => checkDesiredRole(one, { managed, mode }, known))
}

/**
 * Checks each role by itself, and brings it into canonical form. What is wrong with them together, see `wrongTogether`.
 * @throws InvalidGrantError about the first role that is wrong
 */
export const checkEach = (
  desired: readonly (DesiredRole | AbsentRole)[],
  options: PlanOptions,
): readonly RequestedRole[] =>
  onGiven('desired', unreadable, () => checkedRoles(desired, checkOptions(options)))

/**
 * Checks what is asked for, as far as that is possible without a server, and brings it into canonical form:
 * the order in which roles and grants were given does not matter.
 * @throws InvalidGrantError
 */
export const requestOf = (
  desired: DesiredRole | AbsentRole | readonly (DesiredRole | AbsentRole)[],
  planOptions: SeededPlanOptions,
): SyncRequest => onGiven('desired', unreadable, () => checkedRequest(desired, planOptions))

const checkedRequest = (
  desired: DesiredRole | AbsentRole | readonly (DesiredRole | AbsentRole)[],
  planOptions: SeededPlanOptions,
): SyncRequest => {
  const { seed = usualSeed, ...options } = planOptions
  if (typeof seed !== 'string')
    throw new InvalidGrantError({ field: 'seed', message: 'cannot plan: the seed must be a text' })
  const checkedOptions = checkOptions(options)
  const given: readonly (DesiredRole | AbsentRole)[] = Array.isArray(desired)
    ? desired
    : [desired as DesiredRole | AbsentRole]
  const roles = checkedRoles(given, checkedOptions)
  const request: SyncRequest = {
    kind: 'sync',
    desired: sortedBy(roles, ({ role }) => role),
    options: checkedOptions,
    seed,
  }
  for (const { error } of wrongTogether(roles, checkedOptions)) throw error
  return request
}
