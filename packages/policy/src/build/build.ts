import type { AbsentRole } from '@pgsr/planner'
import { describeName, membershipCycle } from '@pgsr/planner/internal'
import { check } from '../check/check.ts'
import { grammar } from '../grammar/grammar.ts'
import type { Policy, SecretReference } from '../policy.ts'
import type { Problems } from '../text/problems.ts'
import { type ObjectValue, type Place, type Value, valueAt } from '../text/tree.ts'
import { askedIn } from './asked-for.ts'
import { assertionsIn } from './assertions.ts'
import type { Built, BuiltAbsent } from './built.ts'
import { checkPlan } from './check-plan.ts'
import { linesOf } from './lines.ts'
import { optionsFrom } from './options.ts'
import { Profiles } from './profiles.ts'
import { type BuiltRole, roleFrom } from './role.ts'
import { Room } from './room.ts'
import { flagAt, objectAt, objectOf, textAt, textsAt } from './values.ts'

const absentRole = (name: string, object: ObjectValue | undefined): AbsentRole => {
  const reassignOwnedTo = object && textAt(object, 'reassignOwnedTo')
  const terminateSessions = object && flagAt(object, 'terminateSessions')
  return {
    role: name,
    absent: true,
    ...(reassignOwnedTo !== undefined && { reassignOwnedTo }),
    ...(terminateSessions !== undefined && { terminateSessions }),
  }
}

const absentIn = (value: Value | undefined): readonly BuiltAbsent[] => {
  if (value?.kind === 'list')
    return value.items.flatMap((one) =>
      one.kind === 'text' ? [{ role: absentRole(one.text, undefined), place: one, object: undefined }] : [],
    )
  return [...(objectOf(value)?.entries ?? [])].map(([name, { key, value: one }]) => ({
    role: absentRole(name, objectOf(one)),
    place: key,
    object: objectOf(one),
  }))
}

/** Says which roles the policy wants and does not want at the same time. */
const checkContradictions = (
  roles: readonly BuiltRole[],
  absent: readonly BuiltAbsent[],
  problems: Problems,
): void => {
  const wanted = new Set(roles.map(({ role }) => role.role))
  for (const { role, place } of absent)
    if (wanted.has(role.role))
      problems.add(place, `role ${describeName(role.role)} is in roles, so it cannot be in absent`)
}

/** Says in which circles roles would be members of each other. */
const checkCircles = (roles: readonly BuiltRole[], problems: Problems): void => {
  const memberships = new Map<string, Map<string, Place>>()
  const add = (member: string, role: string, place: Place): unknown => {
    const known = memberships.get(member) ?? new Map<string, Place>()
    memberships.set(member, known)
    return known.has(role) || known.set(role, place)
  }
  for (const { role, grants, members } of roles) {
    for (const { grant, place } of grants) if (grant.kind === 'membership') add(role.role, grant.role, place)
    for (const { role: member, place } of members) add(member, role.role, place)
  }
  for (let told = 0; told < 10; told++) {
    const circle = membershipCycle(memberships.keys(), (role) => [...(memberships.get(role)?.keys() ?? [])])
    if (circle === undefined) return
    const [member = '', role = ''] = circle
    const place = memberships.get(member)?.get(role)
    if (place === undefined) return
    problems.add(
      place,
      `roles would be members of each other in a circle: ${circle.map(describeName).join(' in ')}`,
    )
    memberships.get(member)?.delete(role)
  }
}

const secretsOf = (passwords: ReadonlyMap<string, SecretReference>): readonly SecretReference[] => [
  ...new Map([...passwords.values()].map((one) => [JSON.stringify(one), one])).values(),
]

const policyOf = (built: Built, problems: Problems): Policy => {
  const { databases, options, roles, absent, assertions } = built
  const passwords = new Map(
    roles.flatMap(({ role, password }) => (password === undefined ? [] : [[role.role, password] as const])),
  )
  return {
    databases,
    desired: [...roles.map(({ role }) => role), ...absent.map(({ role }) => role)],
    options,
    assertions: assertions.map(({ assertion }) => assertion),
    passwords,
    secrets: secretsOf(passwords),
    lineOf: linesOf(built, problems),
    lineOfAssertion: (index) => {
      const place = assertions[index]?.place
      return place && problems.positionOf(place)
    },
    asksFor: askedIn(built, problems),
  }
}

/**
 * Makes a policy of what was read.
 * @param mostGrants the most grants that it may ask for
 * @throws PolicyError with everything that is wrong
 */
export const buildPolicy = (given: Value | undefined, problems: Problems, mostGrants: number): Policy => {
  const checked = given && objectOf(check(given, grammar, { problems, isSecret: false }))
  if (given === undefined || checked === undefined) {
    problems.throwIfAny()
    throw new TypeError('nothing was read, and nothing was wrong')
  }
  const whole = objectOf(given)
  const databases = whole?.entries.has('databases') ? textsAt(checked, 'databases') : undefined
  const profiles = new Profiles(objectAt(checked, 'profiles'), objectAt(whole, 'profiles'), problems)
  const room = new Room(mostGrants, problems)
  const context = { profiles, databases, problems, room }
  const roles = [...(objectAt(checked, 'roles')?.entries ?? [])].flatMap(([name, { key, value }]) =>
    value.kind === 'object' ? [roleFrom(name, key, value, context)] : [],
  )
  const absent = absentIn(valueAt(checked, 'absent'))
  const built: Built = {
    policy: checked,
    databases,
    roles,
    absent,
    assertions: assertionsIn(checked, databases, problems, room),
    ...optionsFrom(checked, databases, problems, room),
  }
  checkContradictions(roles, absent, problems)
  checkCircles(roles, problems)
  checkPlan(built, problems, room)
  problems.throwIfAny()
  return policyOf(built, problems)
}
