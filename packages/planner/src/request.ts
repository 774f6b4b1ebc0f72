import { describeGrant, describeName, describeObject } from './describe.ts'
import type { DesiredRole } from './desired-role.ts'
import { InvalidGrantError } from './errors.ts'
import { type Grant, isPattern, type Pattern, type PrivilegeGrant } from './grant.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { membershipCycle } from './membership-cycle.ts'
import { hasLoneSurrogate, nameProblem, reservedRoleNameProblem } from './name.ts'
import { type ObjectName, objectKey, objectKinds } from './object-kind.ts'
import { sortedBy, sortedUnique } from './order.ts'
import { Secret } from './secret.ts'
import { timestamp } from './timestamp.ts'

/** The options that decide what a plan holds. */
export interface PlanOptions {
  /** Whose objects become that a role loses. By default the acting role’s, except what would act with its rights. */
  readonly reassignOwnedTo?: string
  /** Allow the role that syncs to be synced. */
  readonly allowSelf?: boolean
  /** Allow superusers to be synced, and roles to become members of superusers. */
  readonly allowSuperuser?: boolean
}

/** That roles have exactly what they should. */
export interface SyncRequest {
  readonly kind: 'sync'
  readonly desired: readonly DesiredRole[]
  readonly options: PlanOptions
  /** What the names of new intermediate roles are derived from. */
  readonly seed: string
}

/** That the intermediate roles which serve nothing any more are dropped. */
export interface DropRequest {
  readonly kind: 'drop unused roles'
}

/** Everything that is needed to plan again: plain data, without secrets, in an order of its own. */
export type Request = SyncRequest | DropRequest

/** The only request of its kind. */
export const dropRequest: DropRequest = { kind: 'drop unused roles' }

/** The roles that a request is about, where it names them. */
export const desiredRolesOf = (request: Request): readonly string[] =>
  request.kind === 'sync' ? request.desired.map(({ role }) => role) : []

type Refuse = (field: string, problem: string) => never

const checkName = (name: unknown, field: string, refuse: Refuse): void => {
  const problem = nameProblem(name)
  if (problem !== undefined) refuse(field, `the name ${quotedText(name)}${problem}`)
}

/** A text to be shown, with a space behind it; nothing of what is no text. */
const quotedText = (value: unknown): string => (typeof value === 'string' ? `${describeName(value)} ` : '')

const checkDirect = (direct: unknown, refuse: Refuse): boolean =>
  typeof direct === 'boolean' ? direct : refuse('direct', 'direct must be true or false')

/** Checked with care: to JavaScript, a pattern without a source is one that matches every table. */
const checkPattern = (schema: string, pattern: unknown, refuse: Refuse): Pattern => {
  const { source, flags = '' } = (pattern ?? {}) as { readonly source?: unknown; readonly flags?: unknown }
  if (typeof source !== 'string' || typeof flags !== 'string')
    return refuse('pattern', 'a pattern is a RegExp, or an object with a source and flags that are texts')
  if (/[gy]/.test(flags))
    refuse('pattern', 'the flags g and y make a pattern remember where it last matched; leave them out')
  try {
    new RegExp(source, flags)
  } catch (error) {
    refuse('pattern', (error as Error).message.toLowerCase())
  }
  if (schema === 'pg_catalog') refuse('schema', 'patterns do not reach into pg_catalog; name the table')
  return { source, flags }
}

const checkObject = (object: ObjectName, refuse: Refuse): void => {
  const { parts } = objectKinds[object.kind]
  if (!Array.isArray(object.name) || object.name.length !== parts.length)
    refuse('name', `the name of a ${object.kind} has the parts ${parts.join(', ')}`)
  parts.forEach((part, index) => checkName(object.name[index], part, refuse))
}

const checkPassword = (password: unknown, refuse: Refuse): 'keep' | 'set' => {
  if (password === 'keep' || password === 'set') return password
  if (!(password instanceof Secret)) return refuse('password', 'build the grant with Grant.login')
  const value = Secret.reveal(password)
  if (typeof value !== 'string')
    return refuse(
      'password',
      `the password is ${value === null ? 'null' : typeof value}; leave the key out to keep the existing one`,
    )
  if (value === '') return refuse('password', 'the password is empty')
  if (value.includes('\0') || hasLoneSurrogate(value))
    return refuse('password', 'the password contains NUL or a lone surrogate')
  return 'set'
}

