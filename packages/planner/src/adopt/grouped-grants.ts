import { access, type AccessOptions } from '../model/access-level.ts'
import type { Grant } from '../model/grant.ts'
import { isNamed } from '../model/target.ts'
import { type LevelName, levelNames } from './access-levels.ts'
import { grantCode } from './grant-code.ts'
import { flatMap } from '../util/collections.ts'

/** Grants as a person would write them: an access level, or a single grant. */
export type GroupedGrant =
  | {
      readonly kind: 'level'
      readonly level: LevelName | 'owner'
      readonly schema: string
      readonly options: AccessOptions
    }
  | { readonly kind: 'grant'; readonly grant: Grant }

interface Group {
  readonly grouped: GroupedGrant
  /** How many grants it is. */
  readonly count: number
}

/** Whether a list goes on, from a place, with some grants. Those that are written the same are the same. */
const goesOn = (codes: readonly string[], start: number, grants: readonly Grant[]): boolean =>
  grants.every((grant, index) => codes[start + index] === grantCode(grant))

const schemaOfFirst = (grant: Grant): string | undefined =>
  (grant.kind === 'privilege' || grant.kind === 'ownership') &&
  isNamed(grant.object) &&
  grant.object.kind === 'schema'
    ? grant.object.name[0]
    : undefined

/** The ways in which a level may extend to what others will create, the widest first. */
const futures = (grants: readonly Grant[], schema: string): readonly (readonly string[])[] => {
  const owners = [
    ...new Set(
      flatMap(grants, (grant) =>
        grant.kind === 'default privilege' && grant.schema === schema ? [grant.owner] : [],
      ),
    ),
  ]
  return [...owners.map((_, index) => owners.slice(0, owners.length - index)), []]
}

/** The access level that a list of grants goes on with, from a place. */
const levelAt = (grants: readonly Grant[], codes: readonly string[], start: number): Group | undefined => {
  const first = grants[start]!
  const schema = schemaOfFirst(first)
  if (schema === undefined) return undefined
  if (first.kind === 'ownership') {
    const owned = access.owner(schema)
    return goesOn(codes, start, owned)
      ? { grouped: { kind: 'level', level: 'owner', schema, options: {} }, count: owned.length }
      : undefined
  }
  const direct = first.kind === 'privilege' && first.direct
  for (const level of levelNames)
    for (const owners of futures(grants.slice(start), schema)) {
      const future = owners.length < 2 ? owners[0] : owners
      const options: AccessOptions = { ...(future !== undefined && { future }), ...(!direct && { direct }) }
      const given = access[level](schema, options)
      if (goesOn(codes, start, given))
        return { grouped: { kind: 'level', level, schema, options }, count: given.length }
    }
  return undefined
}

/** The access levels in a list of grants, and its other grants, in their order. */
export const groupedGrants = (grants: readonly Grant[]): readonly GroupedGrant[] => {
  const codes = grants.map(grantCode)
  const groups: GroupedGrant[] = []
  for (let index = 0; index < grants.length;) {
    const level = levelAt(grants, codes, index)
    groups.push(level?.grouped ?? { kind: 'grant', grant: grants[index]! })
    index += level?.count ?? 1
  }
  return groups
}
