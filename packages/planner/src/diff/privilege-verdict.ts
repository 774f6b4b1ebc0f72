import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { tableOf } from '../catalog/column.ts'
import type { AclEntry } from '../postgres/acl.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { entitlement, type Goal, isPreserved, privilegeKey } from '../resolve/target-state.ts'
import type { PrivilegeVerdict } from './revoked.ts'

/**
 * Judges a privilege that a desired role, or PUBLIC where it is named, holds on an object it does not own. The privileges of an owner on
 * its own object are left alone: it could grant them back to itself, and foreign-key checks need them.
 */
export const privilegeVerdict = (
  goal: Goal,
  object: CatalogObject,
  { grantee, grantor, privileges }: AclEntry,
  privilege: Privilege,
): PrivilegeVerdict => {
  if (grantee === object.owner || isPreserved(goal, grantee, object)) return 'keep'
  if (grantee === everybody && !goal.publicObjects.has(object.key)) return 'keep'
  const entitled = entitlement(goal, object, privilege, grantee)
  if (entitled === undefined || grantor !== object.owner) return 'revoke'
  return privileges.get(privilege) === true && !entitled.grantable ? 'strip grant option' : 'keep'
}

/** Whether a desired role may remain a grantor of a privilege on an object that it does not own. */
export const mayHaveGranted = (
  goal: Goal,
  catalog: Catalog,
  object: CatalogObject,
  privilege: Privilege,
  grantor: string,
): boolean =>
  isPreserved(goal, grantor, object) ||
  [object, ...tableOf(catalog, object)].some(
    (one) =>
      entitlement(goal, one, privilege, grantor)?.grantable === true ||
      goal.optionsNotGiven.has(privilegeKey(one.key, privilege, grantor)),
  )
