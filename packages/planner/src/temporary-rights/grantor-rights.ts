import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { tableOf } from '../catalog/column.ts'
import { holdsOption } from '../catalog/grant-option.ts'
import type { Revoked } from '../diff/revoked.ts'
import type { Operation } from '../model/operation.ts'
import { type AclEntry, aclKey, heldBy } from '../postgres/acl.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Goal } from '../resolve/target-state.ts'
import { flatMap, getOrMake } from '../util/collections.ts'
import { temporarily, type TemporaryRight } from './temporary-right.ts'

const nobody: ReadonlySet<string> = new Set()

const optionKey = ({ key }: CatalogObject, privilege: Privilege): string => `${key}\0${privilege}`

const named = ({ kind, name }: CatalogObject) => ({ kind, name })

/**
 * What grantors need so that their grants can be revoked. PostgreSQL revokes in the name of a grantor, which must hold
 * the grant option, and must not be a superuser: as a superuser, only the owner’s grants are revoked.
 */
export class GrantorRights {
  readonly #catalog: Catalog
  readonly #goal: Goal
  readonly #paused = new Map<string, TemporaryRight>()
  readonly #options = new Map<string, TemporaryRight>()
  /** By object and privilege: the roles that are lent the grant option. */
  readonly #lent = new Map<string, Set<string>>()

  constructor(catalog: Catalog, goal: Goal, all: readonly Revoked[]) {
    this.#catalog = catalog
    this.#goal = goal
    const gone = new Set(
      all.map(({ object, item, privilege }) => `${optionKey(object, privilege)}\0${aclKey(item)}`),
    )
    for (const revoked of all) if (revoked.item.grantor !== revoked.object.owner) this.#enable(revoked, gone)
  }

  get rights(): readonly TemporaryRight[] {
    return [...this.#paused.values(), ...this.#options.values()]
  }

  /** The role that revokes a privilege in the name of a grantor, while grant options are lent. */
  runAs(
    object: CatalogObject,
    privilege: Privilege,
    { grantor, grantee: from }: Pick<AclEntry, 'grantor' | 'grantee'>,
  ): string {
    const lentTo = this.#lent.get(optionKey(object, privilege)) ?? nobody
    return this.#goal.access.overPrivileges.objects.runAs(object, privilege, {
      grantor,
      from,
      newHolders: lentTo,
    })
  }

  /**
   * Gives a grantor that does not own the object what it needs: it may have become a superuser, or have lost
   * the grant option.
   */
  #enable({ object, item: { grantor }, privilege }: Revoked, gone: ReadonlySet<string>): void {
    const key = optionKey(object, privilege)
    const lentTo = getOrMake(this.#lent, key, () => new Set())
    if (this.#goal.access.now.isSuperuser && this.#catalog.isSuperuser(grantor))
      this.#paused.set(grantor, this.#pause(grantor))
    if (lentTo.has(grantor) || holdsOption(this.#catalog, object, privilege, grantor)) return
    lentTo.add(grantor)
    const right = this.#lendOption(object, privilege, grantor)
    // The loan ends by itself if what the owner granted to the grantor, here or on the table, is revoked.
    const isGone = [object, ...tableOf(this.#catalog, object)].some((one) =>
      gone.has(`${optionKey(one, privilege)}\0${aclKey({ grantee: grantor, grantor: object.owner })}`),
    )
    this.#options.set(`${key}\0${grantor}`, isGone ? { ...right, after: [] } : right)
  }

  #pause(role: string): TemporaryRight {
    const base = {
      kind: 'setAttribute',
      role,
      attribute: 'SUPERUSER',
      as: this.#catalog.server.actingRole,
    } as const
    return {
      before: [{ ...base, value: false, reason: temporarily('pause', role) }],
      after: [{ ...base, value: true, reason: temporarily('resume', role) }],
    }
  }

  /** Lends a grant option. Taking it back on a table also takes it on the columns, where it has to be put back. */
  #lendOption(object: CatalogObject, privilege: Privilege, grantee: string): TemporaryRight {
    const held = { privilege, grantee, grantor: object.owner }
    const grantOptionOnly = heldBy(object.acl, held) !== undefined
    const base = { ...held, as: this.runAs(object, privilege, held) }
    const reason = temporarily('take back', grantee)
    const columns = object.kind === 'table' ? this.#catalog.followersOf(object) : []
    const putBack = flatMap(columns, (column): Operation[] => {
      const grantable = heldBy(column.acl, held)
      if (column.kind !== 'column' || grantable === undefined || (grantOptionOnly && !grantable)) return []
      const on = { ...base, object: named(column) }
      return [{ kind: 'grantPrivilege', ...on, ...(grantable && { grantable }), reason }]
    })
    const on = { ...base, object: named(object) }
    return {
      before: [{ kind: 'grantPrivilege', ...on, grantable: true, reason: temporarily('lend', grantee) }],
      after: [{ kind: 'revokePrivilege', ...on, grantOptionOnly, reason }, ...putBack],
    }
  }
}
