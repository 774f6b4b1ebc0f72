import { describeName, describeObject } from './describe.ts'
import { getOrMake } from './get-or-make.ts'
import { MembershipPaths } from './membership-paths.ts'
import { type ObjectName, schemaOf } from './object-kind.ts'
import type { Privilege } from './privilege.ts'
import type { Membership, Role } from './snapshot.ts'
import type { World, WorldObject } from './world.ts'

/** Whose members everybody who owns the database is, and nobody else can become. */
const databaseOwners = 'pg_database_owner'

/**
 * What the acting role may do, which is everything for a superuser. In the name of others it acts by being a member of
 * them: for good, or because it may make itself one for the transaction.
 * @see https://www.postgresql.org/docs/current/role-attributes.html
 */
export class Authority {
  readonly #world: World
  readonly #acting: string
  readonly #isSuperuser: boolean
  readonly #createsRoles: boolean
  /** Whose privileges a role has; whom it can become by SET ROLE; whose member it is in any way. */
  readonly #inheriting: MembershipPaths
  readonly #becoming: MembershipPaths
  readonly #belonging: MembershipPaths
  readonly #administrators = new Map<MembershipPaths, Map<string, string | null>>()

  constructor(world: World) {
    this.#world = world
    this.#acting = world.server.actingRole
    this.#isSuperuser = world.isSuperuser(this.#acting)
    this.#createsRoles = world.roles.get(this.#acting)?.createRole ?? false
    const inherits = this.#inherits()
    const rolesOf = (member: string, counts: (row: Membership) => boolean): readonly string[] => [
      ...world.membershipsOf(member).flatMap((row) => (counts(row) ? [row.role] : [])),
      ...(member === world.server.databaseOwner && world.server.version >= 140000 ? [databaseOwners] : []),
    ]
    this.#inheriting = new MembershipPaths((member) =>
      inherits(member) ? rolesOf(member, ({ inherit }) => inherit) : [],
    )
    this.#becoming = new MembershipPaths((member) => rolesOf(member, ({ set }) => set))
    this.#belonging = new MembershipPaths((member) => rolesOf(member, () => true))
  }

  /** Before 16 a role inherits or does not; the acting role does where it may give itself INHERIT. */
  #inherits(): (member: string) => boolean {
    if (this.#world.membershipsHaveGrantors) return () => true
    return (member) =>
      (this.#world.roles.get(member)?.inherit ?? true) || (member === this.#acting && this.mayAlter(member))
  }

  get isSuperuser(): boolean {
    return this.#isSuperuser
  }

  get #who(): string {
    return `role ${describeName(this.#acting)}`
  }

  get mayCreateRoles(): boolean {
    return this.#isSuperuser || this.#createsRoles
  }

  /** Whether the acting role has the privileges of a role as things are, but for its INHERIT before 16. */
  hasPrivilegesOf(role: string): boolean {
    return this.#inheriting.isReachable(this.#acting, role)
  }

  /** Whether the acting role can become a role as things are. */
  canBecome(role: string): boolean {
    return this.#becoming.isReachable(this.#acting, role)
  }

  /** The roles that the acting role has to be removed from before it can become a member of this one. */
  membersInTheWay(role: string): readonly Membership[] {
    return this.#world
      .membersOf(this.#acting)
      .filter(({ member }) => this.#belonging.isReachable(role, member))
  }

  /** Whom to be a member of to have a role’s privileges: nobody can be granted pg_database_owner. */
  representative(role: string): string {
    return role === databaseOwners ? this.#world.server.databaseOwner : role
  }

  /** Whether the acting role has a role’s privileges, or may give them to itself. */
  mayActAs(role: string): boolean {
    if (this.#isSuperuser || this.hasPrivilegesOf(role)) return true
    return this.mayGrant(this.representative(role))
  }

  /** Whether the acting role may make a role the owner of something. */
  mayMakeOwner(role: string): boolean {
    return this.#isSuperuser || this.canBecome(role) || this.mayGrant(role)
  }

  /** In whose name the acting role grants a role; `undefined` when it may not. */
  grantorOf(role: string): string | undefined {
    const { membershipsHaveGrantors, server } = this.#world
    if (this.#isSuperuser) return membershipsHaveGrantors ? server.bootstrapRole : this.#acting
    if (!this.mayGrant(role)) return undefined
    if (!membershipsHaveGrantors) return this.#acting
    return this.#administrator(role, this.#inheriting) ?? this.#acting
  }

  /**
   * Whether the acting role may make others, or itself, members of a role.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (check_role_membership_authorization)
   */
  mayGrant(role: string): boolean {
    if (this.#isSuperuser) return true
    const existing = this.#world.roles.get(role)
    if (existing === undefined) return this.mayCreateRoles
    if (existing.superuser || (role === databaseOwners && this.#world.server.version >= 140000)) return false
    if (this.#world.membershipsHaveGrantors) return this.#administrator(role, this.#inheriting) !== undefined
    return this.#createsRoles || this.#administrator(role, this.#belonging) !== undefined
  }

  /** Whether the acting role may take a membership away. From 16 on that is done in the name of who granted it. */
  mayRevoke({ role, grantor }: Membership): boolean {
    if (!this.mayGrant(role)) return false
    return !this.#world.membershipsHaveGrantors || this.mayActAs(grantor)
  }

  /** Whether the acting role may change a role’s LOGIN, password, and how long that is valid. */
  mayAlter(role: string): boolean {
    const existing = this.#world.roles.get(role)
    if (this.#isSuperuser || existing === undefined) return this.mayCreateRoles
    if (!this.#createsRoles || existing.superuser) return false
    if (this.#world.membershipsHaveGrantors) return this.#administrator(role, this.#belonging) !== undefined
    return !this.#isReserved(existing)
  }

  /** Before 16 only superusers alter roles with these attributes. */
  #isReserved({ replication, bypassRls }: Role): boolean {
    return replication || (bypassRls && this.#world.server.version < 100000)
  }

  /** Whether the acting role may drop a role. */
  mayDrop(role: string): boolean {
    if (this.#isSuperuser) return true
    if (!this.#createsRoles || this.#world.isSuperuser(role)) return false
    return !this.#world.membershipsHaveGrantors || this.#administrator(role, this.#belonging) !== undefined
  }

  /** Why the acting role may not create a schema that will belong to a role; `undefined` when it may. */
  whyNotCreatedFor(owner: string): string | undefined {
    if (this.#isSuperuser) return undefined
    if (!this.#world.server.createsSchemas) return `${this.#who} may not create schemas in the database`
    return this.mayMakeOwner(owner) ? undefined : `${this.#who} may not become role ${describeName(owner)}`
  }

  /** Why the acting role may not grant and revoke on an object as its owner does; `undefined` when it may. */
  whyNotManaged(object: ObjectName & Pick<WorldObject, 'owner'>): string | undefined {
    if (this.#isSuperuser) return undefined
    if (!this.mayActAs(object.owner))
      return `${this.#who} may not act as role ${describeName(object.owner)}, the owner of ${describeObject(object)}`
    return this.guides(object) === undefined
      ? `${this.#who} has no USAGE on the schema of ${describeObject(object)}`
      : undefined
  }

  /** Why the acting role may not make another role the owner of an object; `undefined` when it may. */
  whyNotMoved(object: WorldObject, newOwner: string): string | undefined {
    if (this.#isSuperuser) return undefined
    const why = this.whyNotManaged(object)
    if (why !== undefined) return why
    if (!this.mayMakeOwner(newOwner)) return `${this.#who} may not become role ${describeName(newOwner)}`
    if (object.kind === 'schema' && !this.#world.server.createsSchemas)
      return `${this.#who} has no CREATE on the database`
    const schema = this.#schemaOf(object)
    if (schema === undefined || this.holds(newOwner, schema, 'CREATE')) return undefined
    return this.whyNotManaged(schema)
  }

  /**
   * Whose privileges the acting role needs to reach an object by its name, besides those of its owner: nobody’s, where
   * it reaches the schema anyway; `undefined` where it cannot.
   */
  guides(object: ObjectName & Pick<WorldObject, 'owner'>): readonly string[] | undefined {
    const schema = this.#schemaOf(object)
    if (schema === undefined || this.holds(this.#acting, schema, 'USAGE')) return []
    if (this.mayActAs(schema.owner) && this.holds(schema.owner, schema, 'USAGE')) return [schema.owner]
    return this.holds(object.owner, schema, 'USAGE') ? [] : undefined
  }

  /** Whether a role has a privilege, by an ACL: itself, through another role, or as everybody. */
  holds(role: string, object: WorldObject, privilege: Privilege): boolean {
    const has = (grantee: string): boolean =>
      grantee === 'public' || this.#inheriting.isReachable(role, grantee)
    return [...object.acl.values()].some((item) => item.privileges.has(privilege) && has(item.grantee))
  }

  #schemaOf(object: ObjectName): WorldObject | undefined {
    const schema = schemaOf(object)
    return schema === undefined ? undefined : this.#world.object({ kind: 'schema', name: [schema] })
  }

  /** The nearest of the acting role and the roles it is a member of that has the ADMIN option for a role. */
  #administrator(role: string, paths: MembershipPaths): string | undefined {
    const isAdmin = (member: string): boolean =>
      this.#world.membershipsIn(role, member).some(({ admin }) => admin)
    const known = getOrMake(this.#administrators, paths, () => new Map<string, string | null>())
    return getOrMake(known, role, () => paths.reachable(this.#acting).find(isAdmin) ?? null) ?? undefined
  }
}
