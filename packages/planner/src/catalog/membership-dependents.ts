import type { Membership } from '../model/membership.ts'
import { append, getOrMake } from '../util/collections.ts'
import type { Catalog } from './catalog.ts'

/**
 * What depends on rows of `pg_auth_members` in a catalog that stays as it is: from 16 on, what a member has granted by virtue
 * of a row’s ADMIN option, and others by virtue of that, goes with the row.
 */
export class MembershipDependents {
  readonly #catalog: Catalog
  /** By quality and role: who has granted the role so that something with that quality depends on it. */
  readonly #grantors = new Map<(row: Membership) => boolean, Map<string, ReadonlySet<string>>>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** Whether something that depends on a row has a quality; of all rows of a role that is found out at once. */
  some({ role, member, admin }: Membership, hasQuality: (row: Membership) => boolean): boolean {
    if (!this.#catalog.membershipsHaveGrantors || !admin) return false
    const byRole = getOrMake(this.#grantors, hasQuality, () => new Map<string, ReadonlySet<string>>())
    return getOrMake(byRole, role, () => this.#grantorsOf(role, hasQuality)).has(member)
  }

  #grantorsOf(role: string, hasQuality: (row: Membership) => boolean): ReadonlySet<string> {
    const administrators = new Map<string, string[]>()
    const grantors = new Set<string>()
    for (const row of this.#catalog.membersOf(role)) {
      if (row.admin) append(administrators, row.member, row.grantor)
      if (hasQuality(row)) grantors.add(row.grantor)
    }
    // A Set visits what is added to it while it is walked.
    for (const grantor of grantors) for (const above of administrators.get(grantor) ?? []) grantors.add(above)
    return grantors
  }
}
