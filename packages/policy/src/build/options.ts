import { type ManagesOption, type PlanOptions, type PublicGrant, Target } from '@pgsr/planner'
import type { Problems } from '../text/problems.ts'
import { type ObjectValue, type Place, valueAt } from '../text/tree.ts'
import { grantsIn } from './grants.ts'
import { noDatabases } from './known-database.ts'
import type { Placed } from './placed.ts'
import type { Room } from './room.ts'
import { flagAt, objectAt, textAt, textsAt, textsOf } from './values.ts'

/** The options of a policy, and where each grant to PUBLIC is. */
export interface BuiltOptions {
  readonly options: PlanOptions
  readonly public: readonly Placed<PublicGrant>[]
}

const managesIn = (object: ObjectValue | undefined): ManagesOption | undefined => {
  if (object === undefined) return undefined
  const cluster = flagAt(object, 'cluster')
  return {
    ...(object.entries.has('schemas') && { schemas: textsAt(object, 'schemas') }),
    ...(cluster !== undefined && { cluster }),
  }
}

const exactly = (object: PublicGrant, place: Place): Placed<PublicGrant> => ({ grant: object, place })

const isPublic = (placed: Placed): placed is Placed<PublicGrant> =>
  placed.grant.kind === 'privilege' || placed.grant.kind === 'default privilege'

const publicIn = (
  object: ObjectValue | undefined,
  databases: readonly string[] | undefined,
  problems: Problems,
  room: Room,
): readonly Placed<PublicGrant>[] => {
  if (object === undefined) return []
  const onDatabase = object.entries.get('database')
  if (onDatabase !== undefined && databases === undefined) problems.add(onDatabase.key, noDatabases)
  const common = { kind: 'privilege', direct: true, grantable: false } as const
  const databaseGrants =
    onDatabase === undefined
      ? []
      : (databases ?? []).map((database) =>
          exactly(
            {
              ...common,
              object: Target.database(database),
              privileges: textsOf(onDatabase.value) as PublicGrant['privileges'],
            },
            onDatabase.key,
          ),
        )
  const onSchemas = [...(objectAt(object, 'schemas')?.entries ?? [])].map(([schema, { key, value }]) =>
    exactly(
      { ...common, object: Target.schema(schema), privileges: textsOf(value) as PublicGrant['privileges'] },
      key,
    ),
  )
  const others = grantsIn(valueAt(object, 'grants'), true, room)
    .filter(isPublic)
    .map(({ grant, place }) => ({
      grant: grant.kind === 'privilege' ? { ...grant, direct: true } : grant,
      place,
    }))
  return [...databaseGrants, ...onSchemas, ...others]
}

/** Builds the options of a policy. */
export const optionsFrom = (
  policy: ObjectValue,
  databases: readonly string[] | undefined,
  problems: Problems,
  room: Room,
): BuiltOptions => {
  const toPublic = publicIn(objectAt(policy, 'public'), databases, problems, room)
  const allow = textsAt(policy, 'allow')
  const manages = managesIn(objectAt(policy, 'manages'))
  const mode = textAt(policy, 'mode')
  const reassignOwnedTo = textAt(policy, 'reassignOwnedTo')
  const createRoles = flagAt(policy, 'createRoles')
  const keepDependents = flagAt(policy, 'keepDependents')
  return {
    options: {
      ...((mode === 'exact' || mode === 'additive') && { mode }),
      ...(manages !== undefined && { manages }),
      ...(createRoles !== undefined && { createRoles }),
      ...(reassignOwnedTo !== undefined && { reassignOwnedTo }),
      ...(keepDependents !== undefined && { keepDependents }),
      ...(allow.includes('self') && { allowSelf: true }),
      ...(allow.includes('superusers') && { allowSuperuser: true }),
      ...(toPublic.length > 0 && { public: toPublic.map(({ grant }) => grant) }),
    },
    public: toPublic,
  }
}
