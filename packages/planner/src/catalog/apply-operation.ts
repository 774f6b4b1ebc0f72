import { isDelegateName } from '../model/managed-role.ts'
import type { Membership } from '../model/membership.ts'
import { isSamePolicy } from '../model/mentions.ts'
import { newRole } from '../model/new-role.ts'
import type { Operation } from '../model/operation.ts'
import type { Role } from '../model/snapshot.ts'
import { Acl, aclOf, copyOf, type ReadonlyAcl } from '../postgres/acl.ts'
import { attributes } from '../postgres/attribute.ts'
import { without } from '../postgres/membership-option.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import { type Privilege, type Privileges, withPrivilege } from '../postgres/privilege.ts'
import type { Catalog } from './catalog.ts'
import type { CatalogObject } from './catalog-object.ts'
import { flatMap } from '../util/collections.ts'

const existingRole = (catalog: Catalog, name: string): Role => {
  const role = catalog.roles.get(name)
  if (role === undefined) throw new Error(`the plan uses role ${JSON.stringify(name)} before it exists`)
  return role
}

const existingObject = (catalog: Catalog, name: ObjectName): CatalogObject => {
  const object = catalog.object(name)
  if (object === undefined)
    throw new Error(
      `the plan uses an object that is not in the snapshot: ${JSON.stringify([name.kind, ...name.name])}`,
    )
  return object
}

/**
 * Finds an object, or adds a column: a column is in the catalog only if it has an ACL, which the first grant
 * on it gives it.
 */
const objectToGrantOn = (catalog: Catalog, name: ObjectName): CatalogObject => {
  if (name.kind === 'column' && catalog.object(name) === undefined) {
    const table = existingObject(catalog, { kind: 'table', name: name.name.slice(0, 2) })
    const ownerFollows = { kind: table.kind, name: table.name }
    catalog.addObject(
      { kind: 'column', name: name.name, oid: table.oid, owner: table.owner, ownerFollows },
      new Acl(),
    )
  }
  return existingObject(catalog, name)
}

/**
 * The ACL after a change of owner: the new owner takes the old one’s place as grantee and as grantor, and
 * items that become the same are merged.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (aclnewowner)
 */
const withNewOwner = (acl: ReadonlyAcl, oldOwner: string, newOwner: string): Acl => {
  const renamed = (role: string): string => (role === oldOwner ? newOwner : role)
  const result = new Acl()
  for (const item of acl.values()) {
    const [grantee, grantor] = [renamed(item.grantee), renamed(item.grantor)]
    let { privileges } = result.get(grantee, grantor) ?? {}
    for (const [privilege, grantable] of item.privileges)
      privileges = withPrivilege(privileges, privilege, grantable)
    if (privileges !== undefined) result.set({ grantee, grantor, privileges })
  }
  return result
}

interface Granted {
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantor: string
}

const grantIn = (acl: Acl, { privilege, grantee, grantor }: Granted, grantable: boolean): void => {
  const privileges = withPrivilege(acl.get(grantee, grantor)?.privileges, privilege, grantable)
  acl.set({ grantee, grantor, privileges })
}

const revokeIn = (acl: Acl, { privilege, grantee, grantor }: Granted, grantOptionOnly: boolean): void => {
  const item = acl.get(grantee, grantor)
  if (!item?.privileges.has(privilege)) return
  const privileges: Privileges = new Map(item.privileges)
  if (grantOptionOnly) privileges.set(privilege, false)
  else privileges.delete(privilege)
  if (privileges.size === 0) acl.delete(item)
  else acl.set({ grantee, grantor, privileges })
}

/**
 * The ACL of a new schema, as default privileges of its owner make it. If those give nothing to anybody, PostgreSQL
 * ignores them.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/catalog/aclchk.c (get_user_default_acl)
 */
const schemaAcl = (catalog: Catalog, owner: string): Acl => {
  const { acl } = catalog.defaultsOf(owner, null, 'schemas')
  return acl.size > 0 ? copyOf(acl) : aclOf([{ grantee: owner, grantor: owner, privileges: 'UC' }])
}

const membershipsFor = (
  catalog: Catalog,
  role: string,
  member: string,
  grantor: string | null,
): readonly Membership[] =>
  catalog.memberships.between(role, member).filter((row) => grantor === null || row.grantor === grantor)

/** Whether a member has a row because it created the role. Such rows are counted in `administers`. */
const comesWithCreation = (catalog: Catalog, { admin, grantor }: Membership): boolean =>
  admin && grantor === catalog.server.bootstrapRole