const checkPrivilege = (grant: PrivilegeGrant, refuse: Refuse): PrivilegeGrant => {
  const { object, privilege, direct } = grant
  if (!Object.hasOwn(objectKinds, object?.kind)) return refuse('object', 'no such kind of object')
  const { grantable = [] } = objectKinds[object.kind]
  if (!grantable.includes(privilege))
    return refuse('privilege', `${String(privilege)} on a ${object.kind} cannot be asked for`)
  const isDirect = checkDirect(direct, refuse)
  if (!isPattern(object)) {
    checkObject(object, refuse)
    const { kind, name } = object
    return { kind: 'privilege', privilege, object: { kind, name: [...name] }, direct: isDirect }
  }
  if (object.kind !== 'table') return refuse('pattern', 'only tables can be asked for by a pattern')
  checkName(object.schema, 'schema', refuse)
  const pattern = checkPattern(object.schema, object.pattern, refuse)
  const tables = { kind: object.kind, schema: object.schema, pattern }
  return { kind: 'privilege', privilege, object: tables, direct: isDirect }
}

const checkMembership = (role: string, of: string, refuse: Refuse): void => {
  checkName(of, 'role', refuse)
  if (of === role) refuse('role', 'a role cannot be a member of itself')
  if (of === 'public' || of === 'none') refuse('role', `the role name ${describeName(of)} is reserved`)
  if (of === 'pg_database_owner') refuse('role', 'pg_database_owner cannot have explicit members')
  if (isIntermediateName(of))
    refuse('role', `${describeName(of)} is an intermediate role; ask for the privilege that it holds`)
}

/** The same grant as plain data, in one spelling and without its secret. */
const checkGrant = (role: string, grant: Grant, refuse: Refuse): Grant => {
  switch (grant?.kind) {
    case 'attribute': {
      const password = checkPassword(grant.password, refuse)
      const validUntil = typeof grant.validUntil === 'string' ? timestamp(grant.validUntil) : undefined
      if (validUntil === undefined)
        return refuse(
          'validUntil',
          `validUntil ${quotedText(grant.validUntil)}is not a date with a time zone, such as 2027-06-30T00:00:00Z; leave the key out for ever`,
        )
      return { kind: 'attribute', attribute: 'LOGIN', validUntil, password }
    }
    case 'privilege':
      return checkPrivilege(grant, refuse)
    case 'ownership':
      if (grant.object?.kind !== 'schema' && grant.object?.kind !== 'table')
        return refuse('object', 'only schemas and tables can be asked to be owned')
      checkObject(grant.object, refuse)
      if (grant.object.kind === 'schema' && grant.object.name[0]!.startsWith('pg_'))
        return refuse('schema', `the prefix "pg_" is reserved for system schemas`)
      return { kind: 'ownership', object: { kind: grant.object.kind, name: [...grant.object.name] } }
    case 'membership':
      checkMembership(role, grant.role, refuse)
      return { kind: 'membership', role: grant.role }
    default:
      return refuse('kind', 'it is no grant; build one with the functions of Grant')
  }
}

/** What is no grant at all has no description, and a grant with something missing may not have one either. */
const safeDescription = (grant: Grant): string => {
  try {
    const description: string | undefined = describeGrant(grant)
    return description ?? 'this'
  } catch {
    return 'this'
  }
}

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

