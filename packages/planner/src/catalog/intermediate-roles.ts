import { isCaretakerName, isIntermediateName } from '../model/managed-role.ts'
import type { Role } from '../model/snapshot.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append } from '../util/collections.ts'
import type { Catalog } from './catalog.ts'
import type { CatalogObject } from './catalog-object.ts'

/**
 * Which databases use an intermediate role, according to `pg_shdepend`. The name does not tell: a copied or
 * restored database keeps the old names. `ours`: only this database or the cluster’s catalogs. `theirs`: only
 * others. `shared`: both.
 */
export type Whose = 'ours' | 'theirs' | 'shared' | 'unused'

/** What a role may give its members something by. */
export type Source =
  | { readonly kind: 'object'; readonly object: CatalogObject }
  | { readonly kind: 'default privileges'; readonly schema: string | null }
  | { readonly kind: 'attribute or membership' }
  | { readonly kind: 'unmanaged' }

/** Whether all that a role gives is inside of some limits, or nothing is, or some of it. */
export type Reach = 'inside' | 'outside' | 'both'

/** A privilege that an intermediate role holds in this database, or in the cluster’s shared catalogs. */
export interface Holding {
  readonly object: CatalogObject
  readonly privilege: Privilege
  readonly grantable: boolean
  readonly byOwner: boolean
}

interface Index {
  readonly holdingsOf: ReadonlyMap<string, readonly Holding[]>
  /** What makes intermediate roles more than their names claim, besides what they hold. */
  readonly tainted: ReadonlyMap<string, readonly Source[]>
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
    const [holdingsOf, tainted] = [new Map<string, Holding[]>(), new Map<string, Source[]>()]
    for (const object of catalog.objects.values()) {
      const taint = (role: string): void => append(tainted, role, { kind: 'object', object })
      if (isIntermediateName(object.owner)) taint(object.owner)
      for (const { grantee, grantor, privileges } of object.acl.values()) {
        if (isIntermediateName(grantor)) taint(grantor)
        if (!isIntermediateName(grantee) || isCaretakerName(grantee)) continue
        const byOwner = grantor === object.owner
        privileges.forEach((grantable, privilege) =>
          append(holdingsOf, grantee, { object, privilege, grantable, byOwner }),
        )
      }
    }
    for (const { role } of catalog.unmanaged) append(tainted, role, { kind: 'unmanaged' })
    for (const { owner, schema, acl } of catalog.defaults)
      for (const role of [owner, ...[...acl.values()].map(({ grantee }) => grantee)])
        append(tainted, role, { kind: 'default privileges', schema })
    return { holdingsOf, tainted }
  }

  /**
   * Whether a role gives its members nothing but what it holds: it has no attribute but INHERIT, and is not a
   * member of other roles.
   */
  isPlain(name: string): boolean {
    return this.#catalog.roles.get(name)?.inherit === true && !this.#isMore(name)
  }

  /** Whether a role has an attribute other than INHERIT, or is a member of other roles. */
  #isMore(name: string): boolean {
    const role = this.#catalog.roles.get(name)
    if (role === undefined || this.#catalog.memberships.isMember(name)) return role !== undefined
    const { login, superuser, createRole, createDb, replication, bypassRls } = role
    return login || superuser || createRole || createDb || replication || bypassRls
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

  /** A role that gives nothing is outside of all limits. */
  reachOf(name: string, isInside: (source: Source) => boolean): Reach {
    const sources: readonly Source[] = [
      ...this.holdingsOf(name).map(({ object }) => ({ kind: 'object' as const, object })),
      ...(this.#found.tainted.get(name) ?? []),
      ...(this.#isMore(name) ? [{ kind: 'attribute or membership' as const }] : []),
    ]
    if (!sources.some(isInside)) return 'outside'
    return sources.every(isInside) ? 'inside' : 'both'
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

/** Oids grow, until they wrap around; a role still to be created is the youngest. */
const age = ({ oid }: Role): number => (oid === null ? Number.POSITIVE_INFINITY : Number(oid))
