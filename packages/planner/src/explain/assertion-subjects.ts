import { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { type Assertion, isAbout } from '../model/assertion.ts'
import { describeObject } from '../model/describe.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { isAll, isNamed, type Pattern, type Target } from '../model/target.ts'
import { type GrantableKind, objectKey, type ObjectName, plural } from '../postgres/object-kind.ts'
import { type Found, Targets } from '../resolve/match-objects.ts'
import { type AccessWorld, isReadInPart, spelled } from './explain.ts'
import { defined, flatMap } from '../util/collections.ts'

/** What an assertion is about: objects, and those of which it cannot be known whether they are. */
export interface Subjects {
  readonly objects: readonly CatalogObject[]
  readonly unknown: readonly { readonly object: ObjectName; readonly why: string }[]
}

/** The columns that a target is about, whether or not they exist. */
const columnsNamed = (catalog: Catalog, on: Target<GrantableKind>): readonly ObjectName[] => {
  if (on.kind !== 'column' || isAll(on)) return []
  const [tables, columns] = isNamed(on)
    ? [[on.name.slice(0, 2)], on.name.slice(2)]
    : [tablesMatching(catalog, on), on.columns ?? []]
  return flatMap(tables, (table) =>
    columns.map((column): ObjectName => ({ kind: 'column', name: [...table, column] })),
  )
}

const tablesMatching = (
  catalog: Catalog,
  { schema, pattern }: { readonly schema: string; readonly pattern: Pattern },
): readonly (readonly string[])[] => {
  const tables = new Targets(catalog, new Map()).objectsOf({ kind: 'table', schema, pattern })
  return isFound(tables) ? tables.map(({ object }) => object.name) : []
}

const isFound = (found: ReturnType<Targets['objectsOf']>): found is readonly Found[] => Array.isArray(found)

/**
 * What has to be read by its name, besides all objects, to check some assertions.
 * @param snapshot read for all roles and objects
 */
export const besidesFor = (
  snapshot: Snapshot,
  assertions: readonly Assertion[],
): readonly ObjectName<GrantableKind>[] => {
  const catalog = new Catalog(snapshot)
  const named = flatMap(assertions, (assertion): readonly ObjectName[] => {
    if ('public' in assertion || !isAbout(assertion, catalog.server.database)) return []
    const { on } = assertion
    if (on.kind === 'column') return columnsNamed(catalog, on)
    return isNamed(on) && catalog.object(spelled(on)) === undefined ? [spelled(on)] : []
  })
  return [...new Map(named.map((one) => [objectKey(one), one as ObjectName<GrantableKind>])).values()]
}

/**
 * A column, as far as it can be known that there is one.
 * @returns a text that says why it cannot be known; `undefined` if there is none
 */
const columnOf = (world: AccessWorld, column: ObjectName): CatalogObject | string | undefined => {
  const { catalog } = world
  const found = catalog.object(column)
  if (found !== undefined) return found
  // A snapshot that was made by hand has no columns but those that have an ACL.
  if (catalog.scope === undefined) return world.object(column)
  const isAsked = catalog.scope.access?.besides?.some((one) => objectKey(one) === objectKey(column)) === true
  return isAsked ? undefined : `${describeObject(column)} was not read`
}

const columnSubjects = (world: AccessWorld, on: Target<GrantableKind>): Subjects => {
  const found = columnsNamed(world.catalog, on).map((object) => ({ object, is: columnOf(world, object) }))
  if (isNamed(on))
    for (const { object, is } of found)
      if (is === undefined)
        throw new InvalidGrantError({ field: 'on', message: `${describeObject(object)} does not exist` })
  return {
    objects: flatMap(found, ({ is }) => (typeof is === 'object' ? [is] : [])),
    unknown: flatMap(found, ({ object, is }) => (typeof is === 'string' ? [{ object, why: is }] : [])),
  }
}

/**
 * The objects that an assertion is about.
 * @throws InvalidGrantError if a schema, an object or a column is named that does not exist
 */
export const subjectsOf = (world: AccessWorld, on: Target<GrantableKind>): Subjects => {
  const { catalog } = world
  if (isNamed(on) && on.kind !== 'column') {
    const object = world.object(spelled(on))
    return object === undefined
      ? { objects: [], unknown: [{ object: on, why: `${describeObject(on)} was not read` }] }
      : { objects: [object], unknown: [] }
  }
  const schema: ObjectName = { kind: 'schema', name: [isNamed(on) ? on.name[0]! : on.schema] }
  world.object(schema)
  if (!isNamed(on) && catalog.scope !== undefined && isReadInPart(on.schema))
    return {
      objects: [],
      unknown: [
        {
          object: schema,
          why: `${describeObject(schema)} is read only in part; name the ${plural(on.kind)}`,
        },
      ],
    }
  if (on.kind === 'column') return columnSubjects(world, on)
  const found = new Targets(catalog, new Map()).objectsOf(on)
  return {
    objects: isFound(found) ? defined(found.map(({ object }) => catalog.object(object))) : [],
    unknown: [],
  }
}
