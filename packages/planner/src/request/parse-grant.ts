import { describeName } from '../model/describe.ts'
import type {
  DefaultPrivilegeGrant,
  Grant,
  MembershipGrant,
  OwnershipGrant,
  PrivilegeGrant,
} from '../model/grant.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import {
  type AllInSchema,
  isAll,
  isPattern,
  type ObjectPattern,
  type Pattern,
  type Target,
} from '../model/target.ts'
import { futureObjects, futurePrivileges, isFutureObjects } from '../postgres/default-privileges.ts'
import { impossibleRoleNameProblem, nameProblem } from '../postgres/identifier.ts'
import {
  type GrantableKind,
  isKindInSchema,
  isObjectKind,
  type MatchableKind,
  type ObjectKind,
  objectKinds,
  type ObjectName,
  type OwnableKind,
  plural,
} from '../postgres/object-kind.ts'
import { canonicalParameter } from '../postgres/parameter-name.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { typeName } from '../postgres/type-name.ts'
import { flatMap, sortedUnique } from '../util/collections.ts'
import { checkAttribute } from './check-attribute.ts'
import { quotedText } from './describe-given.ts'
import type { Refuse } from './refuse.ts'

export const checkName = (name: unknown, field: string, refuse: Refuse): string => {
  const problem = nameProblem(name)
  return problem === undefined ? (name as string) : refuse(field, `the name ${quotedText(name)}${problem}`)
}

/** Checks the name of a role that is granted or will own something. A predefined role is allowed. */
export const checkRoleName = (name: string, field: string, refuse: Refuse): void => {
  checkName(name, field, refuse)
  const problem = impossibleRoleNameProblem(name)
  if (problem !== undefined) refuse(field, `the role name ${describeName(name)} ${problem}`)
}

const checkFlag = (field: string, value: unknown, refuse: Refuse): boolean =>
  typeof value === 'boolean' ? value : refuse(field, `${field} must be true or false`)

/** Checks a pattern strictly: JavaScript takes a pattern without a source for one that matches every name. */
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

/** Whether a setting can be asked for by a name. PostgreSQL also has some with other letters, or older ones with any. */
export const isParameterName = (name: string): boolean => /^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i.test(name)

/** Names of settings ignore case, and some have had others. */
export const parameterName = (name: unknown, refuse: Refuse): string =>
  typeof name === 'string' && isParameterName(name)
    ? canonicalParameter(name)
    : refuse('parameter', `${quotedText(name)}is not the name of a configuration parameter`)

/** Checks the parts that are not quoted names, or that have a canonical spelling. */
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
  // PostgreSQL records grants on parameters in lower case.
  parameter: parameterName,
}

/** The parts of an object’s name, each in its canonical spelling. */
const checkParts = (kind: ObjectKind, name: unknown, refuse: Refuse): readonly string[] => {
  const { parts, more } = objectKinds[kind]
  const isComplete =
    Array.isArray(name) && (more === undefined ? name.length === parts.length : name.length >= parts.length)
  if (!isComplete)
    return refuse(
      'name',
      `the name of a ${kind} has the parts ${parts.join(', ')}${more === undefined ? '' : `, and one for each ${more}`}`,
    )
  return [...name].map((value: unknown, index) => {
    const part = parts[index]
    if (part === undefined) return checkType(more!, value, refuse)
    return checkPart[part]?.(value, refuse) ?? checkName(value, part, refuse)
  })
}

const checkObject = <Kind extends ObjectKind>(
  { kind, name }: ObjectName<Kind>,
  refuse: Refuse,
): ObjectName<Kind> => ({ kind, name: checkParts(kind, name, refuse) })

/** Checks privileges on a kind of object, and sorts them. */
const checkPrivileges = (
  asked: unknown,
  known: readonly Privilege[],
  on: string,
  refuse: Refuse,
): readonly Privilege[] => {
  if (!Array.isArray(asked) || asked.length === 0)
    return refuse('privileges', 'the privileges must be an array of at least one')
  for (const privilege of asked as Privilege[])
    if (!known.includes(privilege))
      refuse(
        'privileges',
        `there is no privilege ${String(privilege)} on ${on}; expected one of ${known.join(', ')}`,
      )
  return sortedUnique(asked as Privilege[])
}

