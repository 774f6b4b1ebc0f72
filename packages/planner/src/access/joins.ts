import { isNameless } from '../model/nameless.ts'
import type { RoleGraph } from './role-graph.ts'

/** How the acting role can make itself a member of a role for the transaction. */
export interface Join {
  readonly role: string
  /** The role that runs the GRANT, and the grantor. */
  readonly as: string
  readonly grantor: string
}

/** The roles to join, one after the other; empty if that is not necessary. */
export type Joining = readonly Join[]

/** By role that a search has reached: the roles to join for that, in the shortest way. */
type Reached = Map<string, Joining>

/**
 * From 16 on, the roles that the acting role can make itself a member of: those it administers, those that
 * they administer, and so on.
 */
export class Joins {
  readonly #graph: RoleGraph
  readonly #losers: ReadonlySet<string>
  readonly #joining = new Map<string, Joining>()
  /** The roles whose privileges the acting role can have, and those that it can SET ROLE to. */
  readonly #having: Reached = new Map()
  readonly #being: Reached = new Map()

  /** @param losers roles whose ADMIN options may go while they are needed */
  constructor(graph: RoleGraph, losers: ReadonlySet<string>) {
    this.#graph = graph
    this.#losers = losers
    this.#search(graph.actingRole)
  }

  /** The roles to join to be a member of a role, that role included; `undefined` if that is impossible. */
  toJoin(role: string): Joining | undefined {
    return this.#joining.get(role)
  }

  /** The roles to join to have a role’s privileges. */
  toHave(role: string): Joining | undefined {
    return this.#having.get(role)
  }

  /** The roles to join to be able to SET ROLE to a role. */
  toBecome(role: string): Joining | undefined {
    return this.#being.get(role)
  }

  #search(acting: string): void {
    this.#reach(acting, [])
    const [searched, walked] = [new Set<string>(), new Set<string>()]
    // A Map visits what is added to it during the iteration. The search is repeated if one has added to the other.
    for (let before = -1; before !== searched.size;) {
      before = searched.size
      for (const [role, joining] of this.#having) this.#administering(acting, role, joining, searched)
      for (const [role, joining] of this.#being) {
        if (this.#graph.catalog.isSuperuser(role)) continue
        for (const admin of this.#graph.inheritsFrom.unknownFrom(role, walked)) {
          walked.add(admin)
          this.#administering(role, admin, joining, searched)
        }
      }
    }
  }

  #reach(member: string, joining: Joining): void {
    for (const role of this.#graph.inheritsFrom.unknownFrom(member, this.#having))
      this.#having.set(role, joining)
    for (const role of this.#graph.setsRoleTo.unknownFrom(member, this.#being)) this.#being.set(role, joining)
  }

  /** Joins the roles that a grantor administers, in whose name the acting role can grant them. */
  #administering(as: string, grantor: string, joining: Joining, searched: Set<string>): void {
    if (searched.has(grantor) || (joining.length > 0 && this.#losers.has(grantor))) return
    if (isNameless(as) || isNameless(grantor)) return
    searched.add(grantor)
    for (const { role, admin } of this.#graph.catalog.memberships.ofMember(grantor)) {
      if (!admin || this.#joining.has(role) || !this.#mayBeJoined(role)) continue
      const joined = [...joining, { role, as, grantor }]
      this.#joining.set(role, joined)
      this.#reach(role, joined)
    }
  }

  #mayBeJoined(role: string): boolean {
    return this.#graph.catalog.roles.get(role)?.superuser === false && !isNameless(role)
  }
}
