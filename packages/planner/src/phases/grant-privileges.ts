import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { GrantPrivilege } from '../model/operation.ts'
import { heldBy } from '../postgres/acl.ts'
import { isContainer } from '../postgres/object-kind.ts'
import type { Goal, TargetPrivilege } from '../resolve/target-state.ts'
import { NewOptions } from '../resolve/new-options.ts'
import { lending } from '../temporary-rights/lend.ts'
import { inKeyOrder } from '../util/collections.ts'
import type { Phase } from './phase.ts'

/** Whether an object’s owner has granted a privilege already. */
const isGranted = (catalog: Catalog, { key, privilege, role, grantable }: TargetPrivilege): boolean => {
  const { owner, acl } = catalog.objects.get(key)!
  const held = heldBy(acl, { privilege, grantee: role, grantor: owner })
  return held === true || (held === false && !grantable)
}

/**
 * The operation that grants a privilege on an existing object.
 * @param newOptions those given with it, if it is one
 */
export const grantWanted = (
  catalog: Catalog,
  { access }: Goal,
  { object, key, privilege, role, grantable, reason }: TargetPrivilege,
  newOptions: NewOptions = new NewOptions(),
): GrantPrivilege => {
  const existing = catalog.objects.get(key)!
  return {
    kind: 'grantPrivilege',
    object,
    privilege,
    grantee: role,
    grantor: existing.owner,
    ...(grantable && { grantable }),
    as: access.overPrivileges.objects.runAs(existing, privilege, {
      statement: 'grant',
      ...(grantable && { newHolders: newOptions.before({ object, privilege }) }),
    }),
    reason,
  }
}

const grantWhere =
  (from: (object: Pick<CatalogObject, 'kind'>) => boolean): Phase =>
  (catalog, goal) => {
    const missing = new Map<string, TargetPrivilege>()
    for (const [key, one] of goal.privileges)
      if (from(one.object) && !isGranted(catalog, one)) missing.set(key, one)
    const all = inKeyOrder(missing)
    const options = all.filter(({ grantable }) => grantable)
    const newOptions = new NewOptions(options)
    return lending(
      catalog,
      goal.access.overPrivileges,
      [...all.filter(({ grantable }) => !grantable), ...options].map((one) =>
        grantWanted(catalog, goal, one, newOptions),
      ),
    )
  }

/**
 * Grants missing privileges to desired roles and to new intermediate roles. Schemas come first: a role that
 * gets USAGE for good need not be lent it.
 */
export const grantOnContainers: Phase = grantWhere(isContainer)

export const grantOnContents: Phase = grantWhere((object) => !isContainer(object))
