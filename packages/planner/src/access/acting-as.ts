import { isNameless } from '../model/nameless.ts'
import { getOrMake } from '../util/collections.ts'
import { type Joining, Joins } from './joins.ts'
import type { RoleGraph } from './role-graph.ts'

/** What a search has found, or that there is nothing. */
interface Found<T> {
  readonly found: T | undefined
}

/**
 * As whom the acting role may act: as who it is a member of, for good, or because it may make itself a member for the
 * transaction. A superuser may act as anybody.
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

  /** Whether the acting role can become a role, or may make itself able to: then it may make it an owner. */
  maySetRole(role: string): boolean {
    return this.#graph.isSuperuser || this.toSetRole(role) !== undefined
  }

  /** What the acting role has to make itself a member of to have a role’s privileges; `undefined` where it may not. */
  toActAs(role: string): Joining | undefined {
    if (isNameless(role)) return undefined
    if (this.#graph.hasPrivilegesOf(role)) return []
    if (this.#keepsTrackOf(role)) return this.#joins.toHave(role)
    if (!this.#graph.inherits(this.#graph.actingRole)) return undefined
    const isRepresented = this.#graph.inheritsFrom.isReachable(this.#graph.grantableStandIn(role), role)
    return isRepresented ? (this.#toJoin(role) ?? this.#toJoinMember(role)) : undefined
  }

  /** The same to be able to become it. */
  toSetRole(role: string): Joining | undefined {
    if (isNameless(role)) return undefined
    if (this.#graph.canSetRole(role)) return []
    return this.#keepsTrackOf(role) ? this.#joins.toBecome(role) : this.#toJoin(role)
  }

  /** What the acting role has to make itself a member of to be one, in any way, of who has the ADMIN option for a role. */
  toAdminister(role: string): Joining | undefined {
    if (!this.#graph.catalog.membershipsHaveGrantors || this.#graph.isAdministrator(role)) return []
    return getOrMake(this.#ways, role, () => ({ found: this.#wayToAdminister(role) })).found
  }

  /** As whom to say something in a role’s name that only that role, or who has its privileges, may say. */
  proxyFor(role: string): string | undefined {
    for (const proxy of this.proxies(role)) return proxy
    return undefined
  }

  /**
   * As whom to do something in a role’s name: as the acting role, as that role itself, or as another that has its privileges.
   */
  *proxies(role: string): Iterable<string> {
    if (isNameless(role)) return
    if (this.mayActAs(role)) yield this.#graph.actingRole
    // Nobody becomes a superuser but in the name of one.
    if (this.maySetRole(role) && (this.mayActAs(role) || !this.#graph.catalog.isSuperuser(role))) yield role
    if (!this.#graph.isSuperuser) yield* getOrMake(this.#others, role, () => this.#othersWith(role))
  }

  /**
   * Others that have a role’s privileges and that the acting role may become, the nearest first. Before 16 it may be whom it
   * likes, but for superusers.
   */
  #othersWith(role: string): readonly string[] {
    return this.#graph.catalog.membershipsHaveGrantors || this.#graph.catalog.isSuperuser(role)
      ? this.#graph
          .othersWithPrivilegesOf(role)
          .filter((one) => !this.#graph.catalog.isSuperuser(one) && this.maySetRole(one))
      : []
  }

  /** From 16 on rows say who administers a role; what is still to be created, its creator will. */
  #keepsTrackOf(role: string): boolean {
    return this.#graph.catalog.membershipsHaveGrantors && this.#graph.catalog.roles.has(role)
  }

  /** Whoever may grant a role may join it. */
  #toJoin(role: string): Joining | undefined {
    const representative = this.#graph.grantableStandIn(role)
    return this.#mayGrant(representative)
      ? [{ role: representative, as: this.#graph.actingRole, grantor: this.#graph.actingRole }]
      : undefined
  }

  /** Before 16: of who may not be joined, a superuser, another member may be that has its privileges. */
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