/** Does to a catalog what an operation will do to the server. Nothing else knows what statements do. */
export const applyOperation = (catalog: Catalog, operation: Operation): void => {
  switch (operation.kind) {
    case 'createRole': {
      const { role, as } = operation
      // From now on, the roles that a delegate administers are counted.
      catalog.setRole(isDelegateName(role) ? { ...newRole(role), administers: 0 } : newRole(role))
      // https://www.postgresql.org/docs/16/sql-createrole.html: the creator of a role administers it.
      if (catalog.membershipsHaveGrantors && !catalog.isSuperuser(as)) {
        catalog.countAdministered(as, 1)
        catalog.memberships.set({
          role,
          member: as,
          grantor: catalog.server.bootstrapRole,
          admin: true,
          inherit: false,
          set: false,
        })
      }
      return
    }
    case 'dropRole': {
      const { role } = operation
      existingRole(catalog, role)
      for (const row of catalog.memberships.inRole(role))
        if (comesWithCreation(catalog, row)) catalog.countAdministered(row.member, -1)
      for (const row of [...catalog.memberships.ofMember(role), ...catalog.memberships.inRole(role)])
        catalog.memberships.remove(row)
      catalog.removeRole(role)
      return
    }
    case 'setAttribute': {
      const { role, attribute, value } = operation
      catalog.setRole({ ...existingRole(catalog, role), [attributes[attribute]]: value })
      return
    }
    case 'setValidUntil':
      catalog.setRole({
        ...existingRole(catalog, operation.role),
        validUntil: operation.validUntil,
      })
      return
    case 'clearPassword': {
      const { hasPassword: _, ...rest } = existingRole(catalog, operation.role)
      catalog.setRole(rest)
      return
    }
    case 'setProperty':
      existingRole(catalog, operation.role)
      catalog.properties.set(operation.role, operation, operation.value)
      return
    case 'setPassword': {
      const role = existingRole(catalog, operation.role)
      if (role.hasPassword === false) catalog.setRole({ ...role, hasPassword: true })
      return
    }
    case 'lockRole':
      return // a snapshot does not say who holds locks
    case 'grantMembership': {
      const { role, member, grantor, admin = false, options } = operation
      existingRole(catalog, role)
      const [existing] = membershipsFor(
        catalog,
        role,
        member,
        catalog.membershipsHaveGrantors ? grantor : null,
      )
      const { inherit, set } = options ??
        existing ?? {
          inherit: !catalog.membershipsHaveGrantors || existingRole(catalog, member).inherit,
          set: true,
        }
      // Before 16, whoever gives a member the ADMIN option becomes the grantor of its membership.
      const isKept = existing !== undefined && (!admin || existing.admin)
      if (existing !== undefined && !isKept) catalog.memberships.remove(existing)
      catalog.memberships.set({
        role,
        member,
        grantor: isKept ? existing.grantor : grantor,
        admin: admin || (existing?.admin ?? false),
        inherit,
        set,
      })
      return
    }
    case 'revokeMembership':
      for (const row of membershipsFor(catalog, operation.role, operation.member, operation.grantor))
        if (operation.option === null) catalog.memberships.remove(row)
        else catalog.memberships.set(without(row, [operation.option]))
      return
    case 'createSchema': {
      const { schema, owner } = operation
      existingRole(catalog, owner)
      catalog.addObject({ kind: 'schema', name: [schema], oid: null, owner }, schemaAcl(catalog, owner))
      return
    }
    case 'setOwner': {
      const object = existingObject(catalog, operation.object)
      const oldOwner = object.owner
      existingRole(catalog, operation.owner)
      for (const followed of [object, ...catalog.followersOf(object)]) {
        const moved = catalog.editable(followed)
        moved.acl = withNewOwner(moved.acl, oldOwner, operation.owner)
        moved.owner = operation.owner
      }
      if (object.kind === 'database' && object.name[0] === catalog.server.database)
        catalog.server = { ...catalog.server, databaseOwner: operation.owner }
      return
    }
    case 'grantPrivilege':
      grantIn(
        catalog.editable(objectToGrantOn(catalog, operation.object)).acl,
        operation,
        operation.grantable ?? false,
      )
      return
    case 'revokePrivilege': {
      const object = existingObject(catalog, operation.object)
      revokeIn(catalog.editable(object).acl, operation, operation.grantOptionOnly)
      // REVOKE on a table also revokes on all its columns.
      // https://www.postgresql.org/docs/current/sql-revoke.html#SQL-REVOKE-NOTES
      for (const column of catalog.followersOf(object))
        if (column.kind === 'column')
          revokeIn(catalog.editable(column).acl, operation, operation.grantOptionOnly)
      return
    }
    case 'setPolicyRoles':
    case 'dropPolicy': {
      const { policies, ...rest } = catalog.mentions
      const roles = operation.kind === 'dropPolicy' ? [] : operation.roles
      catalog.mentions = {
        ...rest,
        policies: flatMap(policies, (policy) => {
          if (!isSamePolicy(policy, operation)) return [policy]
          return roles.length === 0 ? [] : [{ ...policy, roles }]
        }),
      }
      return
    }
    case 'dropUserMapping': {
      const { userMappings, ...rest } = catalog.mentions
      const isDropped = ({ role, server }: { readonly role: string; readonly server: string }): boolean =>
        role === operation.role && server === operation.server
      catalog.mentions = { ...rest, userMappings: userMappings.filter((one) => !isDropped(one)) }
      return
    }
    case 'grantDefaultPrivilege':
    case 'revokeDefaultPrivilege': {
      const { owner, schema, on } = operation
      const granted = { ...operation, grantor: owner }
      catalog.changeDefaults({ owner, schema, on }, (acl) => {
        if (operation.kind === 'grantDefaultPrivilege') grantIn(acl, granted, operation.grantable ?? false)
        else revokeIn(acl, granted, operation.grantOptionOnly)
      })
      return
    }
  }
}
