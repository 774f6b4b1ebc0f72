import type { AbsentRole, RequestedRole } from '../model/absent-role.ts'
import { describeGrant, describeName, describeTarget } from '../model/describe.ts'
import { type DesiredRole, listedMemberships } from '../model/desired-role.ts'
import { type Grant, type MembershipGrant, ofKind, type OwnershipGrant } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { isLimited, type Managed, managedBy } from '../model/managed.ts'
import { checkOptionNames } from '../model/option-names.ts'
import {
  newOwnersIn,
  type PlanOptions,
  planOptionNames,
  type SeededPlanOptions,
  type SyncRequest,
  usualSeed,
} from '../model/request.ts'
import { isAll } from '../model/target.ts'
import { onGiven } from '../model/unchecked-input.ts'
import { impossibleRoleNameProblem, nameProblem, reservedRoleNameProblem } from '../postgres/identifier.ts'
import { objectKey, schemaOf } from '../postgres/object-kind.ts'
import { append, flatMap, getOrMake, sortedBy, sortedUnique } from '../util/collections.ts'
import { checkAbsent, checkNotAsked, isAbsent } from './check-absent.ts'
import { asksForProperties, checkProperties, propertyFields } from './check-properties.ts'
import { type CheckedGrant, CheckedGrants } from './checked-grants.ts'
import { checkListed, checkMembers } from './check-members.ts'
import { checkManages, whyNotManaged } from './check-manages.ts'
import { checkPublic } from './check-public.ts'
import { describeGiven, quotedText } from './describe-given.ts'
import { membershipCycle } from './membership-cycle.ts'
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

/** A key of what a grant of ownership asks for, and one of all the objects that it is among. */
const ownershipKeys = ({ object }: OwnershipGrant): readonly [string, ...string[]] => {
  const ofAll = (schema: string): string => `all\0${object.kind}\0${schema}`
  if (isAll(object)) return [ofAll(object.schema)]
  const schema = schemaOf(object)
  return [objectKey(object), ...(schema === undefined ? [] : [ofAll(schema)])]
}

const checkOwners = (desired: readonly DesiredRole[]): void => {
  const asked = flatMap(desired, ({ role, grants }) =>
    ofKind(grants, 'ownership').map((grant) => ({ role, grant })),
  )
  const owners = new Map<string, (typeof asked)[number]>()
  for (const one of asked) getOrMake(owners, ownershipKeys(one.grant)[0], () => one)
  for (const { role, grant } of asked)
    for (const key of ownershipKeys(grant)) {
      const other = owners.get(key)
      if (other !== undefined && other.role !== role)
        throw new InvalidGrantError({
          role,
          field: 'object',
          message: `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: role ${describeName(other.role)} is to own ${isAll(other.grant.object) ? describeTarget(other.grant.object) : 'it'}`,
        })
    }
}

const checkCycles = (desired: readonly DesiredRole[]): void => {
  const memberships = new Map(
    desired.map(({ role, grants }) => [role, ofKind(grants, 'membership').map((grant) => grant.role)]),
  )
  for (const { member, grant } of flatMap(desired, listedMemberships)) append(memberships, member, grant.role)
  const cycle = membershipCycle(memberships.keys(), (role) => memberships.get(role) ?? [])
  if (cycle !== undefined)
    throw new InvalidGrantError({
      role: cycle[0]!,
      field: 'role',
      message: `cannot grant membership in role ${describeName(cycle[1]!)} to role ${describeName(cycle[0]!)}: it would make a cycle: ${cycle.map(describeName).join(' in ')}`,
    })
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

const checkReassignedTo = (desired: readonly DesiredRole[], reassignOwnedTo: string): void => {
  const problem =
    nameProblem(reassignOwnedTo) ??
    impossibleRoleNameProblem(reassignOwnedTo) ??
    (isIntermediateName(reassignOwnedTo) ? 'is that of an intermediate role' : undefined) ??
    (desired.some(({ role }) => role === reassignOwnedTo)
      ? 'is that of a role that is synced too, and so owns what it asks for (owns in a policy, Grant.ownership in code); let it ask for these objects, or name a role that is not synced'
      : undefined)
  if (problem !== undefined)
    throw new InvalidGrantError({
      field: 'reassignOwnedTo',
      message: `cannot reassign ownership to a role: the name ${quotedText(reassignOwnedTo)}${problem}`,
    })
}

/**
 * Checks what is asked for, as far as that is possible without a server, and brings it into canonical form:
 * the order in which roles and grants were given does not matter.
 * @throws InvalidGrantError
 */
export const requestOf = (
  desired: DesiredRole | AbsentRole | readonly (DesiredRole | AbsentRole)[],
  planOptions: SeededPlanOptions,
): SyncRequest =>
  onGiven('desired', 'cannot sync roles: what is asked for holds something that cannot be read', () =>
    checkedRequest(desired, planOptions),
  )

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
  const known = new CheckedGrants(given.length)
  const managed = managedBy(checkedOptions.manages)
  const roles = given.map((one) => checkDesiredRole(one, { managed, mode: checkedOptions.mode }, known))
  const request: SyncRequest = {
    kind: 'sync',
    desired: sortedBy(roles, ({ role }) => role),
    options: checkedOptions,
    seed,
  }
  for (const heir of newOwnersIn(request)) checkReassignedTo(roles, heir)
  const seen = new Set<string>()
  for (const { role } of roles) {
    if (seen.has(role))
      throw new InvalidGrantError({
        role,
        field: 'role',
        message: `cannot sync role ${describeName(role)}: it is named twice`,
      })
    seen.add(role)
  }
  checkOwners(roles)
  checkListed(roles)
  checkCycles(roles)
  checkNotAsked(roles)
  return request
}
