import { isGrantableAttribute } from './attribute.ts'
import { describeGrant, describeName, describeObject } from './describe.ts'
import type { DesiredRole } from './desired-role.ts'
import { InvalidGrantError } from './errors.ts'
import { futureObjects, futurePrivileges, isFutureObjects } from './future-objects.ts'
import { getOrMake } from './get-or-make.ts'
import type {
  AttributeGrant,
  DefaultPrivilegeGrant,
  Grant,
  MembershipGrant,
  OwnershipGrant,
  PrivilegeGrant,
} from './grant.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { membershipCycle } from './membership-cycle.ts'
import { hasLoneSurrogate, impossibleRoleNameProblem, nameProblem, reservedRoleNameProblem } from './name.ts'
import {
  type GrantableKind,
  isObjectKind,
  type MatchableKind,
  type ObjectKind,
  type ObjectName,
  objectKey,
  objectKinds,
  type OwnableKind,
} from './object-kind.ts'
import { sortedBy, sortedUnique } from './order.ts'
import type { Privilege } from './privilege.ts'
import { Secret } from './secret.ts'
import { isPattern, type ObjectPattern, type Pattern, type Target } from './target.ts'
import { timestamp } from './timestamp.ts'
import { typeName } from './type-name.ts'

/** The options that decide what a plan holds. */
export interface PlanOptions {
  /** Whose objects become that a role loses. By default the acting role’s, except what would act with its rights. */
  readonly reassignOwnedTo?: string
  /** Allow the role that syncs to be synced. */
  readonly allowSelf?: boolean
  /** Allow superusers to be synced, and roles to become superusers or members of superusers. */
  readonly allowSuperuser?: boolean
  /**
   * What others hold only because a role passed it on that may not any more: by default they lose it, and `effects` say
   * so; `true` grants it to them again, in the name of the owner.
   */
  readonly keepDependents?: boolean
  /**
   * `database`: only what belongs to the current database is managed. Attributes, memberships in ordinary roles, and what
   * roles have on databases, tablespaces and parameters stay as they are. By default, `cluster`, everything is.
   */
  readonly scope?: 'cluster' | 'database'
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

/** The name of a role that has to be there, or is made: a predefined one too. */
const checkRoleName = (name: string, field: string, refuse: Refuse): void => {
  checkName(name, field, refuse)
  const problem = impossibleRoleNameProblem(name)
  if (problem !== undefined) refuse(field, `the role name ${describeName(name)} ${problem}`)
}

/** A text to be shown, with a space behind it; nothing of what is no text. */
const quotedText = (value: unknown): string => (typeof value === 'string' ? `${describeName(value)} ` : '')

const checkFlag = (field: string, value: unknown, refuse: Refuse): boolean =>
  typeof value === 'boolean' ? value : refuse(field, `${field} must be true or false`)

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
  if (schema === 'pg_catalog') refuse('schema', 'patterns do not reach into pg_catalog; name the object')
  return { source, flags }
}

const checkType = (part: string, type: unknown, refuse: Refuse): string => {
  if (part === 'left type' || part === 'right type')
    if (typeof type === 'string' && type.toUpperCase() === 'NONE') return 'NONE'
  const name = typeof type === 'string' ? typeName(type) : undefined
  return name ?? refuse(part, `${quotedText(type)}is not the name of a type`)
}

