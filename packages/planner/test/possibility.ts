import type { DatabaseObject, Membership, Privilege, Snapshot } from '@pgsr/planner'
import { roleIn } from './holdings.ts'
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
  mayAlter,
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

  constructor(snapshot: Snapshot) {
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
        hasPrivilegesOf(this.#snapshot, this.#who, row.member),
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

  /** Whether the acting role may act as a role while it acts as the owners of all there is. */
  #actsMeanwhile(role: string): boolean {
    const owners = this.#snapshot.objects.map(({ owner }) => owner)
    return [this.#who, this.#snapshot.server.databaseOwner, ...owners].some(
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

  move(object: DatabaseObject, newOwner: string): boolean {
    if (isSuperuser(this.#snapshot, this.#who)) return true
    if (!this.own(object) || !this.become(newOwner)) return false
    if (object.kind === 'schema') return this.createSchemas
    const schema = schemaOf(this.#snapshot, object)!
    return holds(this.#inheriting, newOwner, schema, 'CREATE') || this.manage(schema, 'CREATE')
  }
}
