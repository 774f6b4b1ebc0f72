import type { PrivilegeGrant } from '../model/grant.ts'
import { type GrantableKind, type ObjectKind, objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { flatMap, getOrMake } from '../util/collections.ts'
import { type Contents, placeKey, placeOf } from './contents.ts'
import type { Held } from './held.ts'

type Target = PrivilegeGrant['object']

/** Privileges that a role has in the same way on one target. */
interface Group {
  readonly target: Target
  readonly direct: boolean
  readonly grantable: boolean
  readonly privileges: Set<Privilege>
}

const isGrantable = (kind: ObjectKind): kind is GrantableKind => objectKinds[kind].privileges.length > 0

const named = ({ kind, name }: ObjectName): Target => {
  if (!isGrantable(kind)) throw new TypeError(`there are no privileges on a ${kind}`)
  return { kind, name }
}

const inOrder = (kind: ObjectKind, privileges: ReadonlySet<Privilege>): readonly Privilege[] =>
  objectKinds[kind].privileges.filter((privilege) => privileges.has(privilege))

/** How a role has a privilege, whatever the object. */
const manner = ({ privilege, direct, grantable }: Omit<Held, 'object'>): string =>
  `${direct}\0${grantable}\0${privilege}`

/** An owner has what it has on its own object with any option. */
const mannersOf = (role: string, held: Held): readonly string[] =>
  held.object.owner === role && held.direct
    ? [manner({ ...held, grantable: true }), manner({ ...held, grantable: false })]
    : [manner(held)]

/** The privileges that a role has in the same manner on all objects of a kind in a schema, as keys. */
const heldOnAll = (role: string, all: readonly Held[], contents: Contents): ReadonlySet<string> => {
  const counts = new Map<string, { readonly of: number; count: number }>()
  for (const held of all) {
    const place = placeOf(held.object)
    const objects = place && contents.of(place.kind, place.schema)
    if (place === undefined || objects === undefined) continue
    for (const how of mannersOf(role, held))
      getOrMake(counts, `${placeKey(place.kind, place.schema)}\0${how}`, () => ({
        of: objects.length,
        count: 0,
      })).count++
  }
  return new Set(flatMap(counts, ([key, { of, count }]) => (of === count ? [key] : [])))
}

/** Columns of a table with the same privileges become one target. */
const withColumns = (groups: readonly Group[]): readonly Group[] => {
  const merged = new Map<string, Group>()
  for (const group of groups) {
    const { target, direct, grantable, privileges } = group
    if (target.kind !== 'column' || !('name' in target)) {
      merged.set(`${merged.size}`, group)
      continue
    }
    const [schema, table, ...columns] = target.name
    const key = JSON.stringify([schema, table, direct, grantable, inOrder('column', privileges)])
    const before = merged.get(key)?.target
    const others = before !== undefined && 'name' in before ? before.name : [schema!, table!]
    merged.set(key, { ...group, target: { kind: 'column', name: [...others, ...columns] } })
  }
  return [...merged.values()]
}

/** The grants that give a role what it holds. What an owner has on its own objects needs no grant. */
export const privilegeGrants = (
  role: string,
  all: readonly Held[],
  contents: Contents,
): readonly PrivilegeGrant[] => {
  const onAll = heldOnAll(role, all, contents)
  const groups = new Map<string, Group>()
  for (const held of all) {
    const { object, privilege, direct, grantable } = held
    if (object.owner === role) continue
    const place = placeOf(object)
    const isOnAll = place !== undefined && onAll.has(`${placeKey(place.kind, place.schema)}\0${manner(held)}`)
    const target: Target = isOnAll && isGrantable(place.kind) ? (place as Target) : named(object)
    const key = JSON.stringify([target, direct, grantable])
    getOrMake(groups, key, (): Group => ({
      target,
      direct,
      grantable,
      privileges: new Set(),
    })).privileges.add(privilege)
  }
  return withColumns([...groups.values()]).map(({ target, direct, grantable, privileges }) => ({
    kind: 'privilege',
    privileges: inOrder(target.kind, privileges),
    object: target,
    direct,
    grantable,
  }))
}
