import type { CatalogObject } from '../catalog/catalog.ts'
import { type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { ActingAs } from './acting-as.ts'
import { type Found, type GrantorChoice, type Holders, type Owned, rememberedFor } from './grantor.ts'
import type { RoleGraph } from './role-graph.ts'

/** How a role comes by a privilege for a while: another grants it in somebody’s name. */
export interface Lending {
  readonly grantor: string
  readonly as: string
}

/** Who comes to what is in a schema, and who may create something there: by itself, as another, or by being lent it. */
export class SchemaUsage {
  readonly #graph: RoleGraph
  readonly #actingAs: ActingAs
  readonly #grantors: GrantorChoice
  /** By who holds a privilege: by whom the acting role does; whom it may act as to do so; who lends it. */
  readonly #held = new WeakMap<Holders, Found<string>>()
  readonly #holding = new WeakMap<Holders, Found<string>>()
  readonly #lenders = new WeakMap<Holders, Found<Lending>>()

  constructor(graph: RoleGraph, actingAs: ActingAs, grantors: GrantorChoice) {
    this.#graph = graph
    this.#actingAs = actingAs
    this.#grantors = grantors
  }

  /**
   * Whose privileges the acting role needs to reach an object by its name, besides those of the role in whose name it
   * acts: nobody’s, where it reaches the schema by itself; `undefined` where it has to be lent USAGE.
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

  /** Whom the acting role has to act as to have a privilege by that: one that has it. */
  holderFor(container: CatalogObject, privilege: Privilege): string | undefined {
    const holders = container.acl.holders(privilege)
    return rememberedFor(this.#holding, holders, () => ({
      found: [...holders.keys()].find(
        (grantee) => this.#graph.catalog.roles.has(grantee) && this.#actingAs.mayActAs(grantee),
      ),
    })).found
  }

  /** Who lends a privilege on a schema or database: its owner, or who else may pass it on. */
  lenderOf(container: CatalogObject, privilege: Privilege): Lending | undefined {
    const holders = container.acl.holders(privilege)
    return rememberedFor(this.#lenders, holders, () => ({
      found: this.#lenderAmong(holders, container, privilege),
    })).found
  }

  #lenderAmong(holders: Holders, container: CatalogObject, privilege: Privilege): Lending | undefined {
    // Who is not in view is not known to be anybody’s member.
    const grantees = [...holders].flatMap(([grantee, grantable]) =>
      grantable && this.#graph.catalog.roles.has(grantee) ? [grantee] : [],
    )
    for (const grantor of new Set([container.owner, ...grantees])) {
      const as = this.#graph.isSuperuser
        ? this.#graph.actingRole
        : this.#grantors.roleToRunAs(grantor, container, privilege, { saying: 'grant' }, () => true)
      if (as !== undefined) return { grantor, as }
    }
    return undefined
  }

  /** What the owner of an object needs CREATE on to be made its owner by who is no superuser. */
  containerOf(object: ObjectName): CatalogObject | undefined {
    return object.kind === 'publication'
      ? this.#graph.catalog.object({ kind: 'database', name: [this.#graph.catalog.server.database] })
      : this.#schemaOf(object)
  }

  /** Whether a role may create objects in a schema or database. */
  mayCreateIn(role: string, container: CatalogObject): boolean {
    return this.#graph.catalog.isSuperuser(role) || this.holds(role, container, 'CREATE')
  }

  /** Whether a role has a privilege, by an ACL: itself, through another role, or as everybody. */
  holds(role: string, object: CatalogObject, privilege: Privilege): boolean {
    const holders = object.acl.holders(privilege)
    return (
      holders.has(role) || holders.has('public') || this.#graph.inheritsFrom.isAnyReachable(role, holders)
    )
  }

  /** The same as `holds`, of an object that may not be in view. */
  holdsOn(role: string, name: ObjectName, privilege: Privilege): boolean {
    const object = this.#graph.catalog.object(name)
    return (
      this.#graph.catalog.isSuperuser(role) || (object !== undefined && this.holds(role, object, privilege))
    )
  }

  /** Whether a role comes to what is in a schema: it has USAGE, or is lent it. */
  reaches(role: string, object: Owned, inNameOf: string = object.owner): boolean {
    const schema = this.#schemaOf(object)
    if (schema === undefined) return true
    const isOpen =
      role === this.#graph.actingRole
        ? this.schemaUsageHolders(object, inNameOf) !== undefined
        : this.holds(role, schema, 'USAGE')
    return isOpen || this.lenderOf(schema, 'USAGE') !== undefined
  }

  /** By whom the acting role has a privilege: the role itself, or everybody, rather than another. */
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
