import type { Catalog } from '../catalog/catalog.ts'
import { MembershipGraph } from '../catalog/membership-graph.ts'
import { isDelegateName } from '../model/managed-role.ts'
import type { Membership } from '../model/membership.ts'
import { has } from '../postgres/features.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import { append, flatMap, getOrMake } from '../util/collections.ts'

/** The predefined role whose only member is the owner of the database. */
export const databaseOwners = 'pg_database_owner'

/** Which roles are members of which in a catalog, and what that means for the acting role. */
export class RoleGraph {
  readonly catalog: Catalog
  readonly actingRole: string
  readonly isSuperuser: boolean
  /** Whether the acting role has CREATEROLE. */
  readonly createsRoles: boolean
  /** The roles whose privileges a role has; those it can SET ROLE to; those it is a member of in any way. */
  readonly inheritsFrom: MembershipGraph
  readonly setsRoleTo: MembershipGraph
  readonly memberOf: MembershipGraph
  #administering: ReadonlySet<string> | undefined
  readonly #admins = new Map<string, readonly string[]>()
  readonly #administrators = new Map<MembershipGraph, ReadonlyMap<string, readonly string[]>>()

  constructor(catalog: Catalog) {
    this.catalog = catalog
    this.actingRole = catalog.server.actingRole
    this.isSuperuser = catalog.isSuperuser(this.actingRole)
    this.createsRoles = catalog.roles.get(this.actingRole)?.createRole ?? false
    const rolesOf = (member: string, counts: (row: Membership) => boolean): readonly string[] => [
      ...flatMap(catalog.memberships.ofMember(member), (row) => (counts(row) ? [row.role] : [])),
      ...(this.#ownsDatabase(member) ? [databaseOwners] : []),
    ]
    this.inheritsFrom = new MembershipGraph((member) =>
      this.inherits(member) ? rolesOf(member, (row) => this.#passesOn(row)) : [],
    )
    this.setsRoleTo = new MembershipGraph((member) => rolesOf(member, ({ set }) => set))
    this.memberOf = new MembershipGraph((member) => rolesOf(member, () => true))
  }

  /** Whether a role is a member of pg_database_owner. */
  #ownsDatabase(role: string): boolean {
    const { databaseOwner, version } = this.catalog.server
    return role === databaseOwner && has(version, 'pg_database_owner')
  }

  /**
   * Whether a role can inherit: before 16 that depends on its attribute INHERIT, which the acting role may give itself.
   */
  inherits(member: string): boolean {
    return (
      this.catalog.membershipsHaveGrantors ||
      (this.catalog.roles.get(member)?.inherit ?? true) ||
      (member === this.actingRole && this.#mayAlterItself())
    )
  }

  #mayAlterItself(): boolean {
    return this.isSuperuser || (this.createsRoles && !this.isReserved(this.actingRole))
  }

  /** Whether only superusers can alter a role, before 16, because of its attributes. */
  isReserved(role: string): boolean {
    const { replication = false, bypassRls = false } = this.catalog.roles.get(role) ?? {}
    return replication || (bypassRls && !has(this.catalog.server.version, 'altering of BYPASSRLS roles'))
  }

  /**
   * Whether a row gives its member the role’s privileges. Before 16, memberships in the acting role do not
   * count: they may be in the way and be paused.
   */
  #passesOn({ role, member, inherit }: Membership): boolean {
    const mayPause = role === this.actingRole && !this.catalog.membershipsHaveGrantors
    return inherit && !mayPause && this.inherits(member)
  }

  /** Whether the acting role has the privileges of a role without borrowing anything but INHERIT before 16. */
  hasPrivilegesOf(role: string): boolean {
    return this.inheritsFrom.isReachable(this.actingRole, role)
  }

  /** Whether the acting role can SET ROLE to a role without borrowing anything. */
  canSetRole(role: string): boolean {
    return this.setsRoleTo.isReachable(this.actingRole, role)
  }

  /**
   * Whether the acting role may need a role’s memberships until the end, because it acts as that role or
   * administers others through it.
   */
  needs(role: string): boolean {
    if (this.isSuperuser) return false
    if (this.hasPrivilegesOf(role) || this.canSetRole(role)) return true
    const administers = (member: string): boolean =>
      this.catalog.memberships.ofMember(member).some(({ admin }) => admin)
    this.#administering ??= this.memberOf.leadingTo([this.actingRole], administers)
    return this.#administering.has(role)
  }

  /**
   * The order in which memberships have to go, the lowest first. Those that the acting role does not need go
   * first. Then the memberships farthest up the chains go before those below, by which the acting role
   * administers them; ADMIN options go after others in the same role.
   */
  revocationRank({ role, member, admin }: Membership): number {
    if (!this.needs(member)) return 0
    return 1 + 2 * this.memberOf.count(role) + Number(admin)
  }

