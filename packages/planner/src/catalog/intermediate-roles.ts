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

/** A role that gives its members one privilege and nothing else. */
interface Provider {
  readonly role: Role
  readonly privilege: Privilege
}

interface Index {
  readonly holdingsOf: ReadonlyMap<string, readonly Holding[]>
  /** Intermediate roles that are more than their names claim, for another reason than what they hold. */
  readonly tainted: ReadonlySet<string>
  /** By the key of an object: the trusted roles that give a privilege on it, the oldest first. */
  readonly providers: ReadonlyMap<string, readonly Provider[]>
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
    const providers = new Map<string, Provider[]>()
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
    for (const { owner, acl } of catalog.defaults)
      for (const named of [owner, ...[...acl.values()].map(({ grantee }) => grantee)]) tainted.add(named)
    for (const [name, holdings] of holdingsOf) {
      const role = catalog.roles.get(name)
      if (role === undefined || tainted.has(name) || !this.#isTrusted(name, holdings)) continue
      const { object, privilege } = holdings[0]!
      append(providers, object.key, { role, privilege })
    }
    for (const roles of providers.values())
      if (roles.length > 1) roles.sort((a, b) => age(a.role) - age(b.role))
    return { holdingsOf, tainted, providers }
  }

  /**
   * Whether a role gives its members nothing but what it holds: it has no attribute but INHERIT, and is not a
   * member of other roles.
   */
  isPlain(name: string): boolean {
    const role = this.#catalog.roles.get(name)
    if (role === undefined || this.#catalog.isMember(name)) return false
    const { login, superuser, inherit, createRole, createDb, replication, bypassRls } = role
    return inherit && !(login || superuser || createRole || createDb || replication || bypassRls)
  }

  /** Whether a role is what its name claims: it gives one privilege on one object, and nothing else at all. */
  #isTrusted(name: string, holdings: readonly Holding[]): boolean {
    return this.isPlain(name) && holdings.length === 1 && holdings[0]!.byOwner && !holdings[0]!.grantable
  }

  /**
   * The trusted roles that give a privilege, the oldest first. They include roles shared with a copied
   * database, which count for those who are members already but get no new members.
   * @param object the key of the object
   */
  providing(object: string, privilege: Privilege): readonly Role[] {
    const found = this.#found.providers.get(object)?.filter((one) => one.privilege === privilege) ?? []
    return found.map(({ role }) => role)
  }

  /** The one privilege that a trusted role gives; `undefined` for any other role. */
  provided(name: string): Holding | undefined {
    const holdings = isIntermediateName(name) ? this.holdingsOf(name) : []
    if (this.#found.tainted.has(name) || !this.#isTrusted(name, holdings)) return undefined
    return holdings[0]
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
