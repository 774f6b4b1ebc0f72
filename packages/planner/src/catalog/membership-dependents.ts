import type { Membership } from '../model/membership.ts'
import { append, getOrMake } from '../util/collections.ts'
import type { Catalog } from './catalog.ts'

/**
 * Which memberships depend on others in a catalog that does not change. From 16 on, a row of `pg_auth_members` can only
 * go together with what its member has granted by virtue of its ADMIN option, and with what depends on that.
 */
export class MembershipDependents {
  readonly #catalog: Catalog
  /** By quality and role: the grantors of the role on whose ADMIN options a row with that quality depends. */
  readonly #grantors = new Map<(row: Membership) => boolean, Map<string, ReadonlySet<string>>>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** Whether a row with a quality depends on this row. This is worked out for all rows of a role at once. */
  some({ role, member, admin }: Membership, hasQuality: (row: Membership) => boolean): boolean {
    if (!this.#catalog.membershipsHaveGrantors || !admin) return false
    const byRole = getOrMake(this.#grantors, hasQuality, () => new Map<string, ReadonlySet<string>>())
    return getOrMake(byRole, role, () => this.#grantorsOf(role, hasQuality)).has(member)
  }

  #grantorsOf(role: string, hasQuality: (row: Membership) => boolean): ReadonlySet<string> {
    const administrators = new Map<string, string[]>()
    const grantors = new Set<string>()
    for (const row of this.#catalog.memberships.inRole(role)) {
      if (row.admin) append(administrators, row.member, row.grantor)
      if (hasQuality(row)) grantors.add(row.grantor)
    }
    // A Set visits what is added to it during the iteration.
    for (const grantor of grantors) for (const above of administrators.get(grantor) ?? []) grantors.add(above)
    return grantors
  }
}
