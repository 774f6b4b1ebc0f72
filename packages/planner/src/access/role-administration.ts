import type { Membership } from '../model/membership.ts'
import { isNameless, isNamelessMembership } from '../model/nameless.ts'
import type { GrantMembership } from '../model/operation.ts'
import { type Attribute, attributes } from '../postgres/attribute.ts'
import { has } from '../postgres/features.ts'
import { getOrMake } from '../util/collections.ts'
import { ActingAs } from './acting-as.ts'
import type { Joining } from './joins.ts'
import { databaseOwners, type RoleGraph } from './role-graph.ts'

const nobody: ReadonlySet<string> = new Set()

/**
 * Which roles the acting role may grant, alter and drop, and in whose name.
 * @see https://www.postgresql.org/docs/current/role-attributes.html
 */
export class RoleAdministration {
  readonly acting: ActingAs
  readonly #graph: RoleGraph
  /** By those who may lose memberships, then by role: who administers it only by what they have granted. */
  readonly #dependent = new Map<ReadonlySet<string>, Map<string, ReadonlySet<string>>>()

  /** @param losers roles in whose name the acting role must not join others, because their memberships change */
  constructor(graph: RoleGraph, losers: ReadonlySet<string> = nobody) {
    this.#graph = graph
    this.acting = new ActingAs(graph, (role) => this.mayGrant(role), losers)
  }

  get mayCreateRoles(): boolean {
    return this.#graph.isSuperuser || this.#graph.createsRoles
  }

