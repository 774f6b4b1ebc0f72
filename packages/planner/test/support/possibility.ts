import type { Attribute, DatabaseObject, Membership, Privilege, PrivilegeFact, Snapshot } from '@pgsr/planner'
import { entriesOf, isSame, objectIn, roleIn } from './holdings.ts'
import {
  canBecome,
  createsSchemas,
  databaseOwners,
  followed,
  grantOptions,
  hasPrivilegesOf,
  holds,
  isForSuperusers,
  isSuperuser,
  mayAdminister,
  mayAlter,
  mayGiveAway,
  mayOwn,
  maySetAttribute,
  schemaOf,
} from './permission.ts'

type Revoked = Pick<PrivilegeFact, 'grantor' | 'grantee'>

/**
 * From 16 on, a snapshot in which a role is a member of everything that it can make itself a member of: by its own ADMIN
 * options, by those of whose privileges it has, and by those of whom it can become.
 * @param distrusted whose ADMIN options are not to be used for that, where they are not there from the beginning
 * @param unusable a row whose ADMIN option is not to be used for that at all
 */
const withEverythingJoined = (
  snapshot: Snapshot,
  who: string,
  distrusted: readonly string[],
  unusable?: Membership,
): Snapshot => {
  const memberships = [...snapshot.memberships]
  const world = { ...snapshot, memberships }
  for (;;) {
    const speakers = [...followed(world, who, 'set').keys()].filter((name) => !isSuperuser(world, name))
    const mayUse = (admin: string): boolean =>
      (!distrusted.includes(admin) ||
        [who, ...followed(snapshot, who, 'set').keys()].some((name) =>
          followed(snapshot, name, 'inherit').has(admin),
        )) &&
      speakers.some((name) => followed(world, name, 'inherit').has(admin))
    const isJoined = (role: string): boolean =>
      memberships.some((row) => row.role === role && row.member === who && row.inherit && row.set)
    const found = memberships.find(
      ({ role, member, admin }) =>
        admin &&
        !isSuperuser(world, role) &&
        !isJoined(role) &&
        !(role === unusable?.role && member === unusable.member) &&
        mayUse(member),
    )
    if (found === undefined) return world
    memberships.push({ role: found.role, member: who, grantor: '', admin: false, inherit: true, set: true })
  }
}

