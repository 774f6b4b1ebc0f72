import {
  type AbsentRole,
  describeGrant,
  type DesiredRole,
  type Grant,
  InvalidGrantError,
  type PlanOptions,
} from '@pgsr/planner'
import { append, checkEach, countIn, requestOf, wrongTogether } from '@pgsr/planner/internal'
import type { Problems } from '../text/problems.ts'
import { type ObjectValue, type Place, type Value, valueAt } from '../text/tree.ts'
import type { Built, BuiltAbsent } from './built.ts'
import type { Placed } from './placed.ts'
import type { BuiltRole } from './role.ts'
import type { Room } from './room.ts'
import { objectAt, objectOf } from './values.ts'

type Desired = DesiredRole | AbsentRole

/** A role as the planner has checked it. */
type Checked = ReturnType<typeof checkEach>[number]

/** What the planner refuses of something that is asked for; `undefined` if nothing. */
const refusal = (check: () => unknown): InvalidGrantError | undefined => {
  try {
    check()
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

/** What is asked for of a role in all databases, or in one of them only. */
interface Asked {
  readonly desired: Desired
  readonly grants: readonly Placed[]
  readonly of: BuiltRole | BuiltAbsent
  /** The only database; `undefined`: all. */
  readonly database: string | undefined
}

const withGrants = (desired: Desired, grants: readonly Placed[]): Desired =>
  'absent' in desired ? desired : { ...desired, grants: grants.map(({ grant }) => grant) }

/** Everything that is asked for. What belongs to one database is apart, so that nothing is checked for each of them. */
const askedIn = ({ roles, absent }: Built): readonly Asked[] => [
  ...roles.map((of): Asked => {
    const { in: _, ...desired } = of.role
    return { desired, grants: of.grants, of, database: undefined }
  }),
  ...absent.map((of): Asked => ({ desired: of.role, grants: [], of, database: undefined })),
  ...roles.flatMap((of) =>
    Array.from(of.in, ([database, grants]): Asked => {
      const desired = withGrants({ role: of.role.role, grants: [] }, grants)
      return { desired, grants, of, database }
    }),
  ),
]

/** Where something is that the planner refuses of a role. */
const placeOf = ({ of: { object, place } }: Asked, field: string): Place =>
  (object && settingIn(object, field)) ?? keyIn(object, field) ?? place

/**
 * Says everything that the planner refuses of some grants.
 * @param ask asks the planner
 * @param placeIn where something is that is wrong with none of them
 */
const checkGrants = <G extends Grant>(
  grants: readonly Placed<G>[],
  ask: (grants: readonly Placed<G>[]) => unknown,
  placeIn: (field: string) => Place,
  problems: Problems,
): void => {
  let right: readonly Placed<G>[] = []
  let left = grants
  for (;;) {
    const error = refusal(() => ask(left))
    if (error === undefined) {
      if (right.length === 0) return
      // Each of the grants that are left is right by itself.
      ;[left, right] = [[...right, ...left], []]
      continue
    }
    const index = error.grant ?? left.length
    const place = left[index]?.place ?? placeIn(error.field)
    if (!problems.isAt(place)) problems.add(place, error.message)
    if (index === left.length) return
    right = [...right, ...left.slice(0, index)]
    left = left.slice(index + 1).filter((one) => one.place !== place)
  }
}

/** Says everything that the planner refuses of a role by itself. */
const checkAsked = (asked: Asked, options: PlanOptions, problems: Problems): void =>
  checkGrants(
    asked.grants,
    (grants) => checkEach([withGrants(asked.desired, grants)], options),
    (field) => placeOf(asked, field),
    problems,
  )

/**
 * Checks each role by itself. Most often, all of them are right.
 * @returns the roles as the planner has checked them; `undefined` if one is wrong, which has been said
 */
const checkAlone = (
  all: readonly Asked[],
  options: PlanOptions,
  problems: Problems,
): readonly Checked[] | undefined => {
  let checked: readonly Checked[] = []
  for (let left = all; ;) {
    const error = refusal(() => {
      checked = checkEach(
        left.map(({ desired }) => desired),
        options,
      )
    })
    if (error === undefined) return left === all ? checked : undefined
    const wrong = left.findIndex(({ desired }) => desired.role === error.role)
    if (wrong < 0) throw error
    const { of } = left[wrong]!
    for (const one of left) if (one.of === of) checkAsked(one, options, problems)
    left = left.slice(wrong + 1).filter((one) => one.of !== of)
  }
}

/** Where each grant of a role is, by its text. */
const grantPlaces = (role: string, all: readonly Asked[]): ReadonlyMap<string, Place> =>
  new Map(
    all
      .filter(({ desired }) => desired.role === role)
      .flatMap(({ grants }) => grants)
      .toReversed()
      .map(({ grant, place }) => [describeGrant(grant), place]),
  )

/** Where an heir is named that the planner refuses. */
const heirPlace = ({ policy, absent }: Built): Place =>
  keyIn(policy, 'reassignOwnedTo') ??
  absent.flatMap(({ object }) => keyIn(object, 'reassignOwnedTo') ?? [])[0] ??
  policy

/** What roles are to own in all databases. */
const ownedIn = (roles: readonly Checked[]): ReadonlyMap<string, readonly Grant[]> =>
  new Map(
    roles.flatMap(({ role, grants }) => {
      const owned = grants.filter(({ kind }) => kind === 'ownership')
      return owned.length === 0 ? [] : [[role, owned] as const]
    }),
  )

/** What is asked for only in one database, and what it could contradict: what else roles are to own there. */
const inDatabase = (
  only: readonly Checked[],
  owned: ReadonlyMap<string, readonly Grant[]>,
): readonly Checked[] => {
  const all = new Map(owned)
  for (const { role, grants } of only) all.set(role, [...(owned.get(role) ?? []), ...grants])
  return Array.from(all, ([role, grants]) => ({ role, grants }))
}

/** Says what the planner refuses of the roles together. */
const checkTogether = (
  checked: readonly Checked[],
  built: Built,
  all: readonly Asked[],
  problems: Problems,
): void => {
  const places = new Map<string, ReadonlyMap<string, Place>>()
  for (const { error, grant } of wrongTogether(checked, built.options)) {
    const role = error.role ?? ''
    const known = places.get(role) ?? grantPlaces(role, all)
    places.set(role, known)
    const place = grant && known.get(describeGrant(grant))
    const ofRole = all.find(({ desired }) => desired.role === role)?.of.place
    problems.add(place ?? ofRole ?? heirPlace(built), error.message)
  }
}

/** Says what the planner refuses, with its place. Nothing has been read from a server. */
export const checkPlan = (built: Built, problems: Problems, room: Room): void => {
  const { policy, options, databases = [] } = built
  const { public: _, reassignOwnedTo: _heir, manages, ...others } = options
  const single: PlanOptions = { ...others, ...(manages && !problems.isAbout('manages') && { manages }) }
  const wrongOptions = refusal(() => requestOf([], single))
  if (wrongOptions !== undefined) {
    problems.add(keyIn(policy, wrongOptions.field) ?? policy, wrongOptions.message)
    return
  }
  checkGrants(
    built.public,
    (grants) => requestOf([], { ...single, public: grants.map(({ grant }) => grant) }),
    (field) => keyIn(policy, field) ?? policy,
    problems,
  )
  const all = askedIn(built)
  const checked = checkAlone(all, single, problems)
  if (checked === undefined || problems.count > 0) return
  const byDatabase = new Map<string | undefined, Checked[]>()
  for (const [index, { database }] of all.entries()) append(byDatabase, database, checked[index]!)
  const inAll = byDatabase.get(undefined) ?? []
  checkTogether(inAll, built, all, problems)
  const absent = inAll.filter((one) => one.absent === true)
  const owned = ownedIn(inAll)
  const count = countIn([...owned.values()])
  for (const database of databases) {
    const only = byDatabase.get(database)
    if (only === undefined || problems.count > 0) continue
    room.take(count, policy)
    checkTogether([...absent, ...inDatabase(only, owned)], built, all, problems)
  }
}