  /**
   * Whether the acting role may make others, or itself, members of a role.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (check_role_membership_authorization)
   */
  mayGrant(role: string, losers: ReadonlySet<string> = nobody): boolean {
    if (isNameless(role)) return false
    if (this.#graph.isSuperuser) return true
    const existing = this.#graph.catalog.roles.get(role)
    if (existing === undefined) return this.mayCreateRoles
    if (
      existing.superuser ||
      (role === databaseOwners && has(this.#graph.catalog.server.version, 'pg_database_owner'))
    )
      return false
    if (this.#graph.catalog.membershipsHaveGrantors)
      return (
        this.#graph.delegateFor(role) !== undefined ||
        this.#recordedGrantor(role, losers) !== undefined ||
        this.#otherGrantor(role, losers) !== undefined
      )
    return this.#graph.createsRoles || this.#isLoggedIn(role) || this.#graph.isAdministrator(role)
  }

  /**
   * The grantor when the acting role grants a role; `undefined` if it may not.
   * @param losers roles that must not be the grantor, because they will lose the ADMIN option, and with them who has it
   * from them
   */
  grantorOf(role: string, losers: ReadonlySet<string> = nobody): string | undefined {
    const { membershipsHaveGrantors, server } = this.#graph.catalog
    if (this.#graph.isSuperuser)
      return membershipsHaveGrantors ? server.bootstrapRole : this.#graph.actingRole
    if (!this.mayGrant(role, losers)) return undefined
    if (!membershipsHaveGrantors) return this.#graph.actingRole
    return (
      this.#graph.delegateFor(role) ??
      this.#recordedGrantor(role, losers) ??
      this.#otherGrantor(role, losers) ??
      this.#graph.actingRole
    )
  }

  /**
   * How a role is granted by a grantor: which role runs the GRANT, and whether it has to name the grantor
   * because PostgreSQL would record another.
   */
  granting(role: string, grantor: string): Pick<GrantMembership, 'grantor' | 'namesGrantor' | 'as'> {
    const isOwn =
      this.#graph.isSuperuser || !this.#graph.catalog.membershipsHaveGrantors || this.acting.mayActAs(grantor)
    const as = this.#graph.delegateFor(role) ?? (isOwn ? this.#graph.actingRole : grantor)
    return { grantor, ...(!this.#graph.isSuperuser && grantor !== as && { namesGrantor: true as const }), as }
  }

  /** Whether the acting role may revoke a membership, from 16 on in the name of its grantor. */
  mayRevoke(row: Membership): boolean {
    if (isNamelessMembership(row, this.#graph.catalog.membershipsHaveGrantors)) return false
    if (this.#graph.isSuperuser || !this.#graph.catalog.membershipsHaveGrantors)
      return this.mayGrant(row.role)
    return this.#revoker(row) !== undefined
  }

  /** The role that runs the REVOKE of a membership: the delegate that has granted it, if one has. */
  runAsToRevoke(row: Membership): string {
    return (
      (this.#graph.catalog.membershipsHaveGrantors ? this.#revoker(row) : undefined) ?? this.#graph.actingRole
    )
  }

  /** The roles that the acting role joins to revoke a membership that it may revoke. */
  joinsToRevoke(row: Membership): Joining {
    const { actingRole, catalog, isSuperuser } = this.#graph
    if (isSuperuser || !catalog.membershipsHaveGrantors) return []
    const as = this.runAsToRevoke(row)
    if (as !== actingRole) return this.acting.toSetRole(as) ?? []
    return [...(this.acting.toActAs(row.grantor) ?? []), ...(this.acting.toAdminister(row.role) ?? [])]
  }

  /** From 16 on, the role that can revoke a membership in the name of its grantor. */
  #revoker({ role, grantor }: Membership): string | undefined {
    if (this.#graph.isSuperuser) return this.#graph.actingRole
    if (this.#graph.delegateFor(role) === grantor) return grantor
    if (this.#graph.catalog.isSuperuser(role)) return undefined
    for (const proxy of this.acting.proxies(grantor)) if (this.#administers(proxy, role)) return proxy
    return undefined
  }

  /** Whether the acting role may change a role’s LOGIN, PASSWORD and VALID UNTIL. */
  mayAlter(role: string): boolean {
    const existing = this.#graph.catalog.roles.get(role)
    if (this.#graph.isSuperuser || existing === undefined) return this.mayCreateRoles
    if (!this.#graph.createsRoles || existing.superuser) return false
    if (this.#graph.catalog.membershipsHaveGrantors) return this.acting.toAdminister(role) !== undefined
    return !this.#graph.isReserved(role)
  }

  /**
   * Whether the acting role may run ALTER ROLE on a role without borrowing anything, to lock it. Nobody can
   * alter the predefined roles.
   */
  mayLock(role: string): boolean {
    if (role.startsWith('pg_') || !this.mayAlter(role)) return false
    const isNow =
      this.#graph.isSuperuser ||
      !this.#graph.catalog.membershipsHaveGrantors ||
      !this.#graph.catalog.roles.has(role)
    return isNow || this.#graph.isAdministrator(role)
  }

  /**
   * Whether the acting role may give a role an attribute, or take it away.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (AlterRole)
   */
  maySetAttribute(role: string, attribute: Attribute): boolean {
    if (this.#graph.isSuperuser) return true
    if (attribute === 'SUPERUSER' || !this.mayAlter(role)) return false
    if (attribute !== 'CREATEDB' && attribute !== 'REPLICATION' && attribute !== 'BYPASSRLS') return true
    if (!this.#graph.catalog.membershipsHaveGrantors) return attribute === 'CREATEDB'
    return this.#graph.catalog.roles.get(this.#graph.actingRole)?.[attributes[attribute]] === true
  }

  /** Whether the acting role may drop a role. */
  mayDrop(role: string): boolean {
    if (this.#graph.isSuperuser) return true
    if (!this.#graph.createsRoles || this.#graph.catalog.isSuperuser(role)) return false
    return !this.#graph.catalog.membershipsHaveGrantors || this.#graph.isAdministrator(role)
  }

  #administers(proxy: string, role: string): boolean {
    if (proxy === this.#graph.actingRole) return this.acting.toAdminister(role) !== undefined
    return (
      !this.#graph.catalog.isSuperuser(proxy) &&
      this.#graph.adminsOf(role).some((member) => this.#graph.memberOf.isReachable(proxy, member))
    )
  }

  /** Before 15, a role administers itself if the session is logged in as it. */
  #isLoggedIn(role: string): boolean {
    const { version, sessionRole } = this.#graph.catalog.server
    return !has(version, 'no self-administration') && role === this.#graph.actingRole && role === sessionRole
  }

  /** From 16 on: the grantor that PostgreSQL records. The membership goes when the grantor loses the ADMIN option. */
  #recordedGrantor(role: string, losers: ReadonlySet<string>): string | undefined {
    return this.#graph
      .administratorsOf(role, this.#graph.inheritsFrom)
      .find(
        (administrator) =>
          administrator === this.#graph.actingRole ||
          (this.#remains(administrator, role, losers) && !isNameless(administrator)),
      )
  }

  /** Whether a role with the ADMIN option keeps it when others lose theirs. */
  #remains(administrator: string, role: string, losers: ReadonlySet<string>): boolean {
    if (losers.has(administrator)) return false
    if (losers.size === 0) return true
    const byRole = getOrMake(this.#dependent, losers, () => new Map<string, ReadonlySet<string>>())
    return !getOrMake(byRole, role, () => this.#dependentOn(role, losers)).has(administrator)
  }

  /** Who has the ADMIN option for a role only from roles that may lose it, or from who has it only from them. */
  #dependentOn(role: string, losers: ReadonlySet<string>): ReadonlySet<string> {
    const { catalog, actingRole } = this.#graph
    const mayLose = (member: string): boolean =>
      losers.has(member) &&
      catalog.memberships.between(role, member).every((row) => !row.admin || this.mayRevoke(row)) &&
      catalog.memberships.grantedBy(member, role).every((row) => this.mayRevoke(row))
    const dependent = new Set<string>()
    const grantors = new Set(this.#graph.adminsOf(role).filter(mayLose))
    // A Set visits what is added to it during the iteration.
    for (const grantor of grantors)
      for (const { member, admin } of catalog.memberships.grantedBy(grantor, role)) {
        if (!admin || member === actingRole || grantors.has(member)) continue
        const rows = catalog.memberships.between(role, member).filter((row) => row.admin)
        if (!rows.every((row) => grantors.has(row.grantor))) continue
        dependent.add(member)
        grantors.add(member)
      }
    return dependent
  }

  /** Another role with the ADMIN option that the acting role may act as or SET ROLE to. */
  #otherGrantor(role: string, losers: ReadonlySet<string>): string | undefined {
    return this.#graph
      .adminsOf(role)
      .find(
        (member) =>
          this.#remains(member, role, losers) &&
          this.#graph.catalog.roles.has(member) &&
          !this.#graph.catalog.isSuperuser(member) &&
          (this.acting.mayActAs(member) || this.acting.maySetRole(member)),
      )
  }
}
