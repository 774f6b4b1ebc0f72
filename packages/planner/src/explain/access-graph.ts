import { databaseOwners } from '../access/role-graph.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { MembershipGraph } from '../catalog/membership-graph.ts'
import type { MembershipLink } from '../model/explanation.ts'
import { has } from '../postgres/features.ts'
import { flatMap, getOrMake } from '../util/collections.ts'

/** A membership, and what it is good for. */
export interface Hop {
  readonly link: Omit<MembershipLink, 'by'>
  /** The member has the privileges of the role without doing anything. */
  readonly inherits: boolean
  /** The member may SET ROLE to the role. */
  readonly sets: boolean
}

/**
 * Which roles have the privileges of which, as PostgreSQL decides it. Unlike the graph of the acting role, it takes
 * everything as it is, without what the acting role may change for a transaction.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (roles_is_member_of)
 */
export class AccessGraph {
  readonly catalog: Catalog
  /** The roles whose privileges a role has. */
  readonly inheritsFrom: MembershipGraph
  /** The roles that a role can SET ROLE to. */
  readonly setsRoleTo: MembershipGraph
  /** Both. */
  readonly leadsTo: MembershipGraph
  readonly #hops = new Map<string, readonly Hop[]>()
  readonly #grantors = new Map<string, ReadonlySet<string | null>>()
  readonly #avoiding: ReadonlySet<string>

  /** @param avoiding roles that are not followed: the graph is that of what others have without them */
  constructor(catalog: Catalog, avoiding: ReadonlySet<string> = new Set()) {
    this.catalog = catalog
    this.#avoiding = avoiding
    const rolesBy =
      (counts: (hop: Hop) => boolean) =>
      (member: string): readonly string[] =>
        flatMap(this.hopsOf(member), (hop) => (counts(hop) ? [hop.link.role] : []))
    this.inheritsFrom = new MembershipGraph(rolesBy(({ inherits }) => inherits))
    this.setsRoleTo = new MembershipGraph(rolesBy(({ sets }) => sets))
    this.leadsTo = new MembershipGraph(rolesBy(({ inherits, sets }) => inherits || sets))
  }

  /** The memberships of a role in others. */
  hopsOf(member: string): readonly Hop[] {
    return getOrMake(this.#hops, member, () => this.#hopsOf(member))
  }

  #hopsOf(member: string): readonly Hop[] {
    const { memberships, membershipsHaveGrantors, roles, server } = this.catalog
    // Before 16 the member decides, with its attribute INHERIT.
    const inherits = membershipsHaveGrantors || roles.get(member)?.inherit === true
    const hops = memberships
      .ofMember(member)
      .filter(({ role }) => !this.#avoiding.has(role))
      .map((link): Hop => ({ link, inherits: inherits && link.inherit, sets: link.set }))
    if (member !== server.databaseOwner || !has(server.version, 'pg_database_owner')) return hops
    if (this.#avoiding.has(databaseOwners)) return hops
    const link = { role: databaseOwners, member, grantor: null, admin: false, inherit: true, set: true }
    return [...hops, { link, inherits, sets: true }]
  }

  /** Whether a role has granted some membership in a role. */
  hasGranted(grantor: string, role: string): boolean {
    const grantors = getOrMake(
      this.#grantors,
      role,
      () => new Set(this.catalog.memberships.inRole(role).map((one) => one.grantor)),
    )
    return grantors.has(grantor)
  }

  /** Whether a role has the privileges of another one, apart from what a superuser may do. */
  hasPrivilegesOf(role: string, other: string): boolean {
    return this.inheritsFrom.isReachable(role, other)
  }
}
