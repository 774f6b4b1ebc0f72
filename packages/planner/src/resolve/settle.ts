import { Access } from '../access/access.ts'
import { applyOperation } from '../catalog/apply-operation.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { isContainer } from '../postgres/object-kind.ts'
import { futureOwner, isCaretaker, type Ownerships } from './future-owner.ts'
import { lostObjects, ownerChanges, ownerOperation, type Part } from './owner-changes.ts'

/** The roles to be created that may own something: desired roles, and caretakers. */
const newRoles = (catalog: Catalog, ownerships: Ownerships): ReadonlySet<string> => {
  const missing = new Set<string>()
  const add = (role: string): void => {
    if (!catalog.roles.has(role)) missing.add(role)
  }
  ownerships.desired.forEach(add)
  for (const { key } of lostObjects(catalog, ownerships)) {
    const owner = futureOwner(catalog, ownerships, key)!
    if (isCaretaker(ownerships, owner)) add(owner)
  }
  return missing
}

/** The catalog after some changes of owner; the same catalog if there are none. */
export const settled = (catalog: Catalog, ownerships: Ownerships, part: Part): Catalog => {
  const changes = ownerChanges(catalog, ownerships, part)
  if (changes.length === 0) return catalog
  const fork = catalog.fork()
  const { actingRole } = catalog.server
  if (ownerships.access.now.roles.mayCreateRoles)
    for (const role of newRoles(fork, ownerships))
      applyOperation(fork, { kind: 'createRole', role, as: actingRole, reason: { role, grant: null } })
  for (const change of changes) applyOperation(fork, ownerOperation(change, actingRole))
  return fork
}

/**
 * What the acting role may do in a catalog in which owners have changed, and so the holders of their privileges.
 * @param before the catalog before the changes
 * @param newOwners further roles that may become owners
 */
export const accessIn = (now: Catalog, before: Catalog, newOwners: Iterable<string>): Access => {
  // It acts as owners, as other grantors, and as roles with privileges on schemas and databases.
  const principals = new Set<string>(newOwners)
  for (const { objects } of new Set([before, now]))
    for (const { kind, owner, acl } of objects.values()) {
      principals.add(owner)
      for (const { grantor, grantee } of acl.values()) {
        principals.add(grantor)
        if (isContainer({ kind })) principals.add(grantee)
      }
    }
  return new Access(now, { principals })
}
