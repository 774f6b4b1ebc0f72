import type { Catalog } from '../catalog/catalog.ts'
import { MembershipGraph } from '../catalog/membership-graph.ts'
import { isDelegateName } from '../model/managed-role.ts'
import type { Membership } from '../model/membership.ts'
import { has } from '../postgres/features.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import { append, getOrMake } from '../util/collections.ts'

/** Whose members everybody who owns the database is, and nobody else can become. */
export const databaseOwners = 'pg_database_owner'

/** Which roles are members of which, as the catalog has it, and what that makes of the acting role. */
export class RoleGraph {
  readonly catalog: Catalog
  readonly actingRole: string
  readonly isSuperuser: boolean
  /** Whether the acting role has CREATEROLE. */
  readonly createsRoles: boolean
  /** Whose privileges a role has; whom it can become by SET ROLE; whose member it is in any way. */
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
      ...catalog.membershipsOf(member).flatMap((row) => (counts(row) ? [row.role] : [])),
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

  /** Before 16 a role inherits or does not; the acting role does where it may give itself INHERIT. */
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

  /** Whether only superusers alter a role: before 16, for some of its attributes. */
  isReserved(role: string): boolean {
    const { replication = false, bypassRls = false } = this.catalog.roles.get(role) ?? {}
    return replication || (bypassRls && !has(this.catalog.server.version, 'altering of BYPASSRLS roles'))
  }

  /**
   * Whether a member has a role’s privileges by a row. Before 16 nobody can be counted on to be a member of the acting role, as
   * which it may be in the way.
   */
  #passesOn({ role, member, inherit }: Membership): boolean {
    const mayPause = role === this.actingRole && !this.catalog.membershipsHaveGrantors
    return inherit && !mayPause && this.inherits(member)
  }

  /** Whether the acting role has the privileges of a role as things are, but for its INHERIT before 16. */
  hasPrivilegesOf(role: string): boolean {
    return this.inheritsFrom.isReachable(this.actingRole, role)
  }

  /** Whether the acting role can become a role as things are. */
  canSetRole(role: string): boolean {
    return this.setsRoleTo.isReachable(this.actingRole, role)
  }

  /**
   * Whether the acting role may need until the end what a role is a member of: it acts as that role, or administers
   * others by what that one administers.
   */
  needs(role: string): boolean {
    if (this.isSuperuser) return false
    if (this.hasPrivilegesOf(role) || this.canSetRole(role)) return true
    const administers = (member: string): boolean =>
      this.catalog.membershipsOf(member).some(({ admin }) => admin)
    this.#administering ??= this.memberOf.leadingTo([this.actingRole], administers)
    return this.#administering.has(role)
  }

  /**
   * In which order memberships have to go: those by which the acting role administers others go last, and before those
   * by which it is a member of their members.
   */
  revocationRank({ role, member, admin }: Membership): number {
    if (!this.needs(member)) return 0
    return 1 + 2 * this.memberOf.count(role) + Number(admin)
  }

  /** By which rows others are members of the acting role that must not be for it to become a member of some roles. */
  membersInTheWay(roles: readonly string[]): readonly Membership[] {
    const above = this.memberOf.above(roles)
    return this.catalog.membersOf(this.actingRole).filter(({ member }) => above.has(member))
  }

  /** Whom to be a member of to have a role’s privileges: nobody can be granted pg_database_owner. */
  grantableStandIn(role: string): string {
    return role === databaseOwners ? this.catalog.server.databaseOwner : role
  }

  /** Others that have a role’s privileges, the nearest first. */
  othersWithPrivilegesOf(role: string): readonly string[] {
    const { databaseOwner } = this.catalog.server
    const members = new Set([role])
    for (const one of members) {
      for (const row of this.catalog.membersOf(one)) if (this.#passesOn(row)) members.add(row.member)
      if (one === databaseOwners && this.#ownsDatabase(databaseOwner) && this.inherits(databaseOwner))
        members.add(databaseOwner)
    }
    return [...members].filter((member) => member !== role && member !== this.actingRole)
  }

  /** Who has the ADMIN option for a role. */
  adminsOf(role: string): readonly string[] {
    return getOrMake(this.#admins, role, () =>
      this.catalog.membersOf(role).flatMap(({ member, admin }) => (admin ? [member] : [])),
    )
  }

  /** Of the acting role and the roles it is a member of, those that have the ADMIN option for a role, the nearest first. */
  administratorsOf(role: string, paths: MembershipGraph): readonly string[] {
    return getOrMake(this.#administrators, paths, () => this.#administratorsBy(paths)).get(role) ?? []
  }

  #administratorsBy(paths: MembershipGraph): ReadonlyMap<string, readonly string[]> {
    const all = new Map<string, string[]>()
    for (const member of paths.reachable(this.actingRole))
      for (const { role, admin } of this.catalog.membershipsOf(member)) {
        if (!admin) continue
        if (all.get(role)?.at(-1) !== member) append(all, role, member)
      }
    return all
  }

  isAdministrator(role: string): boolean {
    return this.administratorsOf(role, this.memberOf).length > 0
  }

  /** The roles that administer others for the acting role, which can become them. */
  delegates(): readonly string[] {
    return [...this.setsRoleTo.reachable(this.actingRole)].filter((name) => this.isDelegate(name))
  }

  /**
   * Whether a role administers others for the acting role. Who else is a member of it could become it, or let himself in, and
   * anybody who creates roles can give one its name: so it has to be one that the acting role has created, of which it
   * alone is a member.
   */
  isDelegate(name: string): boolean {
    if (!isDelegateName(name) || this.isSuperuser) return false
    const { administers, createRole, login, superuser, createDb, replication, bypassRls } =
      this.catalog.roles.get(name) ?? {}
    if (administers === undefined || !createRole) return false
    if (login || superuser || createDb || replication || bypassRls) return false
    const { bootstrapRole } = this.catalog.server
    const rows = this.catalog.membershipsIn(name, this.actingRole)
    const ofCreator = rows.find(({ grantor }) => grantor === bootstrapRole)
    return (
      ofCreator?.admin === true &&
      !isRealMember(ofCreator) &&
      rows.every(({ grantor }) => grantor === bootstrapRole || grantor === this.actingRole)
    )
  }

  /** The delegate that administers a role, if one does. */
  delegateFor(role: string): string | undefined {
    if (this.isSuperuser || !this.catalog.membershipsHaveGrantors) return undefined
    return this.administratorsOf(role, this.setsRoleTo).find((name) => this.isDelegate(name))
  }

  /** As whom statements about a role itself are run: as the delegate that administers it, where one does. */
  runAsFor(role: string): string {
    return this.delegateFor(role) ?? this.actingRole
  }

  /** Whether a role has another’s privileges, other than by what it may make itself a member of. */
  acts(role: string, other: string): boolean {
    return this.inheritsFrom.isReachable(role, other)
  }

  /** As which of some roles a role acts in that way. */
  actsAmong(role: string, others: ReadonlyMap<string, unknown>): Iterable<string> {
    return this.inheritsFrom.reachableAmong(role, others)
  }
}