/**
 * What the acting role could be permitted by what it may give itself for a while: memberships of owners and grantors,
 * and INHERIT.
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

  /** The same from 16 on, when it has joined what it can; in the second without the help of who is synced. */
  readonly #joined: Snapshot
  readonly #safelyJoined: Snapshot
  readonly #joinedWithout: (unusable?: Membership) => Snapshot

  constructor(snapshot: Snapshot, worlds: readonly Snapshot[] = [snapshot], synced: readonly string[] = []) {
    this.#principals = new Set(
      worlds.flatMap(({ objects, server: { databaseOwner } }) => [
        databaseOwner,
        ...objects.flatMap(({ owner, acl }) => [owner, ...acl.map(({ grantor }) => grantor)]),
      ]),
    )
    const { actingRole, version } = snapshot.server
    const isPlain = version >= 160000 && !isSuperuser(snapshot, actingRole)
    this.#joined = isPlain ? withEverythingJoined(snapshot, actingRole, []) : snapshot
    this.#joinedWithout = (unusable) =>
      isPlain ? withEverythingJoined(snapshot, actingRole, synced, unusable) : snapshot
    this.#safelyJoined = this.#joinedWithout()
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
    return mayAlter(this.#safelyJoined, this.#who, role)
  }

  /** In the name of a role that is synced, which loses its ADMIN option, nobody is made a member for good. */
  grantRole(role: string, synced: readonly string[] = []): boolean {
    if (roleIn(this.#snapshot, role) === undefined) return this.createRoles
    if (role === databaseOwners) return false
    if (isSuperuser(this.#snapshot, role)) return isSuperuser(this.#snapshot, this.#who)
    if (this.#version < 160000 || isSuperuser(this.#snapshot, this.#who))
      return mayAdminister(this.#snapshot, this.#who, role)
    return this.#administers(role, synced)
  }

  #administers(role: string, synced: readonly string[]): boolean {
    const { memberships } = this.#snapshot
    return memberships.some(
      (row) =>
        row.role === role &&
        row.admin &&
        (row.member === this.#who || !synced.includes(row.member)) &&
        !isSuperuser(this.#snapshot, row.member) &&
        (hasPrivilegesOf(this.#safelyJoined, this.#who, row.member) ||
          canBecome(this.#safelyJoined, this.#who, row.member)),
    )
  }

  #join(role: string): boolean {
    return this.grantRole(
      role === databaseOwners && this.#version >= 140000 ? this.#snapshot.server.databaseOwner : role,
    )
  }

  /**
   * Before 16 the acting role may not join a superuser, but it may join others that have that one’s privileges, with
   * everything else that they have.
   */
  get standIns(): readonly (readonly string[])[] {
    if (this.#version >= 160000 || isSuperuser(this.#snapshot, this.#who)) return []
    return this.#snapshot.roles
      .map(({ name }) => [...followed(this.#inheriting, name, 'inherit').keys()])
      .filter((roles) => roles.slice(1).some((role) => isSuperuser(this.#snapshot, role)))
      .map((roles) => roles.sort())
  }

  actAs(role: string): boolean {
    if (hasPrivilegesOf(this.#inheriting, this.#who, role)) return true
    if (this.#version >= 160000 && roleIn(this.#snapshot, role))
      return hasPrivilegesOf(this.#joined, this.#who, role)
    const { roles, server } = this.#inheriting
    const inherits = (name: string): boolean =>
      this.#version >= 160000 || roles.find((one) => one.name === name)!.inherit
    // Nobody can be a member of pg_database_owner but as a member of the database’s owner.
    if (role === databaseOwners && !inherits(server.databaseOwner)) return false
    return inherits(this.#who) && this.#join(role)
  }

  become(role: string): boolean {
    if (canBecome(this.#joined, this.#who, role)) return true
    return (this.#version < 160000 || !roleIn(this.#snapshot, role)) && this.#join(role)
  }

  /**
   * With what was granted by virtue of it, which goes with it: never a membership of the acting role’s own. PostgreSQL
   * refuses to revoke what the acting role has joined another role by.
   */
  revokeRole(row: Membership): boolean {
    const joined = this.#joinedWithout(row)
    return [row, ...this.#dependents(row)].every(
      ({ role, member, grantor }) =>
        mayAdminister(joined, this.#who, role) &&
        (this.#version < 160000 || hasPrivilegesOf(joined, this.#who, grantor)) &&
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

  /**
   * To GRANT and REVOKE in the owner’s name, for which others must not be taken: nor on the columns of a table on which
   * whoever loses it there has it too.
   */
  manage(object: DatabaseObject, privilege: Privilege, from?: string): boolean {
    const { owner } = object
    if (isSuperuser(this.#snapshot, this.#who)) return true
    const schema = schemaOf(this.#snapshot, object)
    // Nobody becomes a superuser but in the name of one whose privileges it has.
    const isBecome = this.become(owner) && (!isSuperuser(this.#snapshot, owner) || this.actAs(owner))
    if (isBecome && this.#reaches(owner, schema)) return true
    if (!this.own(object)) return false
    const columns = this.#snapshot.objects.filter(
      (one) =>
        one.kind === 'column' &&
        one.ownerFollows !== undefined &&
        isSame(one.ownerFollows, object) &&
        entriesOf(one).some((entry) => entry.grantee === from && entry.privilege === privilege),
    )
    const others = [object, ...columns]
      .flatMap((one) => grantOptions(this.#snapshot, one, privilege))
      .filter((role) => role !== owner)
    return owner === this.#who || !others.some((role) => this.#actsMeanwhile(role))
  }

  /** Whether a role has USAGE on a schema, or can be lent it by who may pass it on. */
  #reaches(role: string, schema: DatabaseObject | undefined): boolean {
    return (
      schema === undefined || holds(this.#inheriting, role, schema, 'USAGE') || this.#lend(schema, 'USAGE')
    )
  }

  #lend(schema: DatabaseObject, privilege: Privilege): boolean {
    return [schema.owner, ...grantOptions(this.#snapshot, schema, privilege)].some(
      (role) =>
        (role === schema.owner && this.manage(schema, privilege)) ||
        role === this.#who ||
        (this.become(role) && !isSuperuser(this.#snapshot, role)),
    )
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
      this.#lend(schema, 'USAGE') ||
      (this.actAs(schema.owner) && this.#hasUsage(schema.owner, schema))
    )
  }

  /** To REVOKE what somebody granted who is not the owner: as that one, lent what it lacks. */
  revoke(object: DatabaseObject, privilege: Privilege, { grantor, grantee }: Revoked): boolean {
    if (object.owner === grantor) return this.manage(object, privilege, grantee)
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
    return (mayGrant || this.manage(object, privilege)) && (reaches || this.#lend(schema, 'USAGE'))
  }

  setAttribute(role: string, attribute: Attribute): boolean {
    return maySetAttribute(this.#safelyJoined, this.#who, role, attribute)
  }

  move(object: DatabaseObject, newOwner: string): boolean {
    if (object.ownerFollows) return false
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
    return this.#lend(container!, 'CREATE')
  }
}
