import { append, getOrMake } from './get-or-make.ts'
import type { Membership } from './snapshot.ts'
import type { World } from './world.ts'

/**
 * What depends on rows of `pg_auth_members` in a world that stays as it is: from 16 on, what a member has granted by virtue
 * of a row’s ADMIN option, and others by virtue of that, goes with the row.
 */
export class MembershipDependents {
  readonly #world: World
  /** By quality and role: who has granted the role so that something with that quality depends on it. */
  readonly #grantors = new Map<(row: Membership) => boolean, Map<string, ReadonlySet<string>>>()

  constructor(world: World) {
    this.#world = world
  }

  /** Whether something that depends on a row has a quality; of all rows of a role that is found out at once. */
  some({ role, member, admin }: Membership, hasQuality: (row: Membership) => boolean): boolean {
    if (!this.#world.membershipsHaveGrantors || !admin) return false
    const byRole = getOrMake(this.#grantors, hasQuality, () => new Map<string, ReadonlySet<string>>())
    return getOrMake(byRole, role, () => this.#grantorsOf(role, hasQuality)).has(member)
  }

  #grantorsOf(role: string, hasQuality: (row: Membership) => boolean): ReadonlySet<string> {
    const administrators = new Map<string, string[]>()
    const grantors = new Set<string>()
    for (const row of this.#world.membersOf(role)) {
      if (row.admin) append(administrators, row.member, row.grantor)
      if (hasQuality(row)) grantors.add(row.grantor)
    }
    // A Set visits what is added to it while it is walked.
    for (const grantor of grantors) for (const above of administrators.get(grantor) ?? []) grantors.add(above)
    return grantors
  }
}
