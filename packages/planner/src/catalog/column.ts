import { objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Catalog } from './catalog.ts'
import type { CatalogObject } from './catalog-object.ts'

/** The table of a column, if it is one. */
export const tableOf = (
  catalog: Catalog,
  { kind, ownerFollows }: Pick<ObjectName, 'kind'> & Partial<Pick<CatalogObject, 'ownerFollows'>>,
): readonly CatalogObject[] => {
  const table = kind === 'column' && ownerFollows !== undefined ? catalog.object(ownerFollows) : undefined
  return table === undefined ? [] : [table]
}

/** The columns of a table that are in the catalog: those that have an ACL. */
export const columnsOf = (catalog: Catalog, object: ObjectName): readonly CatalogObject[] =>
  object.kind === 'table' ? catalog.followersOf(object).filter(({ kind }) => kind === 'column') : []

/** The columns of a table on which a role may have a privilege that it does not have on the table. */
export const columnsFor = (
  catalog: Catalog,
  object: ObjectName,
  privilege: Privilege,
): readonly CatalogObject[] =>
  objectKinds.column.privileges.includes(privilege) ? columnsOf(catalog, object) : []