const checkColumns = (columns: unknown, refuse: Refuse): readonly string[] => {
  if (!Array.isArray(columns) || columns.length === 0)
    return refuse('columns', 'the columns must be an array of at least one')
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

const checkAll = ({ kind, schema, all }: AllInSchema, refuse: Refuse): AllInSchema => {
  if (!isKindInSchema(kind)) refuse('all', `the ${plural(kind)} of a schema cannot be asked for at once`)
  if ((all as unknown) !== true) refuse('all', 'all must be true; leave the key out for a single object')
  checkName(schema, 'schema', refuse)
  if (schema === 'pg_catalog')
    refuse('schema', `the ${plural(kind)} of pg_catalog cannot be asked for at once; name them`)
  return { kind, schema, all }
}

/** The objects of a target as one target each; several columns become several targets. */
const checkTarget = (target: Target<GrantableKind>, refuse: Refuse): readonly Target<GrantableKind>[] => {
  if (isPattern(target)) return checkObjectPattern(target, refuse)
  if (isAll(target)) return [checkAll(target, refuse) as Target<GrantableKind>]
  if (target.kind !== 'column') return [checkObject(target, refuse)]
  if (!Array.isArray(target.name)) return [checkObject(target, refuse)]
  const [schema, table, ...columns] = target.name as readonly string[]
  return checkColumns(columns, refuse).map((column) =>
    checkObject({ kind: 'column', name: [schema!, table!, column] }, refuse),
  )
}

const checkPrivilege = (grant: PrivilegeGrant, refuse: Refuse): readonly PrivilegeGrant[] => {
  const { object, direct, grantable } = grant
  if (!isObjectKind(object?.kind)) return refuse('object', 'no such kind of object')
  const { kind } = object
  const { privileges: known } = objectKinds[kind]
  if (known.length === 0) return refuse('object', `there are no privileges on a ${kind as string}`)
  const privileges = checkPrivileges(grant.privileges, known, `a ${kind}`, refuse)
  checkFlag('direct', direct, refuse)
  checkFlag('grantable', grantable, refuse)
  if (grantable && !direct) refuse('grantable', 'only what is held directly can be passed on; set direct too')
  const grants: PrivilegeGrant[] = []
  for (const one of checkTarget(object, refuse))
    for (const privilege of privileges)
      grants.push({ kind: 'privilege', privileges: [privilege], object: one, direct, grantable })
  return grants
}

const checkOwnership = ({ object }: OwnershipGrant, refuse: Refuse): OwnershipGrant => {
  if (!isObjectKind(object?.kind)) return refuse('object', 'no such kind of object')
  if (objectKinds[object.kind].ownerKeyword === undefined)
    return refuse('object', `a ${object.kind as string} has no owner of its own`)
  if (isPattern(object))
    return refuse(
      'object',
      'ownership cannot be asked for by a pattern; name the object, or ask for all of a schema, as Target.allTables does',
    )
  const checked = isAll(object) ? checkAll(object, refuse) : checkObject<OwnableKind>(object, refuse)
  const schema = isAll(checked) ? checked.schema : checked.kind === 'schema' ? checked.name[0]! : ''
  if (schema.startsWith('pg_')) return refuse('schema', `the prefix "pg_" is reserved for system schemas`)
  return { kind: 'ownership', object: checked }
}

export const checkMembership = (role: string, grant: MembershipGrant, refuse: Refuse): MembershipGrant => {
  const { role: of } = grant
  checkRoleName(of, 'role', refuse)
  if (of === role) refuse('role', 'a role cannot be a member of itself')
  if (of === 'pg_database_owner') refuse('role', 'pg_database_owner cannot have explicit members')
  if (isIntermediateName(of))
    refuse('role', `${describeName(of)} is an intermediate role; ask for the privilege that it holds`)
  const options = flatMap(['admin', 'inherit', 'set'] as const, (option) => {
    const value = grant[option]
    return value === undefined ? [] : [[option, checkFlag(option, value, refuse)] as const]
  })
  const { admin, ...others } = Object.fromEntries(options)
  if (others.inherit === false && others.set === false)
    refuse('inherit', 'inherit and set cannot both be false')
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

/** The grant as plain data in canonical form, without its secret: one grant for each privilege on each object. */
export const checkGrant = (role: string, grant: Grant, refuse: Refuse): readonly Grant[] => {
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
      return refuse('kind', 'it is not a grant; build one with the functions of Grant')
  }
}
