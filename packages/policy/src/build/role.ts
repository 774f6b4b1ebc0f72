import {
  type DesiredRole,
  Grant,
  type GrantableAttribute,
  type Settings,
  type SettingValue,
} from '@pgsr/planner'
import { isOfCluster } from '@pgsr/planner/internal'
import type { PolicyRole, SecretReference } from '../policy.ts'
import type { Problems } from '../text/problems.ts'
import { type ObjectValue, type Place, type Value, valueAt } from '../text/tree.ts'
import { accessIn } from './access.ts'
import { grantsIn, membershipsIn, ownershipsIn, type PlacedMembership } from './grants.ts'
import { databaseProblem, noDatabases } from './known-database.ts'
import { type Placed, placedAt } from './placed.ts'
import type { Profiles } from './profiles.ts'
import type { Room } from './room.ts'
import { flagAt, objectAt, objectOf, textAt, textsAt, valuesOf } from './values.ts'

/** A role of a policy, and where each part of it is. */
export interface BuiltRole {
  readonly role: PolicyRole
  /** The place of its name. */
  readonly place: Place
  readonly object: ObjectValue
  readonly grants: readonly Placed[]
  readonly in: ReadonlyMap<string, readonly Placed[]>
  readonly members: readonly PlacedMembership[]
  readonly password: SecretReference | undefined
}

/** What a role is built with. */
export interface RoleContext {
  readonly profiles: Profiles
  readonly databases: readonly string[] | undefined
  readonly problems: Problems
  readonly room: Room
}

const settingValue = (value: Value): SettingValue => {
  switch (value.kind) {
    case 'number':
      return value.number
    case 'flag':
      return value.flag
    case 'list':
      return value.items.flatMap((one) => (one.kind === 'text' ? [one.text] : []))
    default:
      return value.kind === 'text' ? value.text : ''
  }
}

const settingsIn = (value: Value | undefined): Settings =>
  Object.fromEntries(
    [...(objectOf(value)?.entries ?? [])].map(([setting, entry]) => [setting, settingValue(entry.value)]),
  )

const referenceIn = (object: ObjectValue | undefined): SecretReference | undefined => {
  const env = object && textAt(object, 'env')
  const file = object && textAt(object, 'file')
  if (env !== undefined) return { env }
  return file === undefined ? undefined : { file }
}

const inUtc = (text: string): string => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)

/** The grant of LOGIN, and where its password is. */
const loginIn = (
  value: Value | undefined,
): { readonly grants: readonly Placed[]; readonly password: SecretReference | undefined } => {
  if (value === undefined) return { grants: [], password: undefined }
  const object = objectOf(value)
  const initial = referenceIn(objectAt(object, 'initialPassword'))
  const password = referenceIn(objectAt(object, 'password')) ?? initial
  const validUntil = object && textAt(object, 'validUntil')
  const grant: Grant = {
    kind: 'attribute',
    attribute: 'LOGIN',
    validUntil: validUntil === undefined ? 'infinity' : inUtc(validUntil),
    password: password === undefined ? 'keep' : 'set',
    ...(initial !== undefined && { initial: true }),
    ...(object !== undefined && object.entries.has('hashedBy') && { hashedBy: 'server' }),
  }
  return { grants: placedAt(value, [grant]), password }
}

const attributesIn = (value: Value | undefined): readonly Placed[] =>
  valuesOf(value).flatMap((one) =>
    one.kind === 'text'
      ? placedAt(one, [Grant.attribute(one.text as Exclude<GrantableAttribute, 'LOGIN'>)])
      : [],
  )

/** What can be in each database: profiles, ownerships and other grants. */
const grantsInDatabase = (
  object: ObjectValue,
  { profiles, problems, room }: RoleContext,
): readonly Placed[] => [
  ...ownershipsIn(valueAt(object, 'owns'), room),
  ...accessIn(valueAt(object, 'access'), profiles, problems, room),
  ...grantsIn(valueAt(object, 'grants'), false, room),
]

/** The fields of a desired role other than its grants. */
const fieldsIn = (object: ObjectValue, members: readonly PlacedMembership[]): Partial<DesiredRole> => {
  const external = flagAt(object, 'external')
  const inherit = flagAt(object, 'inherit')
  const comment = valueAt(object, 'comment')
  const limit = valueAt(object, 'connectionLimit')
  const ofDatabases = [...(objectAt(object, 'in')?.entries ?? [])].flatMap(([database, { value }]) => {
    const settings = objectAt(objectOf(value), 'settings')
    return settings === undefined ? [] : [[database, settingsIn(settings)] as const]
  })
  return {
    ...(external !== undefined && { external }),
    ...(inherit !== undefined && { inherit }),
    ...(comment !== undefined && { comment: comment.kind === 'text' ? comment.text : null }),
    ...(limit?.kind === 'number' && { connectionLimit: limit.number }),
    ...(object.entries.has('settings') && { settings: settingsIn(valueAt(object, 'settings')) }),
    ...(ofDatabases.length > 0 && { settingsIn: Object.fromEntries(ofDatabases) }),
    ...(object.entries.has('members') && {
      members: members.map(({ role, options }) =>
        Object.keys(options).length === 0 ? role : { role, ...options },
      ),
    }),
    ...(object.entries.has('preserveIn') && {
      preserveExistingGrantsInSchemas: textsAt(object, 'preserveIn'),
    }),
  }
}

/** What is asked for in single databases. */
const inDatabases = (object: ObjectValue, context: RoleContext): ReadonlyMap<string, readonly Placed[]> => {
  const { databases, problems } = context
  const all = new Map<string, readonly Placed[]>()
  for (const [database, { key, value }] of objectAt(object, 'in')?.entries ?? []) {
    const grants = value.kind === 'object' ? grantsInDatabase(value, context) : []
    if (grants.length === 0) continue
    const problem = databases === undefined ? noDatabases : databaseProblem(database, databases)
    if (problem !== undefined) problems.add(key, problem)
    for (const { grant, place } of grants)
      if (isOfCluster(grant))
        problems.add(place, 'this belongs to the whole cluster, and not to one database; move it out of in')
    all.set(
      database,
      grants.filter(({ grant }) => !isOfCluster(grant)),
    )
  }
  return all
}

/** Builds a desired role of what a policy says of it. */
export const roleFrom = (
  name: string,
  place: Place,
  object: ObjectValue,
  context: RoleContext,
): BuiltRole => {
  const { grants: login, password } = loginIn(valueAt(object, 'login'))
  const members = membershipsIn(valueAt(object, 'members'))
  const inEach = inDatabases(object, context)
  const [first] = inEach.values()
  const isOnlyOne = context.databases?.length === 1
  const grants: readonly Placed[] = [
    ...login,
    ...attributesIn(valueAt(object, 'attributes')),
    ...membershipsIn(valueAt(object, 'memberOf')).flatMap(({ role, options, place: where }) =>
      placedAt(where, [Grant.roleMembership(role, options)]),
    ),
    ...grantsInDatabase(object, context),
    ...(isOnlyOne ? (first ?? []) : []),
  ]
  const more = isOnlyOne ? new Map<string, readonly Placed[]>() : inEach
  return {
    role: {
      role: name,
      grants: grants.map(({ grant }) => grant),
      ...fieldsIn(object, members),
      ...(more.size > 0 && {
        in: Object.fromEntries([...more].map(([database, all]) => [database, all.map(({ grant }) => grant)])),
      }),
    },
    place,
    object,
    grants,
    in: more,
    members,
    password,
  }
}
