import { isNameless } from '../model/nameless.ts'
import type { RoleGraph } from './role-graph.ts'

/** How the acting role can make itself a member of a role for a while. */
export interface Join {
  readonly role: string
  /** As whom the role is granted, and in whose name. */
  readonly as: string
  readonly grantor: string
}

/** What has to be joined, one after the other; nothing, where it is so already. */
export type Joining = readonly Join[]

/** What is known of a role that a search comes to: what has to be joined for that, the shortest way there is. */
type Reached = Map<string, Joining>

/**
 * From 16 on, the roles that the acting role can make itself a member of: those it administers, those that they
 * administer, and so on. It is looked through when it is asked for.
 */
export class Joins {
  readonly #graph: RoleGraph
  readonly #losers: ReadonlySet<string>
  readonly #joining = new Map<string, Joining>()
  /** Whose privileges the acting role has, or would have; whom it can become, or could. */
  readonly #having: Reached = new Map()
  readonly #being: Reached = new Map()

  /** @param losers roles whose ADMIN options may go while they are needed */
  constructor(graph: RoleGraph, losers: ReadonlySet<string>) {
    this.#graph = graph
    this.#losers = losers
    this.#search(graph.actingRole)
  }

  /** What has to be joined to be a member of a role, that role included; `undefined` where that cannot be. */
  toJoin(role: string): Joining | undefined {
    return this.#joining.get(role)
  }

  /** What has to be joined to have a role’s privileges. */
  toHave(role: string): Joining | undefined {
    return this.#having.get(role)
  }

  /** What has to be joined to be able to become a role. */
  toBecome(role: string): Joining | undefined {
    return this.#being.get(role)
  }

  #search(acting: string): void {
    this.#reach(acting, [])
    const [searched, walked] = [new Set<string>(), new Set<string>()]
    // Maps visit what is added to them while they are walked: once more, where one has added to the other.
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

  /** Joins what one role administers, in whose name the acting role can speak. */
  #administering(as: string, grantor: string, joining: Joining, searched: Set<string>): void {
    if (searched.has(grantor) || (joining.length > 0 && this.#losers.has(grantor))) return
    if (isNameless(as) || isNameless(grantor)) return
    searched.add(grantor)
    for (const { role, admin } of this.#graph.catalog.membershipsOf(grantor)) {
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
