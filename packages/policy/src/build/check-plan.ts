import {
  type AbsentRole,
  describeGrant,
  type DesiredRole,
  InvalidGrantError,
  type PlanOptions,
} from '@pgsr/planner'
import { requestOf } from '@pgsr/planner/internal'
import { mostProblems, type Problems } from '../text/problems.ts'
import { type ObjectValue, type Place, type Value, valueAt } from '../text/tree.ts'
import type { Built, BuiltAbsent } from './built.ts'
import type { Placed } from './placed.ts'
import type { BuiltRole } from './role.ts'
import { objectAt, objectOf } from './values.ts'

/** What the planner refuses of something that is asked for; `undefined` if nothing. */
const refusal = (
  desired: readonly (DesiredRole | AbsentRole)[],
  options: PlanOptions,
): InvalidGrantError | undefined => {
  try {
    requestOf(desired, options)
    return undefined
  } catch (error) {
    if (error instanceof InvalidGrantError) return error
    throw error
  }
}

/** The keys of a role in a policy, by the fields of a desired role that are called otherwise. */
const keys: Readonly<Record<string, string>> = {
  settingsIn: 'in',
  preserveExistingGrantsInSchemas: 'preserveIn',
  allowSelf: 'allow',
  allowSuperuser: 'allow',
}

const keyIn = (object: ObjectValue | undefined, field: string): Place | undefined =>
  object?.entries.get(keys[field] ?? field)?.key

/** Where a role sets a setting. */
const settingIn = (object: ObjectValue, setting: string): Value | undefined => {
  const databases = [...(objectAt(object, 'in')?.entries.values() ?? [])].map(({ value }) => objectOf(value))
  return [object, ...databases].flatMap((one) => {
    const settings = objectAt(one, 'settings')
    const value = settings && valueAt(settings, setting)
    return value === undefined ? [] : [value]
  })[0]
}

/** A role as a call for one database asks for it. */
interface InOne {
  readonly role: DesiredRole
  readonly grants: readonly Placed[]
}

const inOne = ({ role, grants, in: inEach }: BuiltRole, database: string | undefined): InOne => {
  const { in: _, ...common } = role
  const all = database === undefined ? grants : [...grants, ...(inEach.get(database) ?? [])]
  return { role: { ...common, grants: all.map(({ grant }) => grant) }, grants: all }
}

/** Says everything that the planner refuses of a single role. */
const checkRole = (built: BuiltRole, options: PlanOptions, problems: Problems): void => {
  const databases = built.in.size === 0 ? [undefined] : [...built.in.keys()]
  const told = new Set<Place>()
  for (const database of databases) {
    const { role, grants } = inOne(built, database)
    let left = grants
    while (told.size < mostProblems) {
      const error = refusal([{ ...role, grants: left.map(({ grant }) => grant) }], options)
      if (error === undefined) break
      const placed = error.grant === undefined ? undefined : left[error.grant]
      const place =
        placed?.place ??
        settingIn(built.object, error.field) ??
        keyIn(built.object, error.field) ??
        built.place
      if (!problems.isAt(place)) problems.add(place, error.message)
      told.add(place)
      if (placed === undefined) break
      left = left.filter((one) => one !== placed)
    }
  }
}

const checkAbsent = (
  { role, place, object }: BuiltAbsent,
  options: PlanOptions,
  problems: Problems,
): void => {
  const error = refusal([role], options)
  if (error !== undefined) problems.add(keyIn(object, error.field) ?? place, error.message)
}

/** Where an heir is named that the planner refuses. */
const heirPlace = ({ policy, absent }: Built): Place =>
  keyIn(policy, 'reassignOwnedTo') ??
  absent.flatMap(({ object }) => keyIn(object, 'reassignOwnedTo') ?? [])[0] ??
  policy

/** Where the grant is that a message is about. */
const placeIn = (roles: readonly BuiltRole[], { role, message }: InvalidGrantError): Place | undefined => {
  const one = roles.find((built) => built.role.role === role)
  return one?.grants.find(({ grant }) => message.startsWith(`cannot grant ${describeGrant(grant)} to role `))
    ?.place
}

/** Says what the planner refuses of the roles together. After each refusal, the role is left out. */
const checkTogether = (
  built: Built,
  database: string | undefined,
  options: PlanOptions,
  problems: Problems,
): void => {
  const { roles, absent } = built
  let left: readonly { readonly role: DesiredRole | AbsentRole; readonly place: Place }[] = [
    ...roles.map((one) => ({ role: inOne(one, database).role, place: one.place })),
    ...absent,
  ]
  for (;;) {
    const error = refusal(
      left.map(({ role }) => role),
      options,
    )
    if (error === undefined) return
    const wrong = left.find(({ role }) => role.role === error.role)
    problems.add(placeIn(roles, error) ?? wrong?.place ?? heirPlace(built), error.message)
    if (wrong === undefined || problems.count >= mostProblems) return
    left = left.filter((one) => one !== wrong)
  }
}

/** Says what the planner refuses, with its place. Nothing has been read from a server. */
export const checkPlan = (built: Built, problems: Problems): void => {
  const { policy, options, roles, absent, databases = [] } = built
  const special = databases.filter((database) => roles.some((role) => role.in.has(database)))
  const each = special.length === 0 ? [undefined] : special
  const all = (database: string | undefined) => [
    ...roles.map((one) => inOne(one, database).role),
    ...absent.map(({ role }) => role),
  ]
  if (problems.count === 0 && each.every((database) => refusal(all(database), options) === undefined)) return
  const { public: _, reassignOwnedTo: _heir, manages, ...others } = options
  const single: PlanOptions = { ...others, ...(manages && !problems.isAbout('manages') && { manages }) }
  const wrongOptions = refusal([], single)
  if (wrongOptions !== undefined) {
    problems.add(keyIn(policy, wrongOptions.field) ?? policy, wrongOptions.message)
    return
  }
  for (const { grant, place } of built.public) {
    const error = refusal([], { ...single, public: [grant] })
    if (error !== undefined) problems.add(place, error.message)
  }
  for (const one of roles) if (!problems.isFull) checkRole(one, single, problems)
  for (const one of absent) if (!problems.isFull) checkAbsent(one, single, problems)
  if (problems.count > 0) return
  for (const database of each) {
    checkTogether(built, database, options, problems)
    if (problems.count > 0) return
  }
}
