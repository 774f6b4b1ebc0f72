import type { CatalogObject } from '../catalog/catalog-object.ts'
import { columnsOf, tableOf } from '../catalog/column.ts'
import { few, type ReadonlyAcl } from '../postgres/acl.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { flatMap, getOrMake } from '../util/collections.ts'
import type { ActingAs } from './acting-as.ts'
import type { RoleGraph } from './role-graph.ts'

export type Owned = ObjectName & Pick<CatalogObject, 'owner'>

/** An object as it is, or as it will be. */
export type OwnedObject = Owned & Partial<Pick<CatalogObject, 'acl' | 'ownerFollows'>>

/** What is done with a privilege. REVOKE on a table also revokes on its columns, with a grantor for each of them. */
type PrivilegeStatement = 'grant' | 'revoke'

/** What is done with a privilege, by default `revoke`. */
export interface How {
  readonly statement?: PrivilegeStatement
  /** From whom it is revoked. Where that role holds nothing on columns, it makes no difference who is their grantor. */
  readonly from?: string
  /** The roles that get the grant option before that, on loan or for good. */
  readonly newHolders?: ReadonlySet<string>
}

export type Holders = ReturnType<ReadonlyAcl['holders']>

/** Who holds a privilege on columns of a table, and who has the grant option there. */
interface OnColumns {
  readonly holders: ReadonlySet<string>
  readonly options: Holders
}

/** The two nearest roles that have the grant option: one of them may be the intended grantor, the other its rival. */
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

/** A result that depends on the holders of a privilege. It is cached if they are many, and worked out again if few. */
export const rememberedFor = <T>(found: WeakMap<Holders, T>, holders: Holders, find: () => T): T =>
  holders.size <= few ? find() : getOrMake(found, holders, find)

const nobody: ReadonlySet<string> = new Set()

/**
 * Which role PostgreSQL chooses as grantor when a role grants or revokes: the nearest one with the grant option.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (select_best_grantor)
 */
export class GrantorChoice {
  readonly #graph: RoleGraph
  readonly #actingAs: ActingAs
  readonly #principals: ReadonlySet<string> | undefined
  #nearestFound: ReadonlyMap<string, number> | undefined
  /** By a role, and by the holders of a privilege: the nearest holders with the grant option. */
  readonly #takenFor = new Map<string, WeakMap<Holders, readonly string[]>>()
  /** By table and privilege. */
  readonly #onColumns = new Map<string, OnColumns>()

  /** @param principals the roles that the acting role may have to act as; every role by default */
  constructor(graph: RoleGraph, acting: ActingAs, principals: ReadonlySet<string> | undefined) {
    this.#graph = graph
    this.#actingAs = acting
    this.#principals = principals
  }

  /**
   * The role that runs GRANT or REVOKE so that PostgreSQL takes a certain role with the grant option as the
   * grantor; `undefined` if PostgreSQL would choose another.
   * @param reaches whether a role has USAGE on the object’s schema
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

  /** Whether PostgreSQL takes one role as the grantor when another runs the statement: no other role is as near. */
  #isTakenFor(proxy: string, name: string, object: OwnedObject, privilege: Privilege, how: How): boolean {
    if (proxy === name) return true
    const isActing = proxy === this.#graph.actingRole
    const own = isActing ? this.#farthest(name) : this.#graph.inheritsFrom.distance(proxy, name)
    const distances = isActing ? this.#nearest : this.#graph.inheritsFrom.distancesFrom(proxy)
    const isFarther = (other: string): boolean =>
      other === name || own < (distances.get(other) ?? Number.POSITIVE_INFINITY)
    if (!isFarther(object.owner)) return false
    for (const other of how.newHolders ?? nobody) if (!isFarther(other)) return false
    const found = getOrMake(this.#takenFor, proxy, () => new WeakMap<Holders, readonly string[]>())
    return this.#holdersOn(object, privilege, how).every((holders) =>
      rememberedFor(found, holders, () => nearestTwo(distances, holders)).every(isFarther),
    )
  }

  /**
   * The holders of a privilege among whom PostgreSQL looks for a grantor: for a column, also those on its
   * table; for REVOKE on a table, also those on its columns.
   */
  #holdersOn(
    object: OwnedObject,
    privilege: Privilege,
    { statement = 'revoke', from }: How,
  ): readonly Holders[] {
    const all = flatMap([object, ...tableOf(this.#graph.catalog, object)], ({ acl }) =>
      acl === undefined ? [] : [acl.holders(privilege)],
    )
    if (statement !== 'revoke' || object.kind !== 'table') return all
    const { holders, options } = this.#onColumnsOf(object, privilege)
    return from === undefined || holders.has(from) ? [...all, options] : all
  }

  #onColumnsOf(table: OwnedObject, privilege: Privilege): OnColumns {
    return getOrMake(this.#onColumns, `${objectKey(table)}\0${privilege}`, () => {
      const [holders, options] = [new Set<string>(), new Map<string, boolean>()]
      for (const { acl } of columnsOf(this.#graph.catalog, table))
        for (const [grantee, grantable] of acl.holders(privilege)) {
          holders.add(grantee)
          if (grantable) options.set(grantee, grantable)
        }
      return { holders, options }
    })
  }

  /**
   * The roles whose privileges the acting role may have at some time, directly or through others, each with
   * the shortest distance then.
   */
  get #nearest(): ReadonlyMap<string, number> {
    return (this.#nearestFound ??= this.#findNearest())
  }

  #findNearest(): ReadonlyMap<string, number> {
    const principals = this.#principals ?? this.#graph.catalog.roles.keys()
    const joined = flatMap([this.#graph.catalog.server.databaseOwner, ...principals], (role) => [
      ...(this.#actingAs.toActAs(role) ?? []),
      ...(this.#actingAs.toSetRole(role) ?? []),
    ])
    return this.#graph.inheritsFrom.distancesFrom(
      this.#graph.actingRole,
      new Set(joined.map((join) => join.role)),
    )
  }

  /** The longest distance between the acting role and a role when it acts as that role. */
  #farthest(role: string): number {
    const now = this.#graph.inheritsFrom.distance(this.#graph.actingRole, role)
    if (Number.isFinite(now)) return now
    const last = this.#actingAs.toActAs(role)?.at(-1)
    return last === undefined
      ? Number.POSITIVE_INFINITY
      : 1 + this.#graph.inheritsFrom.distance(last.role, role)
  }
}
