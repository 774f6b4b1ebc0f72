import type { ObjectName } from '../postgres/object-kind.ts'
import type { Catalog, CatalogObject } from './catalog.ts'

/** The table of a column, if it is one. */
export const tableOf = (
  catalog: Catalog,
  { kind, follows }: Pick<ObjectName, 'kind'> & Partial<Pick<CatalogObject, 'follows'>>,
): readonly CatalogObject[] => {
  const table = kind === 'column' && follows !== undefined ? catalog.object(follows) : undefined
  return table === undefined ? [] : [table]
}

/** The columns of a table that are in the catalog: those that have an ACL. */
export const columnsOf = (catalog: Catalog, object: ObjectName): readonly CatalogObject[] =>
  object.kind === 'table' ? catalog.followersOf(object).filter(({ kind }) => kind === 'column') : []
