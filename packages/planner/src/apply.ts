import { Acl, aclOf, type ReadonlyAcl } from './acl.ts'
import { isDelegateName } from './delegate.ts'
import { without } from './membership-option.ts'
import type { ObjectName } from './object-kind.ts'
import type { Operation } from './operation.ts'
import { attributes } from './attribute.ts'
import { type Privilege, type Privileges, withPrivilege } from './privilege.ts'
import type { Membership, Role } from './snapshot.ts'
import type { World, WorldObject } from './world.ts'

const newRole = (name: string): Role => ({
  name,
  oid: null,
  login: false,
  superuser: false,
  inherit: true,
  createRole: false,
  createDb: false,
  replication: false,
  bypassRls: false,
  validUntil: 'infinity',
  elsewhere: 0,
  servesOthers: false,
})

const existingRole = (world: World, name: string): Role => {
  const role = world.roles.get(name)
  if (role === undefined) throw new Error(`the plan uses role ${JSON.stringify(name)} before it is there`)
  return role
}

const existingObject = (world: World, name: ObjectName): WorldObject => {
  const object = world.object(name)
  if (object === undefined)
    throw new Error(
      `the plan uses an object that is not in view: ${JSON.stringify([name.kind, ...name.name])}`,
    )
  return object
}

/** A column is in view only once it has an ACL of its own; the first grant on it gives it one. */
const objectToGrantOn = (world: World, name: ObjectName): WorldObject => {
  if (name.kind === 'column' && world.object(name) === undefined) {
    const table = existingObject(world, { kind: 'table', name: name.name.slice(0, 2) })
    const follows = { kind: table.kind, name: table.name }
    world.addObject(
      { kind: 'column', name: name.name, oid: table.oid, owner: table.owner, follows },
      new Acl(),
    )
  }
  return existingObject(world, name)
}

/**
 * What a change of owner makes of an ACL: the new owner takes the old one’s place as grantee and as grantor, and
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
 * What the owner has on a schema that was just made, and whom its default privileges let in besides. Where they leave
 * nothing to anybody, PostgreSQL takes them for none at all.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/catalog/aclchk.c (get_user_default_acl)
 */
const schemaAcl = (world: World, owner: string): Acl => {
  const { acl } = world.defaultsOf(owner, null, 'schemas')
  return acl.size > 0 ? new Acl(acl.values()) : aclOf([{ grantee: owner, grantor: owner, privileges: 'UC' }])
}

const membershipsFor = (
  world: World,
  role: string,
  member: string,
  grantor: string | null,
): readonly Membership[] =>
  world.membershipsIn(role, member).filter((row) => grantor === null || row.grantor === grantor)

/** Whether a row is counted among those by which its member administers roles. */
const comesWithCreation = (world: World, { admin, grantor }: Membership): boolean =>
  admin && grantor === world.server.bootstrapRole

/** Does to the world what the operation will do to the server. The only place that knows what a statement does. */
export const apply = (world: World, operation: Operation): void => {
  switch (operation.kind) {
    case 'createRole': {
      const { role, as } = operation
      // What a delegate administers is counted from then on.
      world.roles.set(role, isDelegateName(role) ? { ...newRole(role), administers: 0 } : newRole(role))
      // https://www.postgresql.org/docs/16/sql-createrole.html: who may create roles administers what it created.
      if (world.membershipsHaveGrantors && !world.isSuperuser(as)) {
        world.countAdministered(as, 1)
        world.setMembership({
          role,
          member: as,
          grantor: world.server.bootstrapRole,
          admin: true,
          inherit: false,
          set: false,
        })
      }
      return
    }
    case 'dropRole': {
      const { role } = operation
      existingRole(world, role)
      for (const row of world.membersOf(role))
        if (comesWithCreation(world, row)) world.countAdministered(row.member, -1)
      for (const row of [...world.membershipsOf(role), ...world.membersOf(role)]) world.removeMembership(row)
      world.roles.delete(role)
      return
    }
    case 'setAttribute': {
      const { role, attribute, value } = operation
      world.roles.set(role, { ...existingRole(world, role), [attributes[attribute]]: value })
      return
    }
    case 'setValidUntil':
      world.roles.set(operation.role, {
        ...existingRole(world, operation.role),
        validUntil: operation.validUntil,
      })
      return
    case 'clearPassword': {
      const { hasPassword: _, ...rest } = existingRole(world, operation.role)
      world.roles.set(operation.role, rest)
      return
    }
    case 'setPassword':
    case 'lockRole':
      return // neither what a password is nor who holds locks is in a snapshot
    case 'grantMembership': {
      const { role, member, grantor, admin = false, options } = operation
      existingRole(world, role)
      const [existing] = membershipsFor(world, role, member, world.membershipsHaveGrantors ? grantor : null)
      const { inherit, set } = options ??
        existing ?? {
          inherit: !world.membershipsHaveGrantors || existingRole(world, member).inherit,
          set: true,
        }
      // Before 16 who gives the ADMIN option to a member takes the place of who made it one.
      const isKept = existing !== undefined && (!admin || existing.admin)
      if (existing !== undefined && !isKept) world.removeMembership(existing)
      world.setMembership({
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
      for (const row of membershipsFor(world, operation.role, operation.member, operation.grantor))
        if (operation.option === null) world.removeMembership(row)
        else world.setMembership(without(row, [operation.option]))
      return
    case 'createSchema': {
      const { schema, owner } = operation
      existingRole(world, owner)
      world.addObject({ kind: 'schema', name: [schema], oid: null, owner }, schemaAcl(world, owner))
      return
    }
    case 'setOwner': {
      const object = existingObject(world, operation.object)
      const oldOwner = object.owner
      existingRole(world, operation.owner)
      for (const followed of [object, ...world.followersOf(object)]) {
        const moved = world.own(followed)
        moved.acl = withNewOwner(moved.acl, oldOwner, operation.owner)
        moved.owner = operation.owner
      }
      if (object.kind === 'database' && object.name[0] === world.server.database)
        world.server = { ...world.server, databaseOwner: operation.owner }
      return
    }
    case 'grantPrivilege':
      grantIn(
        world.own(objectToGrantOn(world, operation.object)).acl,
        operation,
        operation.grantable ?? false,
      )
      return
    case 'revokePrivilege': {
      const object = existingObject(world, operation.object)
      revokeIn(world.own(object).acl, operation, operation.grantOptionOnly)
      // A privilege that is revoked on the table goes on all its columns too.
      // https://www.postgresql.org/docs/current/sql-revoke.html#SQL-REVOKE-NOTES
      for (const column of world.followersOf(object))
        if (column.kind === 'column') revokeIn(world.own(column).acl, operation, operation.grantOptionOnly)
      return
    }
    case 'grantDefaultPrivilege':
    case 'revokeDefaultPrivilege': {
      const { owner, schema, on } = operation
      const granted = { ...operation, grantor: owner }
      world.changeDefaults({ owner, schema, on }, (acl) => {
        if (operation.kind === 'grantDefaultPrivilege') grantIn(acl, granted, operation.grantable ?? false)
        else revokeIn(acl, granted, operation.grantOptionOnly)
      })
      return
    }
  }
}
