import { access, type Grant, type GrantableKind, type Privilege } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import type { Problems } from '../text/problems.ts'
import type { ObjectValue, Value } from '../text/tree.ts'
import { valueAt } from '../text/tree.ts'
import { type Placed, placedAt } from './placed.ts'
import type { Profile, Profiles } from './profiles.ts'
import type { Room } from './room.ts'
import { targetsIn } from './targets.ts'
import { flagAt, textAt, textsAt, textsOf, valuesOf } from './values.ts'

/** The parts of a profile that an access can limit to some objects. */
const limits = [
  { part: 'tables', kind: 'table' },
  { part: 'sequences', kind: 'sequence' },
] as const

const limitedGrants = (
  kind: GrantableKind,
  privileges: readonly Privilege[],
  schema: string,
  value: Value | undefined,
  direct: boolean,
): readonly Placed[] =>
  privileges.length === 0
    ? []
    : targetsIn(kind, [schema], value).map(({ target, place }) => ({
        grant: { kind: 'privilege', privileges, object: target, direct, grantable: false } as Grant,
        place,
      }))

/** Says what an access limits to some objects, although its profile gives nothing on objects of the kind. */
const checkLimits = (
  name: string,
  { privileges }: Profile,
  object: ObjectValue | undefined,
  problems: Problems,
): void => {
  // What is wrong with a profile may be why it gives nothing.
  if (problems.isAbout('profiles')) return
  for (const { part } of limits) {
    const key = object?.entries.get(part)?.key
    if (key !== undefined && (privileges[part] ?? []).length === 0)
      problems.add(
        key,
        `the profile ${describeName(name)} has no privileges on ${part}, so this gives nothing; leave it out, or give the profile some`,
      )
  }
}

const accessOf = (
  schema: string,
  value: Value,
  profiles: Profiles,
  problems: Problems,
  room: Room,
): readonly Placed[] => {
  const object: ObjectValue | undefined = value.kind === 'object' ? value : undefined
  const name = object === undefined ? textsOf(value)[0] : textAt(object, 'profile')
  if (name === undefined) return []
  const profile = profiles.find(name, (object && valueAt(object, 'profile')) ?? value)
  if (profile === undefined) return []
  checkLimits(name, profile, object, problems)
  const future = [...new Set([...profile.future, ...(object ? textsAt(object, 'future') : [])])]
  const direct = (object && flagAt(object, 'direct')) ?? true
  const limited = limits.filter(({ part }) => object?.entries.has(part))
  // Nobody can say of which tables to be a pattern speaks: future ones are left out with the others.
  const rest = Object.fromEntries(
    Object.entries(profile.privileges).filter(([part]) => !limited.some((one) => one.part === part)),
  )
  const level = access.level({ schema: [], ...rest })
  const grants = [
    ...placedAt(value, level(schema, { direct, ...(future.length > 0 && { future }) })),
    ...limited.flatMap(({ part, kind }) =>
      limitedGrants(kind, profile.privileges[part] ?? [], schema, object && valueAt(object, part), direct),
    ),
  ]
  room.take(grants.length, value)
  return grants
}

/** The grants of profiles by schema. */
export const accessIn = (
  value: Value | undefined,
  profiles: Profiles,
  problems: Problems,
  room: Room,
): readonly Placed[] =>
  value?.kind !== 'object'
    ? []
    : [...value.entries].flatMap(([schema, entry]) =>
        valuesOf(entry.value).flatMap((one) => accessOf(schema, one, profiles, problems, room)),
      )