  /** The memberships in the acting role that would make a cycle if it became a member of some roles. */
  membersInTheWay(roles: readonly string[]): readonly Membership[] {
    const above = this.memberOf.above(roles)
    return this.catalog.memberships.inRole(this.actingRole).filter(({ member }) => above.has(member))
  }

  /**
   * The role to join to have a role’s privileges: for pg_database_owner, which cannot be granted, the database owner.
   */
  grantableStandIn(role: string): string {
    return role === databaseOwners ? this.catalog.server.databaseOwner : role
  }

  /** Other roles that have a role’s privileges, the nearest first. */
  othersWithPrivilegesOf(role: string): readonly string[] {
    const { databaseOwner } = this.catalog.server
    const members = new Set([role])
    for (const one of members) {
      for (const row of this.catalog.memberships.inRole(one)) if (this.#passesOn(row)) members.add(row.member)
      if (one === databaseOwners && this.#ownsDatabase(databaseOwner) && this.inherits(databaseOwner))
        members.add(databaseOwner)
    }
    return [...members].filter((member) => member !== role && member !== this.actingRole)
  }

  /** The members that have the ADMIN option for a role. */
  adminsOf(role: string): readonly string[] {
    return getOrMake(this.#admins, role, () =>
      flatMap(this.catalog.memberships.inRole(role), ({ member, admin }) => (admin ? [member] : [])),
    )
  }

  /**
   * Among the acting role and the roles it is a member of: those with the ADMIN option for a role, the nearest first.
   */
  administratorsOf(role: string, paths: MembershipGraph): readonly string[] {
    return getOrMake(this.#administrators, paths, () => this.#administratorsBy(paths)).get(role) ?? []
  }

  #administratorsBy(paths: MembershipGraph): ReadonlyMap<string, readonly string[]> {
    const all = new Map<string, string[]>()
    for (const member of paths.reachable(this.actingRole))
      for (const { role, admin } of this.catalog.memberships.ofMember(member)) {
        if (!admin) continue
        if (all.get(role)?.at(-1) !== member) append(all, role, member)
      }
    return all
  }

  isAdministrator(role: string): boolean {
    return this.administratorsOf(role, this.memberOf).length > 0
  }

  /** The delegates of the acting role, which can SET ROLE to them. */
  delegates(): readonly string[] {
    return [...this.setsRoleTo.reachable(this.actingRole)].filter((name) => this.isDelegate(name))
  }

  /**
   * Whether a role is a delegate of the acting role. Its name proves nothing, and any other member could act as it or
   * make itself a member of what it administers. So the acting role must have created it and be its only member.
   */
  isDelegate(name: string): boolean {
    if (!isDelegateName(name) || this.isSuperuser) return false
    const { administers, createRole, login, superuser, createDb, replication, bypassRls } =
      this.catalog.roles.get(name) ?? {}
    if (administers === undefined || !createRole) return false
    if (login || superuser || createDb || replication || bypassRls) return false
    const { bootstrapRole } = this.catalog.server
    const rows = this.catalog.memberships.between(name, this.actingRole)
    const ofCreator = rows.find(({ grantor }) => grantor === bootstrapRole)
    return (
      ofCreator?.admin === true &&
      !isRealMember(ofCreator) &&
      rows.every(({ grantor }) => grantor === bootstrapRole || grantor === this.actingRole)
    )
  }

  /** Whether a role stays a member of roles that list their members otherwise: superusers do, and whoever syncs. */
  staysMember(name: string): boolean {
    const { sessionRole } = this.catalog.server
    return (
      this.catalog.isSuperuser(name) ||
      name === this.actingRole ||
      name === sessionRole ||
      this.isDelegate(name)
    )
  }

  /** The delegate that administers a role, if one does. */
  delegateFor(role: string): string | undefined {
    if (this.isSuperuser || !this.catalog.membershipsHaveGrantors) return undefined
    return this.administratorsOf(role, this.setsRoleTo).find((name) => this.isDelegate(name))
  }

  /** The role that runs statements about a role itself: the delegate that administers it, or the acting role. */
  runAsFor(role: string): string {
    return this.delegateFor(role) ?? this.actingRole
  }

  /** Whether a role has another’s privileges without joining any role. */
  acts(role: string, other: string): boolean {
    return this.inheritsFrom.isReachable(role, other)
  }

  /** Those of some roles whose privileges a role has in that way. */
  actsAmong(role: string, others: ReadonlyMap<string, unknown>): Iterable<string> {
    return this.inheritsFrom.reachableAmong(role, others)
  }
}
