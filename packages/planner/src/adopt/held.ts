import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import { describeName, describeObject } from '../model/describe.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { type Managed, managesObject } from '../model/managed.ts'
import { type AclEntry, heldBy } from '../postgres/acl.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { getOrMake } from '../util/collections.ts'
import type { Unsaid } from './described.ts'

/** A privilege that a role has on an object: itself, or by an intermediate role. */
export interface Held {
  readonly object: CatalogObject
  readonly privilege: Privilege
  readonly direct: boolean
  readonly grantable: boolean
}

/** What the roles hold. */
export interface Holdings {
  readonly byRole: ReadonlyMap<string, readonly Held[]>
  readonly unsaid: readonly Unsaid[]
}

/**
 * A privilege that somebody other than the owner granted. An owner has what it grants itself, and a sync leaves it what others
 * have granted it.
 */
const byAnother = (object: CatalogObject, { grantee, grantor, privileges }: AclEntry): readonly Unsaid[] => {
  const isOwner = grantee === object.owner
  const its = [...privileges.keys()].filter(
    (privilege) => !isOwner || heldBy(object.acl, { privilege, grantee, grantor: grantee }) === undefined,
  )
  if (its.length === 0) return []
  const granted = `role ${describeName(grantor)} granted ${its.join(', ')} on ${describeObject(object)} to role ${describeName(grantee)}`
  return [
    {
      role: grantee,
      reason: 'another grantor',
      message: isOwner
        ? `${granted}, the owner, which has revoked it from itself; no grant asks for that`
        : `${granted}; a sync would let the owner grant it`,
    },
  ]
}

/** What some roles hold on objects: of ACL items, and of the intermediate roles that they are members of. */
export const holdingsOf = (
  catalog: Catalog,
  intermediateRoles: IntermediateRoles,
  roles: ReadonlySet<string>,
  managed: Managed,
): Holdings => {
  const found = new Map<string, Map<string, Held>>()
  const unsaid: Unsaid[] = []
  const add = (role: string, held: Held): void => {
    const its = getOrMake(found, role, () => new Map<string, Held>())
    const key = `${held.direct}\0${held.privilege}\0${held.object.key}`
    const other = its.get(key)
    its.set(key, other?.grantable === true ? other : held)
  }
  for (const object of catalog.objects.values()) {
    if (!managesObject(managed, object)) continue
    for (const { grantee, grantor, privileges } of object.acl.values()) {
      if (!roles.has(grantee)) continue
      for (const [privilege, grantable] of privileges)
        add(grantee, { object, privilege, direct: true, grantable })
      if (grantor !== object.owner) unsaid.push(...byAnother(object, { grantee, grantor, privileges }))
    }
  }
  for (const role of roles)
    for (const { role: of, inherit } of catalog.memberships.ofMember(role)) {
      const provided = inherit && isIntermediateName(of) ? intermediateRoles.provided(of) : undefined
      if (provided !== undefined && managesObject(managed, provided.object))
        add(role, { ...provided, direct: false, grantable: false })
    }
  return { byRole: new Map([...found].map(([role, its]) => [role, [...its.values()]])), unsaid }
}