const checkDesiredRole = (desired: DesiredRole): DesiredRole => {
  if (typeof desired !== 'object' || desired === null)
    throw new InvalidGrantError({
      field: 'desired',
      message: `cannot sync roles: ${quotedText(desired)}is no desired role, but ${typeof desired}`,
    })
  const { role, grants, preserveExistingGrantsInSchemas: preserved = [], ...others } = desired
  checkRole(role)
  const fail = (message: string, field: string, grant?: number): never => {
    throw new InvalidGrantError({ role, field, message, ...(grant !== undefined && { grant }) })
  }
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    fail(
      `cannot sync role ${describeName(role)}: ${describeName(unknown)} is nothing that a desired role has`,
      unknown,
    )
  if (!Array.isArray(grants))
    fail(`cannot sync role ${describeName(role)}: its grants are not an array`, 'grants')
  const checked = Array.from(grants, (grant: Grant, index) =>
    checkGrant(role, grant, (field, problem) =>
      fail(`cannot grant ${safeDescription(grant)} to role ${describeName(role)}: ${problem}`, field, index),
    ),
  )
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
  const logins = checked.flatMap((grant, index) => (grant.kind === 'attribute' ? [index] : []))
  if (logins.length > 1)
    fail(
      `cannot grant LOGIN to role ${describeName(role)}: it is asked for ${logins.length} times`,
      'login',
      logins[1],
    )
  const byText = new Map(checked.map((grant) => [JSON.stringify(grant), grant]))
  return {
    role,
    grants: sortedBy(byText.keys(), (text) => text).map((text) => byText.get(text)!),
    ...(schemas.length > 0 && { preserveExistingGrantsInSchemas: sortedUnique(schemas) }),
  }
}

const checkOwners = (desired: readonly DesiredRole[]): void => {
  const owners = new Map<string, string>()
  for (const { role, grants } of desired)
    for (const grant of grants) {
      if (grant.kind !== 'ownership') continue
      const other = owners.get(objectKey(grant.object))
      if (other !== undefined)
        throw new InvalidGrantError({
          role,
          field: 'object',
          message: `cannot grant ownership of ${describeObject(grant.object)} to role ${describeName(role)}: role ${describeName(other)} is to own it`,
        })
      owners.set(objectKey(grant.object), role)
    }
}

const checkCycles = (desired: readonly DesiredRole[]): void => {
  const memberships = new Map(
    desired.map(({ role, grants }) => [
      role,
      grants.flatMap((grant) => (grant.kind === 'membership' ? [grant.role] : [])),
    ]),
  )
  const cycle = membershipCycle(memberships.keys(), (role) => memberships.get(role) ?? [])
  if (cycle !== undefined)
    throw new InvalidGrantError({
      role: cycle[0]!,
      field: 'role',
      message: `cannot grant membership in role ${describeName(cycle[1]!)} to role ${describeName(cycle[0]!)}: it would make a cycle: ${cycle.map(describeName).join(' in ')}`,
    })
}

const checkOptions = (desired: readonly DesiredRole[], options: PlanOptions): PlanOptions => {
  const { reassignOwnedTo, allowSelf = false, allowSuperuser = false } = options
  for (const [field, value] of Object.entries({ allowSelf, allowSuperuser }))
    if (typeof value !== 'boolean')
      throw new InvalidGrantError({ field, message: `cannot sync roles: ${field} must be true or false` })
  if (reassignOwnedTo === undefined) return { allowSelf, allowSuperuser }
  const problem =
    nameProblem(reassignOwnedTo) ??
    (isIntermediateName(reassignOwnedTo) ? 'is that of an intermediate role' : undefined) ??
    (desired.some(({ role }) => role === reassignOwnedTo)
      ? 'is that of a role that is synced too'
      : undefined)
  if (problem !== undefined)
    throw new InvalidGrantError({
      field: 'reassignOwnedTo',
      message: `cannot reassign ownership to a role: the name ${quotedText(reassignOwnedTo)}${problem}`,
    })
  return { reassignOwnedTo, allowSelf, allowSuperuser }
}

/**
 * Checks what is asked for, as far as that is possible without a server, and brings it into one spelling and order,
 * so that the order in which roles and grants were given does not matter.
 * @throws InvalidGrantError
 */
export const requestOf = (
  desired: DesiredRole | readonly DesiredRole[],
  planOptions: PlanOptions & { readonly seed: string },
): SyncRequest => {
  const { seed, ...options } = (planOptions as typeof planOptions | undefined) ?? { seed: undefined }
  if (typeof seed !== 'string')
    throw new InvalidGrantError({ field: 'seed', message: 'cannot plan: the seed must be a text' })
  const roles = (Array.isArray(desired) ? desired : [desired]).map(checkDesiredRole)
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
  checkCycles(roles)
  return {
    kind: 'sync',
    desired: sortedBy(roles, ({ role }) => role),
    options: checkOptions(roles, options),
    seed,
  }
}
