import { isNameless } from '../model/nameless.ts'
import { getOrMake } from '../util/collections.ts'
import { type Joining, Joins } from './joins.ts'
import type { RoleGraph } from './role-graph.ts'

/** The result of a search that may have found nothing. */
export interface Found<T> {
  readonly found: T | undefined
}

/**
 * The roles that the acting role may act as: those it is a member of, and those it may make itself a member
 * of for the transaction. A superuser may act as any role.
 * @see https://www.postgresql.org/docs/current/role-membership.html
 */
export class ActingAs {
  readonly #graph: RoleGraph
  readonly #mayGrant: (role: string) => boolean
  readonly #losers: ReadonlySet<string>
  #found: Joins | undefined
  readonly #ways = new Map<string, Found<Joining>>()
  readonly #waysByMembers = new Map<string, Found<Joining>>()
  readonly #others = new Map<string, readonly string[]>()

  /**
   * @param mayGrant whether the acting role may grant a role
   * @param losers roles in whose name it must not make itself a member of others, because their memberships change
   */
  constructor(graph: RoleGraph, mayGrant: (role: string) => boolean, losers: ReadonlySet<string>) {
    this.#graph = graph
    this.#mayGrant = mayGrant
    this.#losers = losers
  }

  get #joins(): Joins {
    return (this.#found ??= new Joins(this.#graph, this.#losers))
  }

  /** Whether the acting role has a role’s privileges, or may give them to itself. */
  mayActAs(role: string): boolean {
    return !isNameless(role) && (this.#graph.isSuperuser || this.toActAs(role) !== undefined)
  }

  /** Whether the acting role can SET ROLE to a role, or may make itself able to. Then it may make the role an owner. */
  maySetRole(role: string): boolean {
    return this.#graph.isSuperuser || this.toSetRole(role) !== undefined
  }

  /** The roles that the acting role has to join to have a role’s privileges; `undefined` if it may not. */
  toActAs(role: string): Joining | undefined {
    if (isNameless(role)) return undefined
    if (this.#graph.hasPrivilegesOf(role)) return []
    if (this.#keepsTrackOf(role)) return this.#joins.toHave(role)
    if (!this.#graph.inherits(this.#graph.actingRole)) return undefined
    const isRepresented = this.#graph.inheritsFrom.isReachable(this.#graph.grantableStandIn(role), role)
    return isRepresented ? (this.#toJoin(role) ?? this.#toJoinMember(role)) : undefined
  }

  /** The same for SET ROLE to a role. */
  toSetRole(role: string): Joining | undefined {
    if (isNameless(role)) return undefined
    if (this.#graph.canSetRole(role)) return []
    return this.#keepsTrackOf(role) ? this.#joins.toBecome(role) : this.#toJoin(role)
  }

  /**
   * The roles that the acting role has to join to be a member, in any way, of a role with the ADMIN option for another.
   */
  toAdminister(role: string): Joining | undefined {
    if (!this.#graph.catalog.membershipsHaveGrantors || this.#graph.isAdministrator(role)) return []
    return getOrMake(this.#ways, role, () => ({ found: this.#wayToAdminister(role) })).found
  }

  /** The role that runs a statement which only a certain role, or one with its privileges, may run. */
  proxyFor(role: string): string | undefined {
    for (const proxy of this.proxies(role)) return proxy
    return undefined
  }

  /** The roles that can run such a statement: the acting role, that role itself, or others that have its privileges. */
  *proxies(role: string): Iterable<string> {
    if (isNameless(role)) return
    if (this.mayActAs(role)) yield this.#graph.actingRole
    // The acting role becomes a superuser only if it may have that superuser’s privileges anyway.
    if (this.maySetRole(role) && (this.mayActAs(role) || !this.#graph.catalog.isSuperuser(role))) yield role
    if (!this.#graph.isSuperuser) yield* getOrMake(this.#others, role, () => this.#othersWith(role))
  }

  /**
   * Others that have a role’s privileges and that the acting role may SET ROLE to, the nearest first. Before
   * 16 they are needed for superusers only: the acting role may join any other role.
   */
  #othersWith(role: string): readonly string[] {
    return this.#graph.catalog.membershipsHaveGrantors ||
      this.#graph.catalog.isSuperuser(this.#graph.grantableStandIn(role))
      ? this.#graph
          .othersWithPrivilegesOf(role)
          .filter((one) => !this.#graph.catalog.isSuperuser(one) && this.maySetRole(one))
      : []
  }

  /** Whether rows say who administers a role: they do from 16 on, but not for a role that is still to be created. */
  #keepsTrackOf(role: string): boolean {
    return this.#graph.catalog.membershipsHaveGrantors && this.#graph.catalog.roles.has(role)
  }

  /** A role that may grant another may join it. */
  #toJoin(role: string): Joining | undefined {
    const representative = this.#graph.grantableStandIn(role)
    return this.#mayGrant(representative)
      ? [{ role: representative, as: this.#graph.actingRole, grantor: this.#graph.actingRole }]
      : undefined
  }

  /** Before 16: a superuser may not be joined, but another role that has its privileges may. */
  #toJoinMember(role: string): Joining | undefined {
    return getOrMake(this.#waysByMembers, role, () => {
      for (const member of this.#graph.othersWithPrivilegesOf(role)) {
        const found = this.#toJoin(member)
        if (found !== undefined) return { found }
      }
      return { found: undefined }
    }).found
  }

  #wayToAdminister(role: string): Joining | undefined {
    let best: Joining | undefined
    for (const member of this.#graph.adminsOf(role)) {
      const way = this.#joins.toHave(member) ?? this.#joins.toJoin(member)
      if (way !== undefined && (best === undefined || way.length < best.length)) best = way
    }
    return best
  }
}
