import {
  type Attribute,
  type DatabaseObject,
  isDelegateName,
  type Membership,
  type Privilege,
  type Snapshot,
} from '@pgsr/planner'
import { objectIn, roleIn } from './holdings.ts'
import {
  canBecome,
  createsSchemas,
  databaseOwners,
  followed,
  grantOptions,
  hasPrivilegesOf,
  holds,
  isSuperuser,
  mayAdminister,
  isForSuperusers,
  mayAlter,
  mayGiveAway,
  mayOwn,
  maySetAttribute,
  schemaOf,
} from './permission.ts'

/**
 * What the acting role could be permitted by what it may give itself for a while: memberships of owners and grantors,
 * and INHERIT. It does not make itself an administrator of roles that way.
 */
export class Possibilities {
  readonly #snapshot: Snapshot
  /**
   * The same, but that before 16 the acting role inherits where it may make itself do so, and nobody is its member: who
   * is may have to pause.
   */
  readonly #inheriting: Snapshot
  readonly #who: string
  readonly #version: number

  /** As whom it acts in the course of a plan: the owners and grantors of all there is, before and after it. */
  readonly #principals: ReadonlySet<string>

  constructor(snapshot: Snapshot, worlds: readonly Snapshot[] = [snapshot]) {
    this.#principals = new Set(
      worlds.flatMap(({ objects, server: { databaseOwner } }) => [
        databaseOwner,
        ...objects.flatMap(({ owner, acl }) => [owner, ...acl.map(({ grantor }) => grantor)]),
      ]),
    )
    const { actingRole, version } = snapshot.server
    this.#snapshot = snapshot
    this.#who = actingRole
    this.#version = version
    const inherits = version < 160000 && mayAlter(snapshot, actingRole, actingRole)
    this.#inheriting = {
      ...snapshot,
      roles: snapshot.roles.map((role) =>
        inherits && role.name === actingRole ? { ...role, inherit: true } : role,
      ),
      memberships: snapshot.memberships.filter(({ role }) => version >= 160000 || role !== actingRole),
    }
  }

  get createRoles(): boolean {
    return isSuperuser(this.#snapshot, this.#who) || roleIn(this.#snapshot, this.#who)!.createRole
  }

  get createSchemas(): boolean {
    return createsSchemas(this.#snapshot, this.#who)
  }

  alter(role: string): boolean {
    if (roleIn(this.#snapshot, role) === undefined) return this.createRoles
    return mayAlter(this.#snapshot, this.#who, role)
  }

  /** In the name of a role that is synced, which loses its ADMIN option, nobody is made a member for good. */
  grantRole(role: string, synced: readonly string[] = []): boolean {
    if (roleIn(this.#snapshot, role) === undefined) return this.createRoles
    if (role === databaseOwners) return false
    if (!mayAdminister(this.#snapshot, this.#who, role)) return false
    if (this.#version < 160000 || isSuperuser(this.#snapshot, this.#who)) return true
    return this.#administers(role, synced)
  }

  #administers(role: string, synced: readonly string[]): boolean {
    const { memberships } = this.#snapshot
    return memberships.some(
      (row) =>
        row.role === role &&
        row.admin &&
        (row.member === this.#who || !synced.includes(row.member)) &&
        (hasPrivilegesOf(this.#snapshot, this.#who, row.member) || this.#delegatesTo(row.member)),
    )
  }

  /**
   * As a role of its own the acting role acts without having its privileges: one that nobody else can have made, nor become.
   */
  #delegatesTo(role: string): boolean {
    const { createRole, administers, ...found } = roleIn(this.#snapshot, role)!
    const more = [found.login, found.superuser, found.createDb, found.replication, found.bypassRls]
    const { memberships, server } = this.#snapshot
    const rows = memberships.filter((row) => row.role === role && row.member === this.#who)
    return (
      isDelegateName(role) &&
      createRole &&
      administers !== undefined &&
      !more.includes(true) &&
      canBecome(this.#snapshot, this.#who, role) &&
      rows.some((row) => row.grantor === server.bootstrapRole && row.admin && !row.inherit && !row.set) &&
      rows.every(({ grantor }) => [server.bootstrapRole, this.#who].includes(grantor))
    )
  }

  #join(role: string): boolean {
    return this.grantRole(
      role === databaseOwners && this.#version >= 140000 ? this.#snapshot.server.databaseOwner : role,
    )
  }

  actAs(role: string): boolean {
    if (hasPrivilegesOf(this.#inheriting, this.#who, role)) return true
    const { roles, server } = this.#inheriting
    const inherits = (name: string): boolean =>
      this.#version >= 160000 || roles.find((one) => one.name === name)!.inherit
    // Nobody can be a member of pg_database_owner but as a member of the database’s owner.
    if (role === databaseOwners && !inherits(server.databaseOwner)) return false
    return inherits(this.#who) && this.#join(role)
  }

  become(role: string): boolean {
    return canBecome(this.#snapshot, this.#who, role) || this.#join(role)
  }

  /** With what was granted by virtue of it, which goes with it: never a membership of the acting role’s own. */
  revokeRole(row: Membership): boolean {
    return [row, ...this.#dependents(row)].every(
      ({ role, member, grantor }) =>
        mayAdminister(this.#snapshot, this.#who, role) &&
        (this.#version < 160000 || this.actAs(grantor)) &&
        (member === row.member || member !== this.#who),
    )
  }

  /** The rows that have no grantor any more with the ADMIN option once a row has gone. */
  #dependents(row: Membership): Membership[] {
    const { memberships, server } = this.#snapshot
    if (server.version < 160000) return []
    const isRow = ({ role, member, grantor }: Membership): boolean =>
      role === row.role && member === row.member && grantor === row.grantor
    let left = memberships.filter((one) => !isRow(one))
    const isFounded = ({ role, grantor }: Membership): boolean =>
      grantor === server.bootstrapRole ||
      left.some((one) => one.role === role && one.member === grantor && one.admin)
    for (let before = -1; before !== left.length;) {
      before = left.length
      left = left.filter((one) => one.role !== row.role || isFounded(one))
    }
    return memberships.filter((one) => !left.includes(one) && !isRow(one))
  }

  /** Whether who acts as a role, which makes nobody a superuser, has USAGE by it. */
  #hasUsage(role: string, schema: DatabaseObject): boolean {
    const plain = this.#inheriting.roles.map((one) => ({ ...one, superuser: false }))
    return holds({ ...this.#inheriting, roles: plain }, role, schema, 'USAGE')
  }

  /** To GRANT and REVOKE in the owner’s name, for which others must not be taken. */
  manage(object: DatabaseObject, privilege: Privilege): boolean {
    const { owner } = object
    if (isSuperuser(this.#snapshot, this.#who)) return true
    if (!this.own(object)) return false
    const others = grantOptions(this.#snapshot, object, privilege).filter((role) => role !== owner)
    if (owner === this.#who || !others.some((role) => this.#actsMeanwhile(role))) return true
    const schema = schemaOf(this.#snapshot, object)
    return this.become(owner) && (schema === undefined || holds(this.#inheriting, owner, schema, 'USAGE'))
  }

  /** Whether the acting role may act as a role while it acts as the owners and grantors of all there is. */
  #actsMeanwhile(role: string): boolean {
    return [this.#who, ...this.#principals].some(
      (one) => this.actAs(one) && followed(this.#inheriting, one, 'inherit').has(role),
    )
  }

  /** To have the owner’s privileges, and to reach the object in its schema. */
  own(object: DatabaseObject): boolean {
    if (!this.actAs(object.owner)) return false
    const schema = schemaOf(this.#snapshot, object)
    return (
      schema === undefined ||
      [this.#who, object.owner].some((role) => this.#hasUsage(role, schema)) ||
      (this.actAs(schema.owner) && this.#hasUsage(schema.owner, schema))
    )
  }

  /** To REVOKE what somebody granted who is not the owner: as that one, lent what it lacks. */
  revoke(object: DatabaseObject, privilege: Privilege, grantor: string): boolean {
    if (object.owner === grantor) return this.manage(object, privilege)
    const { sessionRole, bootstrapRole } = this.#snapshot.server
    const isMighty = isSuperuser(this.#snapshot, this.#who)
    if (isSuperuser(this.#snapshot, grantor)) {
      // Who is a superuser now has to be none meanwhile, which neither the session nor the bootstrap superuser can be.
      if (!isMighty || [this.#who, sessionRole, bootstrapRole].includes(grantor)) return false
    } else if (isMighty ? !canBecome(this.#snapshot, sessionRole, grantor) : !this.become(grantor)) {
      if (grantor !== this.#who) return false
    }
    const schema = schemaOf(this.#snapshot, object)
    const reaches = schema === undefined || this.#hasUsage(grantor, schema)
    const mayGrant = grantOptions(this.#snapshot, object, privilege).includes(grantor)
    return (mayGrant || this.manage(object, privilege)) && (reaches || this.manage(schema, 'USAGE'))
  }

  setAttribute(role: string, attribute: Attribute): boolean {
    return maySetAttribute(this.#snapshot, this.#who, role, attribute)
  }

  move(object: DatabaseObject, newOwner: string): boolean {
    if (object.follows) return false
    if (isForSuperusers(this.#snapshot, object) && !isSuperuser(this.#snapshot, newOwner)) return false
    if (isSuperuser(this.#snapshot, this.#who)) return true
    if (!this.own(object) || !this.become(newOwner)) return false
    if (!mayGiveAway(this.#snapshot, this.#who, object)) return false
    if (mayOwn(this.#inheriting, newOwner, object)) return true
    const { wrapper } = object
    if (wrapper && !holds(this.#inheriting, newOwner, objectIn(this.#inheriting, wrapper)!, 'USAGE'))
      return false
    const database = { kind: 'database', name: [this.#snapshot.server.database] } as const
    const container =
      object.kind === 'publication' ? objectIn(this.#snapshot, database) : schemaOf(this.#snapshot, object)
    return this.manage(container!, 'CREATE')
  }
}
