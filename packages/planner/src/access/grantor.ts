import type { CatalogObject } from '../catalog/catalog.ts'
import { columnsOf, tableOf } from '../catalog/column.ts'
import { few, type ReadonlyAcl } from '../postgres/acl.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { getOrMake } from '../util/collections.ts'
import type { ActingAs } from './acting-as.ts'
import type { RoleGraph } from './role-graph.ts'

export type Owned = ObjectName & Pick<CatalogObject, 'owner'>

/** An object as it is, or as it will be. */
export type OwnedObject = Owned & Partial<Pick<CatalogObject, 'acl' | 'follows'>>

/** What is done with a privilege. To revoke one on a table revokes it on the columns too, each in a name of its own. */
type Saying = 'grant' | 'revoke'

/** How a privilege is granted or revoked: to revoke it, unless that is said, and while who else has the grant option lent. */
export interface How {
  readonly saying?: Saying
  readonly lentTo?: ReadonlySet<string>
}

export type Holders = ReturnType<ReadonlyAcl['holders']>

/** What a search has found, or that there is nothing. */
export interface Found<T> {
  readonly found: T | undefined
}

/** Of who may pass a privilege on, the two that a role comes nearest to: the one next to any that it speaks for. */
const nearestTwo = (distances: ReadonlyMap<string, number>, holders: Holders): readonly string[] => {
  const among: ReadonlyMap<string, unknown> = distances.size < holders.size ? distances : holders
  const near: (readonly [role: string, distance: number])[] = []
  for (const role of among.keys()) {
    const distance = distances.get(role)
    if (distance !== undefined && holders.get(role) === true) near.push([role, distance])
  }
  return near
    .sort(([, one], [, other]) => one - other)
    .slice(0, 2)
    .map(([role]) => role)
}

/** What was found out about who holds a privilege, where that are many; about few it is found out again. */
export const rememberedFor = <T>(found: WeakMap<Holders, T>, holders: Holders, find: () => T): T => {
  if (holders.size <= few) return find()
  const known = found.get(holders)
  if (known !== undefined) return known
  const made = find()
  found.set(holders, made)
  return made
}

const nobody: ReadonlySet<string> = new Set()

/**
 * Whom PostgreSQL takes for the grantor when a role grants or revokes: of the roles that may pass the privilege on, the
 * nearest.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (select_best_grantor)
 */
export class GrantorChoice {
  readonly #graph: RoleGraph
  readonly #actingAs: ActingAs
  readonly #principals: ReadonlySet<string> | undefined
  #nearestFound: ReadonlyMap<string, number> | undefined
  /** By a role, and by who holds a privilege: whom the role comes nearest to of those that may pass it on. */
  readonly #takenFor = new Map<string, WeakMap<Holders, readonly string[]>>()
  /** By table and privilege: who holds it on the columns. */
  readonly #onColumns = new Map<string, Holders>()

  /** @param principals the roles that the acting role may have to act as; every role, unless they are known */
  constructor(graph: RoleGraph, acting: ActingAs, principals: ReadonlySet<string> | undefined) {
    this.#graph = graph
    this.#actingAs = acting
    this.#principals = principals
  }

  /**
   * As whom to grant or revoke in the name of a role that may pass the privilege on; `undefined` where PostgreSQL would take
   * another for the grantor.
   * @param reaches whether a role comes to the object
   */
  roleToRunAs(
    name: string,
    object: OwnedObject,
    privilege: Privilege,
    how: How,
    reaches: (role: string) => boolean,
  ): string | undefined {
    for (const role of this.#actingAs.proxies(name)) {
      const isGrantor = this.#graph.catalog.isSuperuser(role)
        ? name === object.owner
        : this.#isTakenFor(role, name, object, privilege, how) && reaches(role)
      if (isGrantor) return role
    }
    return undefined
  }

  /** Whether PostgreSQL takes one role for the grantor when another speaks: nobody else is as near. */
  #isTakenFor(
    proxy: string,
    name: string,
    object: OwnedObject,
    privilege: Privilege,
    { saying = 'revoke', lentTo = nobody }: How,
  ): boolean {
    if (proxy === name) return true
    const isActing = proxy === this.#graph.actingRole
    const own = isActing ? this.#farthest(name) : this.#graph.inheritsFrom.distance(proxy, name)
    const distances = isActing ? this.#nearest : this.#graph.inheritsFrom.distancesFrom(proxy)
    const isFarther = (other: string): boolean =>
      other === name || own < (distances.get(other) ?? Number.POSITIVE_INFINITY)
    if (!isFarther(object.owner)) return false
    for (const other of lentTo) if (!isFarther(other)) return false
    const found = getOrMake(this.#takenFor, proxy, () => new WeakMap<Holders, readonly string[]>())
    return this.#holdersOn(object, privilege, saying).every((holders) =>
      rememberedFor(found, holders, () => nearestTwo(distances, holders)).every(isFarther),
    )
  }

  /** Who holds a privilege of which some may pass it on: on a column also by the table; to revoke it also on columns. */
  #holdersOn(object: OwnedObject, privilege: Privilege, saying: Saying): readonly Holders[] {
    const all = [object, ...tableOf(this.#graph.catalog, object)].flatMap(
      ({ acl }) => acl?.holders(privilege) ?? [],
    )
    return saying === 'revoke' && object.kind === 'table'
      ? [...all, this.#holdersOnColumns(object, privilege)]
      : all
  }

  #holdersOnColumns(table: OwnedObject, privilege: Privilege): Holders {
    return getOrMake(this.#onColumns, `${objectKey(table)}\0${privilege}`, () => {
      const all = new Map<string, boolean>()
      for (const { acl } of columnsOf(this.#graph.catalog, table))
        for (const [grantee, grantable] of acl.holders(privilege)) if (grantable) all.set(grantee, grantable)
      return all
    })
  }

  /**
   * The roles that the acting role may act as for some of the time: as others, and as whom these inherit from; each with
   * how near it comes then.
   */
  get #nearest(): ReadonlyMap<string, number> {
    return (this.#nearestFound ??= this.#findNearest())
  }

  #findNearest(): ReadonlyMap<string, number> {
    const principals = this.#principals ?? this.#graph.catalog.roles.keys()
    const joined = [this.#graph.catalog.server.databaseOwner, ...principals].flatMap((role) => [
      ...(this.#actingAs.toActAs(role) ?? []),
      ...(this.#actingAs.toSetRole(role) ?? []),
    ])
    return this.#graph.inheritsFrom.distancesFrom(
      this.#graph.actingRole,
      new Set(joined.map((join) => join.role)),
    )
  }

  /** How near the acting role comes to a role at least when it acts as that one. */
  #farthest(role: string): number {
    const now = this.#graph.inheritsFrom.distance(this.#graph.actingRole, role)
    if (Number.isFinite(now)) return now
    const last = this.#actingAs.toActAs(role)?.at(-1)
    return last === undefined
      ? Number.POSITIVE_INFINITY
      : 1 + this.#graph.inheritsFrom.distance(last.role, role)
  }
}
