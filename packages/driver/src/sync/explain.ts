import {
  type AccessOf,
  accessOfRole,
  type AccessQuestion,
  type AccessScope,
  explainAccess,
  type Explanation,
  type GrantableKind,
  InvalidGrantError,
  objectKinds,
  type ObjectName,
  type Scope,
  type Target,
  typeName,
  type WhoCan,
  whoCanAccess,
  type WhoCanQuestion,
} from '@pgsr/planner'
import {
  canonicalParameter,
  describeName,
  impossibleRoleNameProblem,
  nameProblem,
  nothingToRead,
  schemasNamedBy,
} from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import type {
  AccessOfCallOptions,
  ExplainCallOptions,
  IntrospectAccessOptions,
  Settings,
} from '../options.ts'
import { planningInTime } from './planning.ts'
import { readSnapshot } from './run-plan.ts'
import { anySize } from './workload.ts'

const refuse = (field: string, problem: string): never => {
  throw new InvalidGrantError({ field, message: `cannot explain access: ${problem}` })
}

/** @throws InvalidGrantError */
const checkedRole = (role: string): string => {
  if (role === 'public') return role
  const problem = nameProblem(role) ?? impossibleRoleNameProblem(role)
  if (problem === undefined) return role
  return refuse(
    'role',
    `the name of ${typeof role === 'string' ? `role ${describeName(role)}` : 'a role'} ${problem}`,
  )
}

/** The name of a routine, with the types of its arguments in their one spelling. */
const withTypes = ([schema, name, ...types]: readonly string[]): readonly string[] => [
  schema!,
  name!,
  ...types.map((type) => typeName(type) ?? refuse('object', `${describeName(type)} is no type`)),
]

/** @throws InvalidGrantError */
const checkedObject = (object: Target): ObjectName<GrantableKind> => {
  if (typeof object !== 'object' || object === null || !('name' in object))
    return refuse('object', 'expected one object by its name, not a pattern or all objects of a schema')
  const { kind, name } = object
  const row = Object.hasOwn(objectKinds, kind) ? objectKinds[kind] : undefined
  if (row === undefined || row.privileges.length === 0)
    return refuse('object', `nothing can be granted on ${String(kind)}`)
  const isMore = row.more !== undefined && Array.isArray(name) && name.length > row.parts.length
  if (!Array.isArray(name) || (name.length !== row.parts.length && !isMore))
    return refuse('object', `the name of a ${kind} has these parts: ${row.parts.join(', ')}`)
  const problem = name
    .slice(0, row.parts.length)
    .map((part: string) => (kind === 'parameter' && typeof part === 'string' ? undefined : nameProblem(part)))
    .find((one) => one !== undefined)
  if (problem !== undefined) return refuse('object', `a name of the ${kind} ${problem}`)
  if (kind === 'large object' && !/^[0-9]{1,10}$/.test(name[0]))
    return refuse('object', 'a large object is named by its oid')
  const named =
    kind === 'parameter' ? [canonicalParameter(name[0])] : row.more === undefined ? name : withTypes(name)
  return { kind: kind as GrantableKind, name: named }
}

/** @throws InvalidGrantError */
export const accessScopeOf = ({ roles = 'all', objects = 'all' }: IntrospectAccessOptions): AccessScope => ({
  roles: typeof roles === 'string' ? roles : roles.map(checkedRole).filter((role) => role !== 'public'),
  objects: objects === 'all' ? objects : objects.map(checkedObject),
})

/** What a question is about, checked. */
interface Named {
  readonly object: ObjectName<GrantableKind>
}

/** @throws InvalidGrantError */
export const questionOf = ({ role, privilege, object }: AccessQuestion): AccessQuestion & Named => ({
  role: checkedRole(role),
  privilege,
  object: checkedObject(object),
})

/** @throws InvalidGrantError */
export const whoCanQuestionOf = ({ privilege, object }: WhoCanQuestion): WhoCanQuestion & Named => ({
  privilege,
  object: checkedObject(object),
})

/** @throws InvalidGrantError */
export const roleOf = (role: string): string => checkedRole(role)

/** Reads what decides about access. */
export const readAccess = (access: AccessScope, settings: Settings) => {
  const scope: Scope = { ...nothingToRead, access }
  return readSnapshot({ scope, passwords: new Map() }, settings)
}

/** An object, with the schemas that a statement about it names. */
const withSchemas = (object: ObjectName): readonly ObjectName[] => [
  object,
  ...schemasNamedBy(object).map((schema): ObjectName => ({ kind: 'schema', name: [schema] })),
]

/** Reads what decides about a question, and answers it. */
export const readExplanation = Effect.fnUntraced(function* (
  question: AccessQuestion & Named,
  { paths }: ExplainCallOptions,
  settings: Settings,
) {
  const { role, object } = question
  const snapshot = yield* readAccess(
    { roles: role === 'public' ? [] : [role], objects: withSchemas(object) },
    settings,
  )
  return yield* planningInTime(settings, anySize, (): Explanation =>
    explainAccess(snapshot, question, paths === undefined ? {} : { paths }),
  )
})

/** Reads who holds something on an object, and answers who has a privilege on it. */
export const readWhoCan = Effect.fnUntraced(function* (
  question: WhoCanQuestion & Named,
  { paths }: ExplainCallOptions,
  settings: Settings,
) {
  const snapshot = yield* readAccess({ roles: 'holders', objects: withSchemas(question.object) }, settings)
  return yield* planningInTime(settings, anySize, (): WhoCan =>
    whoCanAccess(snapshot, question, paths === undefined ? {} : { paths }),
  )
})

/** Reads everything in the database, and answers what a role can do with it. */
export const readAccessOf = Effect.fnUntraced(function* (
  role: string,
  { paths, byPublic }: AccessOfCallOptions,
  settings: Settings,
) {
  const snapshot = yield* readAccess({ roles: role === 'public' ? [] : [role], objects: 'all' }, settings)
  return yield* planningInTime(settings, anySize, (): AccessOf =>
    accessOfRole(snapshot, role, {
      ...(paths !== undefined && { paths }),
      ...(byPublic !== undefined && { byPublic }),
    }),
  )
})
