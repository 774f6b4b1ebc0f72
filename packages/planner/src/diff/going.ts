import {
  type AclDependencies,
  type Granted,
  grantedKey,
  givesOption,
  optionKey,
} from '../catalog/acl-dependencies.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Revoked } from './revoked.ts'

/** The privileges that are to go, and the grant options that go with them. */
export class Going {
  readonly #dependencies: AclDependencies
  readonly #all = new Map<string, Revoked>()
  /** The items that no longer give a grant option. */
  readonly #lost = new Set<string>()
  /** How many such items there are for each grant option. */
  readonly #lostOf = new Map<string, number>()

  constructor(dependencies: AclDependencies) {
    this.#dependencies = dependencies
  }

  /** In the order in which they were first added. An iteration also visits what is added meanwhile. */
  values(): Iterable<Revoked> {
    return this.#all.values()
  }

  get(granted: Granted): Revoked | undefined {
    return this.#all.get(grantedKey(granted))
  }

  set(revoked: Revoked): void {
    const key = grantedKey(revoked)
    if (!this.#all.has(key)) this.#loseOptions(revoked)
    this.#all.set(key, revoked)
  }

  #loseOptions(granted: Granted): void {
    const { object, item, privilege } = granted
    for (const one of [object, ...this.#dependencies.columnsWith(granted)]) {
      if (!givesOption(one, granted)) continue
      const key = grantedKey({ object: one, item, privilege })
      if (this.#lost.has(key)) continue
      this.#lost.add(key)
      const option = optionKey(one, privilege, item.grantee)
      this.#lostOf.set(option, (this.#lostOf.get(option) ?? 0) + 1)
    }
  }

  /**
   * Whether what a role has granted on an object by virtue of a grant option may stay. PostgreSQL looks at the ACL that
   * loses the grant option: on a column, the one on the table is of no use to a role that had one on the column.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (recursive_revoke)
   */
  keepsOption(object: CatalogObject, privilege: Privilege, role: string): boolean {
    const own = this.#dependencies.optionsOf(object, privilege, role).length
    if (own > 0) return own > (this.#lostOf.get(optionKey(object, privilege, role)) ?? 0)
    return this.mayStillGrant(object, privilege, role)
  }

  /** Whether a role may still grant a privilege on an object. */
  mayStillGrant(object: CatalogObject, privilege: Privilege, role: string): boolean {
    return this.#dependencies.holdsOption(object, privilege, role, (option) => this.#lostOf.get(option) ?? 0)
  }
}