/** What is no name to be quoted, or has one spelling only. */
const checkPart: Readonly<Record<string, (value: unknown, refuse: Refuse) => string>> = {
  'left type': (type, refuse) => checkType('left type', type, refuse),
  'right type': (type, refuse) => checkType('right type', type, refuse),
  operator: (symbol, refuse) =>
    typeof symbol === 'string' && /^[-+*/<>=~!@#%^&|`?]{1,63}$/.test(symbol) && !/--|\/\*/.test(symbol)
      ? symbol
      : refuse('operator', `${quotedText(symbol)}is not the name of an operator`),
  oid: (oid, refuse) =>
    typeof oid === 'string' && /^[1-9]\d{0,9}$/.test(oid) && Number(oid) < 2 ** 32
      ? oid
      : refuse('oid', `${quotedText(oid)}is not the oid of a large object`),
  // PostgreSQL does not tell them apart by case, and records what is granted in lower case.
  parameter: (parameter, refuse) =>
    typeof parameter === 'string' && /^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i.test(parameter)
      ? parameter.toLowerCase()
      : refuse('parameter', `${quotedText(parameter)}is not the name of a configuration parameter`),
}

/** The parts of an object’s name, each in its one spelling. */
const checkParts = (kind: ObjectKind, name: unknown, refuse: Refuse): readonly string[] => {
  const { parts, more } = objectKinds[kind]
  const isComplete =
    Array.isArray(name) && (more === undefined ? name.length === parts.length : name.length >= parts.length)
  if (!isComplete)
    return refuse(
      'name',
      `the name of a ${kind} has the parts ${parts.join(', ')}${more === undefined ? '' : `, and one for each ${more}`}`,
    )
  return Array.from(name, (value: unknown, index) => {
    const part = parts[index]
    if (part === undefined) return checkType(more!, value, refuse)
    const check = checkPart[part]
    if (check !== undefined) return check(value, refuse)
    checkName(value, part, refuse)
    return value as string
  })
}

const checkObject = <Kind extends ObjectKind>(
  { kind, name }: ObjectName<Kind>,
  refuse: Refuse,
): ObjectName<Kind> => ({ kind, name: checkParts(kind, name, refuse) })

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

const checkAttribute = (grant: AttributeGrant, refuse: Refuse): AttributeGrant => {
  if (!isGrantableAttribute(grant.attribute))
    return refuse('attribute', `${quotedText(grant.attribute)}is no attribute that can be asked for`)
  if (grant.attribute !== 'LOGIN') return { kind: 'attribute', attribute: grant.attribute }
  const password = checkPassword(grant.password, refuse)
  const validUntil = typeof grant.validUntil === 'string' ? timestamp(grant.validUntil) : undefined
  if (validUntil === undefined)
    return refuse(
      'validUntil',
      `validUntil ${quotedText(grant.validUntil)}is not a date with a time zone, such as 2027-06-30T00:00:00Z; leave the key out for ever`,
    )
  return { kind: 'attribute', attribute: 'LOGIN', validUntil, password }
}

/** Privileges on some kind of objects, in an order of their own. */
const checkPrivileges = (
  asked: unknown,
  known: readonly Privilege[],
  on: string,
  refuse: Refuse,
): readonly Privilege[] => {
  if (!Array.isArray(asked) || asked.length === 0)
    return refuse('privileges', 'the privileges are not an array that holds some')
  return sortedUnique(
    Array.from(asked, (privilege: unknown) =>
      known.some((one) => one === privilege)
        ? (privilege as Privilege)
        : refuse('privileges', `there is no ${String(privilege)} on ${on}, but ${known.join(', ')}`),
    ),
  ) as Privilege[]
}

const checkColumns = (columns: unknown, refuse: Refuse): readonly string[] => {
  if (!Array.isArray(columns) || columns.length === 0)
    return refuse('columns', 'the columns are not an array that holds some')
  for (const column of columns) checkName(column, 'column', refuse)
  return sortedUnique(columns as string[])
}

const checkObjectPattern = (target: ObjectPattern, refuse: Refuse): readonly ObjectPattern[] => {
  const { kind, schema } = target
  if (objectKinds[kind].matchable !== true)
    return refuse('pattern', `a ${kind} cannot be asked for by a pattern`)
  checkName(schema, 'schema', refuse)
  const pattern = checkPattern(schema, target.pattern, refuse)
  const base = { kind: kind satisfies MatchableKind, schema, pattern }
  return kind === 'column'
    ? checkColumns(target.columns, refuse).map((column) => ({ ...base, columns: [column] }))
    : [base]
}

/** The objects of a target, each by itself: of columns, one each. */
const checkTarget = (target: Target<GrantableKind>, refuse: Refuse): readonly Target<GrantableKind>[] => {
  if (isPattern(target)) return checkObjectPattern(target, refuse)
  if (target.kind !== 'column') return [checkObject(target, refuse)]
  if (!Array.isArray(target.name)) return [checkObject(target, refuse)]
  const [schema, table, ...columns] = target.name as readonly string[]
  return checkColumns(columns, refuse).map((column) =>
    checkObject({ kind: 'column', name: [schema!, table!, column] }, refuse),
  )
}

const checkPrivilege = (grant: PrivilegeGrant, refuse: Refuse): readonly PrivilegeGrant[] => {
  const { object, direct } = grant
  if (!isObjectKind(object?.kind)) return refuse('object', 'no such kind of object')
  const { kind } = object
  const { privileges: known } = objectKinds[kind]
  if (known.length === 0) return refuse('object', `there are no privileges on a ${kind as string}`)
  const privileges = checkPrivileges(grant.privileges, known, `a ${kind}`, refuse)
  const options = {
    direct: checkFlag('direct', direct, refuse),
    grantable: checkFlag('grantable', grant.grantable, refuse),
  }
  if (options.grantable && !options.direct)
    refuse('grantable', 'only what is held directly can be passed on; set direct too')
  return checkTarget(object, refuse).flatMap((one) =>
    privileges.map((privilege) => ({
      kind: 'privilege' as const,
      privileges: [privilege],
      object: one,
      ...options,
    })),
  )
}

const checkOwnership = ({ object }: OwnershipGrant, refuse: Refuse): OwnershipGrant => {
  if (!isObjectKind(object?.kind)) return refuse('object', 'no such kind of object')
  if (objectKinds[object.kind].ownerKeyword === undefined)
    return refuse('object', `a ${object.kind as string} has no owner of its own`)
  if (isPattern(object)) return refuse('object', 'ownership cannot be asked for by a pattern')
  const checked = checkObject<OwnableKind>(object, refuse)
  if (checked.kind === 'schema' && checked.name[0]!.startsWith('pg_'))
    return refuse('schema', `the prefix "pg_" is reserved for system schemas`)
  return { kind: 'ownership', object: checked }
}

const checkMembership = (role: string, grant: MembershipGrant, refuse: Refuse): MembershipGrant => {
  const { role: of } = grant
  checkRoleName(of, 'role', refuse)
  if (of === role) refuse('role', 'a role cannot be a member of itself')
  if (of === 'pg_database_owner') refuse('role', 'pg_database_owner cannot have explicit members')
  if (isIntermediateName(of))
    refuse('role', `${describeName(of)} is an intermediate role; ask for the privilege that it holds`)
  const options = (['admin', 'inherit', 'set'] as const).flatMap((option) => {
    const value = grant[option]
    return value === undefined ? [] : [[option, checkFlag(option, value, refuse)] as const]
  })
  const { admin, ...others } = Object.fromEntries(options)
  if (others.inherit === false && others.set === false)
    refuse('inherit', 'a member that neither inherits nor may SET ROLE is none')
  return { kind: 'membership', role: of, ...(admin === true && { admin }), ...others }
}

const checkDefaultPrivilege = (
  grant: DefaultPrivilegeGrant,
  refuse: Refuse,
): readonly DefaultPrivilegeGrant[] => {
  const { owner, schema, on } = grant
  if (!isFutureObjects(on))
    return refuse('on', `${quotedText(on)}is not one of ${Object.keys(futureObjects).join(', ')}`)
  checkRoleName(owner, 'owner', refuse)
  if (schema !== null) checkName(schema, 'schema', refuse)
  if (schema !== null && futureObjects[on].outsideSchemas === true) refuse('schema', `${on} are in no schema`)
  const grantable = checkFlag('grantable', grant.grantable, refuse)
  return checkPrivileges(grant.privileges, futurePrivileges(on), on, refuse).map((privilege) => ({
    kind: 'default privilege',
    owner,
    schema,
    on,
    privileges: [privilege],
    grantable,
  }))
}

/** The same as plain data, in one spelling and without its secret: a grant for each privilege on each object. */
const checkGrant = (role: string, grant: Grant, refuse: Refuse): readonly Grant[] => {
  switch (grant?.kind) {
    case 'attribute':
      return [checkAttribute(grant, refuse)]
    case 'privilege':
      return checkPrivilege(grant, refuse)
    case 'ownership':
      return [checkOwnership(grant, refuse)]
    case 'membership':
      return [checkMembership(role, grant, refuse)]
    case 'default privilege':
      return checkDefaultPrivilege(grant, refuse)
    default:
      return refuse('kind', 'it is no grant; build one with the functions of Grant')
  }
}

/** Whether a grant is of what belongs to the whole cluster, and no database alone. */
const isOfCluster = (grant: Grant): boolean => {
  switch (grant.kind) {
    case 'attribute':
    case 'membership':
      return true
    case 'privilege':
    case 'ownership':
      return objectKinds[grant.object.kind].shared === true
    case 'default privilege':
      return false
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

/** A role that is asked for twice, so that one option would have to be on and off. */
const conflictingMembership = (grants: readonly Grant[]): string | undefined => {
  const asked = new Map<string, MembershipGrant>()
  for (const grant of grants) {
    if (grant.kind !== 'membership') continue
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

/** One grant of those that say the same, and what it says. */
interface CheckedGrant {
  readonly grant: Grant
  readonly text: string
}

/** Many roles ask for the same: of grants that say the same the request holds one, and looks at it once. */
class CheckedGrants {
  readonly #byText = new Map<string, CheckedGrant>()
  /** By what was given. */
  readonly #given = new Map<string, readonly CheckedGrant[]>()

  #theOneOf(grant: Grant): CheckedGrant {
    const text = JSON.stringify(grant)
    return getOrMake(this.#byText, text, () => ({ grant, text }))
  }

  /** @throws whatever `refuse` does */
  check(role: string, given: Grant, refuse: Refuse): readonly CheckedGrant[] {
    const check = (): readonly CheckedGrant[] =>
      checkGrant(role, given, refuse).map((grant) => this.#theOneOf(grant))
    return saysAll(given) ? getOrMake(this.#given, JSON.stringify(given), check) : check()
  }
}

/** Whether a grant asks for the same of every role, and for all that its text says: secrets and patterns are not in it. */
const saysAll = (given: Grant): boolean =>
  given?.kind === 'privilege' && isObject(given.object) && 'name' in given.object

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const checkDesiredRole = (
  desired: DesiredRole,
  scope: PlanOptions['scope'],
  known: CheckedGrants,
): DesiredRole => {
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
  const checkedEach = Array.from(grants, (grant: Grant, index) => {
    const refuse: Refuse = (field, problem) =>
      fail(`cannot grant ${safeDescription(grant)} to role ${describeName(role)}: ${problem}`, field, index)
    const split = known.check(role, grant, refuse)
    if (scope === 'database' && split.some((one) => isOfCluster(one.grant)))
      refuse('scope', 'it belongs to the whole cluster, which the scope "database" leaves alone')
    return split
  })
  const checked = new Set(checkedEach.flat())
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
  const logins = checkedEach.flatMap(([one], index) =>
    one?.grant.kind === 'attribute' && one.grant.attribute === 'LOGIN' ? [index] : [],
  )
  if (logins.length > 1)
    fail(
      `cannot grant LOGIN to role ${describeName(role)}: it is asked for ${logins.length} times`,
      'login',
      logins[1],
    )
  const conflict = conflictingMembership(Array.from(checked, ({ grant }) => grant))
  if (conflict !== undefined)
    fail(
      `cannot grant membership in role ${describeName(conflict)} to role ${describeName(role)}: it is asked for with different options`,
      'role',
    )
  return {
    role,
    grants: sortedBy(checked, ({ text }) => text).map(({ grant }) => grant),
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

const checkOptions = (options: PlanOptions): PlanOptions => {
  const { reassignOwnedTo, allowSelf = false, allowSuperuser = false } = options
  const { keepDependents = false, scope = 'cluster' } = options
  const flags = { allowSelf, allowSuperuser, keepDependents }
  for (const [field, value] of Object.entries(flags))
    if (typeof value !== 'boolean')
      throw new InvalidGrantError({ field, message: `cannot sync roles: ${field} must be true or false` })
  if (scope !== 'cluster' && scope !== 'database')
    throw new InvalidGrantError({
      field: 'scope',
      message: 'cannot sync roles: scope must be one of cluster, database',
    })
  return { ...(reassignOwnedTo !== undefined && { reassignOwnedTo }), ...flags, scope }
}

const checkReassignedTo = (desired: readonly DesiredRole[], { reassignOwnedTo }: PlanOptions): void => {
  if (reassignOwnedTo === undefined) return
  const problem =
    nameProblem(reassignOwnedTo) ??
    impossibleRoleNameProblem(reassignOwnedTo) ??
    (isIntermediateName(reassignOwnedTo) ? 'is that of an intermediate role' : undefined) ??
    (desired.some(({ role }) => role === reassignOwnedTo)
      ? 'is that of a role that is synced too'
      : undefined)
  if (problem !== undefined)
    throw new InvalidGrantError({
      field: 'reassignOwnedTo',
      message: `cannot reassign ownership to a role: the name ${quotedText(reassignOwnedTo)}${problem}`,
    })
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
  const checkedOptions = checkOptions(options)
  const known = new CheckedGrants()
  const roles = (Array.isArray(desired) ? desired : [desired]).map((one: DesiredRole) =>
    checkDesiredRole(one, checkedOptions.scope, known),
  )
  checkReassignedTo(roles, checkedOptions)
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
    options: checkedOptions,
    seed,
  }
}
