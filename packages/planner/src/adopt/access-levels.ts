import { access, type AccessOptions } from '../model/access-level.ts'
import type { DefaultPrivilegeGrant, Grant, PrivilegeGrant } from '../model/grant.ts'
import { isAll } from '../model/target.ts'
import type { Contents } from './contents.ts'
import { onlyObject } from './only-object.ts'
import { flatMap } from '../util/collections.ts'

/** The levels that are recognised, the one that gives most first. */
export const levelNames = ['readWrite', 'readOnly'] as const

export type LevelName = (typeof levelNames)[number]

/** An access level that a role has in a schema. */
export interface Level {
  readonly name: LevelName
  readonly schema: string
  readonly options: AccessOptions
  readonly grants: readonly Grant[]
}

type Divisible = PrivilegeGrant | DefaultPrivilegeGrant

const isDivisible = (grant: Grant): grant is Divisible =>
  grant.kind === 'privilege' || grant.kind === 'default privilege'

/** A grant as one text for each privilege that it asks for. */
const partsOf = (grant: Divisible): readonly string[] =>
  grant.privileges.map((privilege) => {
    if (grant.kind === 'privilege') {
      const { object, direct, grantable } = grant
      return JSON.stringify([object, direct, grantable, privilege])
    }
    const { owner, schema, on, grantable } = grant
    return JSON.stringify([owner, schema, on, grantable, privilege])
  })

const allParts = (grants: readonly Grant[]): ReadonlySet<string> =>
  new Set(flatMap(grants.filter(isDivisible), partsOf))

/** Whether some grants ask for everything that another asks for. */
const covers =
  (parts: ReadonlySet<string>) =>
  (grant: Grant): boolean =>
    isDivisible(grant) && partsOf(grant).every((part) => parts.has(part))

/** Grants without what some others ask for. */
const without = (grants: readonly Grant[], others: readonly Grant[]): readonly Grant[] => {
  const parts = allParts(others)
  return flatMap(grants, (grant): readonly Grant[] => {
    if (!isDivisible(grant)) return [grant]
    const own = partsOf(grant)
    const privileges = grant.privileges.filter((_, index) => !parts.has(own[index]!))
    return privileges.length === 0 ? [] : [{ ...grant, privileges }]
  })
}

/**
 * Finds a level in the grants of a role: they ask for everything that it gives. There have to be several tables, or default
 * privileges; of other kinds the schema may have nothing to ask for.
 */
const levelIn = (
  grants: readonly Grant[],
  name: LevelName,
  schema: string,
  direct: boolean,
  contents: Contents,
): Level | undefined => {
  const isThere = covers(allParts(grants))
  const hasLevel = access[name](schema, { direct }).every((grant) => {
    if (grant.kind !== 'privilege' || !isAll(grant.object)) return isThere(grant)
    const { object, privileges } = grant
    return object.kind === 'table'
      ? isThere(grant) && onlyObject(grants, contents, object, privileges) === undefined
      : isThere(grant) || contents.isEmpty(object)
  })
  if (!hasLevel) return undefined
  const owners = new Set(
    flatMap(grants, (grant) => (grant.kind === 'default privilege' ? [grant.owner] : [])),
  )
  const future = [...owners].filter((owner) =>
    access[name](schema, { direct, future: owner }).every(
      (grant) => grant.kind !== 'default privilege' || isThere(grant),
    ),
  )
  const options: AccessOptions = {
    ...(future.length > 0 && { future: future.length === 1 ? future[0]! : future }),
    ...(!direct && { direct }),
  }
  return { name, schema, options, grants: access[name](schema, options) }
}

const schemasIn = (grants: readonly Grant[]): readonly string[] => [
  ...new Set(
    flatMap(grants, (grant) =>
      grant.kind === 'privilege' && isAll(grant.object) ? [grant.object.schema] : [],
    ),
  ),
]

/** Finds the access levels in the grants of a role, and what it is granted besides. */
export const levelsIn = (
  grants: readonly Grant[],
  contents: Contents,
): { readonly levels: readonly Level[]; readonly rest: readonly Grant[] } => {
  const levels: Level[] = []
  let rest = grants
  for (const schema of schemasIn(grants))
    for (const direct of [true, false])
      for (const name of levelNames) {
        const level = levelIn(rest, name, schema, direct, contents)
        if (level === undefined) continue
        levels.push(level)
        rest = without(rest, level.grants)
      }
  return { levels, rest }
}
