import type { CatalogObject } from '../catalog/catalog-object.ts'
import { type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { ActingAs, Found } from './acting-as.ts'
import { type GrantorChoice, type Holders, type Owned, rememberedFor } from './grantor.ts'
import type { RoleGraph } from './role-graph.ts'
import { flatMap } from '../util/collections.ts'

/** How a role is lent a privilege: the grantor, and the role that runs the GRANT. */
export interface Lending {
  readonly grantor: string
  readonly as: string
}

/**
 * Which roles can access the objects in a schema, or create some there: on their own, as another role, or with a loan.
 */
export class SchemaUsage {
  readonly #graph: RoleGraph
  readonly #actingAs: ActingAs
  readonly #grantors: GrantorChoice
  /** By the holders of a privilege: the one through which the acting role has it; one that it may act as; a lender. */
  readonly #held = new WeakMap<Holders, Found<string>>()
  readonly #holding = new WeakMap<Holders, Found<string>>()
  readonly #lenders = new WeakMap<Holders, Found<Lending>>()

  constructor(graph: RoleGraph, actingAs: ActingAs, grantors: GrantorChoice) {
    this.#graph = graph
    this.#actingAs = actingAs
    this.#grantors = grantors
  }

  /**
   * The roles whose privileges the acting role needs for USAGE on an object’s schema, besides those of the
   * role in whose name it acts. None if it has USAGE itself; `undefined` if it has to be lent USAGE.
   */
  schemaUsageHolders(object: Owned, inNameOf: string = object.owner): readonly string[] | undefined {
    const schema = this.#schemaOf(object)
    if (schema === undefined) return []
    const holder = this.#holder(schema, 'USAGE')
    if (holder !== undefined) return holder === 'public' ? [] : [holder]
    if (this.#actingAs.mayActAs(schema.owner) && this.holds(schema.owner, schema, 'USAGE'))
      return [schema.owner]
    if (this.#actingAs.mayActAs(inNameOf) && this.holds(inNameOf, schema, 'USAGE')) return []
    const guide = this.holderFor(schema, 'USAGE')
    return guide === undefined ? undefined : [guide]
  }

  /** A holder of a privilege that the acting role may act as. */
  holderFor(container: CatalogObject, privilege: Privilege): string | undefined {
    const holders = container.acl.holders(privilege)
    return rememberedFor(this.#holding, holders, () => ({
      found: [...holders.keys()].find(
        (grantee) => this.#graph.catalog.roles.has(grantee) && this.#actingAs.mayActAs(grantee),
      ),
    })).found
  }

  /** The lender of a privilege on a schema or database: its owner, or another role with the grant option. */
  lenderOf(container: CatalogObject, privilege: Privilege): Lending | undefined {
    const holders = container.acl.holders(privilege)
    return rememberedFor(this.#lenders, holders, () => ({
      found: this.#lenderAmong(holders, container, privilege),
    })).found
  }

  #lenderAmong(holders: Holders, container: CatalogObject, privilege: Privilege): Lending | undefined {
    // Nothing is known of the memberships of roles that are not in the catalog.
    const grantees = flatMap(holders, ([grantee, grantable]) =>
      grantable && this.#graph.catalog.roles.has(grantee) ? [grantee] : [],
    )
    for (const grantor of new Set([container.owner, ...grantees])) {
      const as = this.#graph.isSuperuser
        ? this.#graph.actingRole
        : this.#grantors.roleToRunAs(grantor, container, privilege, { statement: 'grant' }, () => true)
      if (as !== undefined) return { grantor, as }
    }
    return undefined
  }

  /** The schema or database on which a new owner needs CREATE, unless a superuser makes it the owner. */
  containerOf(object: ObjectName): CatalogObject | undefined {
    return object.kind === 'publication'
      ? this.#graph.catalog.object({ kind: 'database', name: [this.#graph.catalog.server.database] })
      : this.#schemaOf(object)
  }

  /** Whether a role may create objects in a schema or database. */
  mayCreateIn(role: string, container: CatalogObject): boolean {
    return this.#graph.catalog.isSuperuser(role) || this.holds(role, container, 'CREATE')
  }

  /** Whether a role has a privilege by an ACL: itself, through another role, or through PUBLIC. */
  holds(role: string, object: CatalogObject, privilege: Privilege): boolean {
    const holders = object.acl.holders(privilege)
    return (
      holders.has(role) || holders.has('public') || this.#graph.inheritsFrom.isAnyReachable(role, holders)
    )
  }

  /** The same as `holds`, for an object that may not be in the catalog. */
  holdsOn(role: string, name: ObjectName, privilege: Privilege): boolean {
    const object = this.#graph.catalog.object(name)
    return (
      this.#graph.catalog.isSuperuser(role) || (object !== undefined && this.holds(role, object, privilege))
    )
  }

  /** Whether a role can access an object in its schema: it has USAGE, or can be lent it. */
  reaches(role: string, object: Owned, inNameOf: string = object.owner): boolean {
    const schema = this.#schemaOf(object)
    if (schema === undefined) return true
    const isOpen =
      role === this.#graph.actingRole
        ? this.schemaUsageHolders(object, inNameOf) !== undefined
        : this.holds(role, schema, 'USAGE')
    return isOpen || this.lenderOf(schema, 'USAGE') !== undefined
  }

  /** The holder through which the acting role has a privilege: itself or PUBLIC rather than another role. */
  #holder(object: CatalogObject, privilege: Privilege): string | undefined {
    const holders = object.acl.holders(privilege)
    const { found } = rememberedFor(this.#held, holders, () => {
      const grantees = [...holders.keys()]
      return {
        found:
          grantees.find((grantee) => grantee === this.#graph.actingRole || grantee === 'public') ??
          grantees.find((grantee) => this.#graph.hasPrivilegesOf(grantee)),
      }
    })
    return found
  }

  #schemaOf(object: ObjectName): CatalogObject | undefined {
    const schema = schemaOf(object)
    return schema === undefined ? undefined : this.#graph.catalog.object({ kind: 'schema', name: [schema] })
  }
}
