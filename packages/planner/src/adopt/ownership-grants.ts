import type { Catalog } from '../catalog/catalog.ts'
import { type CatalogObject, ownerIsManaged } from '../catalog/catalog-object.ts'
import { access } from '../model/access-level.ts'
import { Grant, type OwnershipGrant } from '../model/grant.ts'
import { type Managed, managesObject } from '../model/managed.ts'
import { isAll } from '../model/target.ts'
import type { KindInSchema, ObjectName, OwnableKind } from '../postgres/object-kind.ts'
import { append, flatMap } from '../util/collections.ts'
import { type Contents, placeKey, placeOf } from './contents.ts'

/** The objects that some roles own, and that need a grant: what follows a table does not. */
export const ownedBy = (
  catalog: Catalog,
  roles: ReadonlySet<string>,
  managed: Managed,
): ReadonlyMap<string, readonly CatalogObject[]> => {
  const owned = new Map<string, CatalogObject[]>()
  for (const object of catalog.objects.values())
    if (roles.has(object.owner) && ownerIsManaged(object) && managesObject(managed, object))
      append(owned, object.owner, object)
  return owned
}

const ownership = ({ kind, name }: ObjectName): OwnershipGrant =>
  Grant.ownership({ kind: kind as OwnableKind, name })

/**
 * The grants of what a role owns: of all of a kind in a schema where nobody else owns one, apart from what belongs to an
 * extension, and of everything in a schema that is its own.
 */
export const ownershipGrants = (
  role: string,
  owned: readonly CatalogObject[],
  contents: Contents,
  described: ReadonlySet<string>,
): readonly (readonly OwnershipGrant[])[] => {
  const ownsAll = (kind: KindInSchema, schema: string): boolean =>
    contents
      .of(kind, schema)
      ?.every(({ owner, part }) => owner === role || (part === true && !described.has(owner))) === true
  const whole = new Set<string>()
  const levels: OwnershipGrant[][] = []
  for (const { kind, name } of owned) {
    if (kind !== 'schema') continue
    const schema = name[0]!
    const grants = flatMap(access.owner(schema), (grant) => (grant.kind === 'ownership' ? [grant] : []))
    const kinds = flatMap(grants, ({ object }) => (isAll(object) ? [object.kind] : []))
    const hasContents = owned.some((object) => placeOf(object)?.schema === schema)
    if (!hasContents || !kinds.every((one) => ownsAll(one, schema))) continue
    whole.add(schema)
    levels.push(grants)
  }
  const said = new Set<string>()
  const rest = flatMap(owned, (object): readonly OwnershipGrant[] => {
    const place = placeOf(object)
    if (whole.has(place?.schema ?? (object.kind === 'schema' ? object.name[0]! : ''))) return []
    if (place === undefined || !ownsAll(place.kind, place.schema)) return [ownership(object)]
    const key = placeKey(place.kind, place.schema)
    if (said.has(key)) return []
    said.add(key)
    return [{ kind: 'ownership', object: place }]
  })
  return [...levels, rest]
}
