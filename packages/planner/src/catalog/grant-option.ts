import type { Privilege } from '../postgres/privilege.ts'
import type { Catalog, CatalogObject } from './catalog.ts'
import { tableOf } from './column.ts'

/** Whether a role may grant a privilege that is not the owner’s to grant: on a column also by the table. */
export const holdsOption = (
  catalog: Catalog,
  object: CatalogObject,
  privilege: Privilege,
  role: string,
): boolean =>
  [object, ...tableOf(catalog, object)].some((one) => one.acl.holders(privilege).get(role) === true)
