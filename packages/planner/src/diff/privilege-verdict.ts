import type { Catalog, CatalogObject } from '../catalog/catalog.ts'
import { tableOf } from '../catalog/column.ts'
import type { AclEntry } from '../postgres/acl.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { entitlement, type Goal, isPreserved } from '../resolve/target-state.ts'
import type { PrivilegeVerdict } from './revoked.ts'

/**
 * Judges what a desired role holds on an object it does not own. What an owner has on its own object is left alone:
 * it could grant it back to itself, and foreign-key checks run with it.
 */
export const privilegeVerdict = (
  goal: Goal,
  object: CatalogObject,
  { grantee, grantor, privileges }: AclEntry,
  privilege: Privilege,
): PrivilegeVerdict => {
  if (grantee === object.owner || isPreserved(goal, grantee, object)) return 'keep'
  const entitled = entitlement(goal, object, privilege, grantee)
  if (entitled === undefined || grantor !== object.owner) return 'revoke'
  return privileges.get(privilege) === true && !entitled.grantable ? 'strip grant option' : 'keep'
}

/** Whether a desired role that does not own an object may go on having granted a privilege on it. */
export const mayHaveGranted = (
  goal: Goal,
  catalog: Catalog,
  object: CatalogObject,
  privilege: Privilege,
  grantor: string,
): boolean =>
  isPreserved(goal, grantor, object) ||
  [object, ...tableOf(catalog, object)].some(
    (one) => entitlement(goal, one, privilege, grantor)?.grantable === true,
  )
