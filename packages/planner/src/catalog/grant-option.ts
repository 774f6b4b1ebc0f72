import type { Privilege } from '../postgres/privilege.ts'
import type { Catalog } from './catalog.ts'
import type { CatalogObject } from './catalog-object.ts'
import { tableOf } from './column.ts'

/** Whether a role that is not the owner has the grant option. On a column, the grant option on the table counts too. */
export const holdsOption = (
  catalog: Catalog,
  object: CatalogObject,
  privilege: Privilege,
  role: string,
): boolean =>
  [object, ...tableOf(catalog, object)].some((one) => one.acl.holders(privilege).get(role) === true)
