import { isCaretakerName, isIntermediateName } from '../model/managed-role.ts'
import type { Role } from '../model/snapshot.ts'
import { objectKinds } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append } from '../util/collections.ts'
import type { Catalog, CatalogObject } from './catalog.ts'

/**
 * Which databases use an intermediate role, according to `pg_shdepend`. The name does not tell: a copied or
 * restored database keeps the old names. `ours`: only this database or the cluster’s catalogs. `theirs`: only
 * others. `shared`: both.
 */
export type Whose = 'ours' | 'theirs' | 'shared' | 'unused'

/**
 * Where the objects are on which a role gives its members privileges: in this database, in the cluster or
 * another database, or both.
 */
export type Reach = 'here' | 'elsewhere' | 'both'

/** A privilege that an intermediate role holds in this database, or in the cluster’s shared catalogs. */
export interface Holding {
  readonly object: CatalogObject
  readonly privilege: Privilege
  readonly grantable: boolean
  readonly byOwner: boolean
}

interface Index {
  readonly holdingsOf: ReadonlyMap<string, readonly Holding[]>
  /** Intermediate roles that are more than their names claim, for another reason than what they hold. */
  readonly tainted: ReadonlySet<string>
}

/** The intermediate roles in a catalog that does not change, and what they hold. It is searched when first needed. */
export class IntermediateRoles {
  readonly #catalog: Catalog
  #index: Index | undefined

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  get #found(): Index {
    return (this.#index ??= this.#find())
  }

  #find(): Index {
    const catalog = this.#catalog
    const [holdingsOf, tainted] = [new Map<string, Holding[]>(), new Set<string>()]
    for (const object of catalog.objects.values()) {
      if (isIntermediateName(object.owner)) tainted.add(object.owner)
      for (const { grantee, grantor, privileges } of object.acl.values()) {
        if (isIntermediateName(grantor)) tainted.add(grantor)
        if (!isIntermediateName(grantee) || isCaretakerName(grantee)) continue
        const byOwner = grantor === object.owner
        privileges.forEach((grantable, privilege) =>
          append(holdingsOf, grantee, { object, privilege, grantable, byOwner }),
        )
      }
    }
    for (const { role } of catalog.unmanaged) tainted.add(role)
    for (const { owner, acl } of catalog.defaults) {
      tainted.add(owner)
      for (const { grantee } of acl.values()) tainted.add(grantee)
    }
    return { holdingsOf, tainted }
  }

  /**
   * Whether a role gives its members nothing but what it holds: it has no attribute but INHERIT, and is not a
   * member of other roles.
   */
  isPlain(name: string): boolean {
    const role = this.#catalog.roles.get(name)
    if (role === undefined || this.#catalog.memberships.isMember(name)) return false
    const { login, superuser, inherit, createRole, createDb, replication, bypassRls } = role
    return inherit && !(login || superuser || createRole || createDb || replication || bypassRls)
  }

  /**
   * The trusted roles that give a privilege, the oldest first. They include roles shared with a copied
   * database, which count for those who are members already but get no new members.
   */
  providing(object: CatalogObject, privilege: Privilege): readonly Role[] {
    const roles: Role[] = []
    for (const { grantee, grantor, privileges } of object.acl.values())
      if (grantor === object.owner && privileges.has(privilege) && this.provided(grantee) !== undefined)
        roles.push(this.#catalog.roles.get(grantee)!)
    return roles.length < 2 ? roles : roles.sort((a, b) => age(a) - age(b))
  }

  /** The one privilege that a trusted role gives, which is what its name claims; `undefined` for any other role. */
  provided(name: string): Holding | undefined {
    const holdings = this.holdingsOf(name)
    const holding = holdings.length === 1 ? holdings[0] : undefined
    if (holding === undefined) return undefined
    const isTrusted =
      holding.byOwner && !holding.grantable && !this.#found.tainted.has(name) && this.isPlain(name)
    return isTrusted ? holding : undefined
  }

  reachOf(name: string): Reach {
    const holdings = this.holdingsOf(name)
    const isTainted = this.#found.tainted.has(name)
    if (!isTainted && !holdings.some(isLocal)) return 'elsewhere'
    return !isTainted && holdings.every(isLocal) ? 'here' : 'both'
  }

  holdingsOf(name: string): readonly Holding[] {
    return this.#found.holdingsOf.get(name) ?? []
  }

  whose(name: string): Whose {
    const here = this.#found.holdingsOf.has(name) || this.#found.tainted.has(name)
    const elsewhere = (this.#catalog.roles.get(name)?.elsewhere ?? 0) > 0
    return here ? (elsewhere ? 'shared' : 'ours') : elsewhere ? 'theirs' : 'unused'
  }
}

const isLocal = ({ object }: Holding): boolean => objectKinds[object.kind].shared !== true

/** Oids grow, until they wrap around; a role still to be created is the youngest. */
const age = ({ oid }: Role): number => (oid === null ? Number.POSITIVE_INFINITY : Number(oid))
