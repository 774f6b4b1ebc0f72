import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { CreateSchema, Reason, SetOwner } from '../model/operation.ts'
import { objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import { flatMap, inKeyOrder, sortedBy } from '../util/collections.ts'
import { futureOwner, losesOwnership, type Ownerships } from './future-owner.ts'
import { notAskedFor } from './target-state.ts'

/** An object that gets another owner. */
export interface OwnerChange {
  readonly object: ObjectName
  /** The object as it is; `undefined` for a schema that is to be created. */
  readonly existing: CatalogObject | undefined
  readonly owner: string
  readonly reason: Reason
}

/** Which objects a step is about: schemas get their owners before their contents do. */
export type Part = 'schemas' | 'contents'

const isIn = ({ kind }: ObjectName, part: Part): boolean => (kind === 'schema') === (part === 'schemas')

/** A sort key. Objects of the cluster go last: the acting role may have its rights because it owns the database. */
const sharedLast = ({ kind, key }: CatalogObject): string => `${objectKinds[kind].shared ? 1 : 0}${key}`

/**
 * The objects that desired roles own although no grant asks for it. Some stay with them all the same. Only roles that
 * own something have caretakers.
 */
export function* lostObjects(catalog: Catalog, ownerships: Ownerships): Iterable<CatalogObject> {
  if (ownerships.caretakers.size === 0) return
  for (const object of catalog.objects.values())
    if (losesOwnership(ownerships, object) && !ownerships.owners.has(object.key)) yield object
}

/** The changes of owner: first those that grants ask for, then those of objects that desired roles lose. */
export const ownerChanges = (
  catalog: Catalog,
  ownerships: Ownerships,
  part: Part,
): readonly OwnerChange[] => {
  const gained = flatMap(inKeyOrder(ownerships.owners), ({ object, role, reason }): OwnerChange[] => {
    const existing = catalog.object(object)
    return isIn(object, part) && existing?.owner !== role ? [{ object, existing, owner: role, reason }] : []
  })
  const lost = [...lostObjects(catalog, ownerships)].filter((object) => isIn(object, part))
  return [
    ...gained,
    ...flatMap(sortedBy(lost, sharedLast), (existing): OwnerChange[] => {
      const { kind, name, key } = existing
      const owner = futureOwner(catalog, ownerships, key)!
      if (owner === existing.owner) return []
      return [{ object: { kind, name }, existing, owner, reason: notAskedFor(existing.owner) }]
    }),
  ]
}

/**
 * The operation that makes a change.
 * @param as the role that it runs as
 */
export const ownerOperation = (
  { object, existing, owner, reason }: OwnerChange,
  as: string,
): CreateSchema | SetOwner =>
  existing === undefined
    ? { kind: 'createSchema', schema: object.name[0]!, as, owner, reason }
    : { kind: 'setOwner', object, as, owner, reason }
