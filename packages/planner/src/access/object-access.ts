import type { CatalogObject } from '../catalog/catalog-object.ts'
import { isNameless } from '../model/nameless.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { ActingAs } from './acting-as.ts'
import type { GrantorChoice, How, OwnedObject } from './grantor.ts'
import type { Refusal } from './refusal.ts'
import type { RoleGraph } from './role-graph.ts'
import type { SchemaUsage } from './schema-usage.ts'

/** What the acting role may do with objects: grant and revoke privileges on them, and give them other owners. */
export class ObjectAccess {
  readonly #graph: RoleGraph
  readonly #actingAs: ActingAs
  readonly #grantors: GrantorChoice
  readonly #schemas: SchemaUsage

  constructor(graph: RoleGraph, actingAs: ActingAs, grantors: GrantorChoice, schemas: SchemaUsage) {
    this.#graph = graph
    this.#actingAs = actingAs
    this.#grantors = grantors
    this.#schemas = schemas
  }

  /**
   * The role that runs GRANT and REVOKE in the name of an object’s owner. PostgreSQL takes the nearest role with the
   * grant option as the grantor. If that may be another, the acting role has to become the owner.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (select_best_grantor)
   */
  runAs(
    object: OwnedObject,
    privilege: Privilege,
    { grantor = object.owner, ...how }: How & { readonly grantor?: string } = {},
  ): string {
    if (this.#graph.isSuperuser) return grantor === object.owner ? this.#graph.actingRole : grantor
    return this.#runAsOf(grantor, object, privilege, how) ?? grantor
  }

  /** The same in the name of any role with the grant option; `undefined` if that is impossible. */
  #runAsOf(name: string, object: OwnedObject, privilege: Privilege, how: How): string | undefined {
    return this.#grantors.roleToRunAs(name, object, privilege, how, (proxy) =>
      this.#schemas.reaches(proxy, object, name),
    )
  }

  /** Why the acting role may not grant and revoke on an object as its owner does; `undefined` when it may. */
  whyNotManaged(object: OwnedObject, privilege: Privilege, how: How = {}): Refusal | undefined {
    const { owner } = object
    if (this.#graph.isSuperuser || this.#runAsOf(owner, object, privilege, how) !== undefined)
      return undefined
    const why = this.#whyNotOwned(object)
    if (why !== undefined) return why
    return this.#actingAs.maySetRole(owner)
      ? { code: 'owner has no USAGE', object }
      : { code: 'taken for another grantor', role: this.#graph.actingRole, privilege, object }
  }

  /**
   * Why the acting role cannot revoke in the name of a grantor that does not own the object. PostgreSQL lets a
   * superuser revoke in the name of the owner only, so a grantor that is a superuser has to lose SUPERUSER meanwhile.
   */
  whyCannotRevokeAs(
    grantor: string,
    object: OwnedObject,
    privilege: Privilege,
    how: How,
  ): Refusal | undefined {
    const { catalog, actingRole: role, isSuperuser, setsRoleTo } = this.#graph
    const { sessionRole, bootstrapRole } = catalog.server
    if (isNameless(grantor)) return { code: 'nameless role', role: grantor }
    if (!isSuperuser && this.#runAsOf(grantor, object, privilege, how) !== undefined) return undefined
    if (catalog.isSuperuser(grantor)) {
      if (!isSuperuser) return { code: 'cannot become superuser', role, other: grantor }
      return [role, sessionRole, bootstrapRole].includes(grantor)
        ? { code: 'grantor stays superuser', grantor }
        : undefined
    }
    if (!isSuperuser)
      return grantor === role || this.#actingAs.maySetRole(grantor)
        ? { code: 'grantor has no USAGE', grantor, object }
        : { code: 'cannot become grantor', role, grantor }
    if (grantor === role) return undefined
    // SET ROLE depends on the session user, not on the current role.
    return catalog.isSuperuser(sessionRole) || setsRoleTo.isReachable(sessionRole, grantor)
      ? undefined
      : { code: 'cannot become grantor', role: sessionRole, grantor, isSession: true }
  }

  /** Why the acting role may not create a schema that will belong to a role; `undefined` when it may. */
  whyNotCreatedFor(owner: string): Refusal | undefined {
    const { isSuperuser, actingRole: role, catalog } = this.#graph
    if (isSuperuser) return undefined
    if (!catalog.server.createsSchemas) return { code: 'cannot create schemas', role }
    return this.#actingAs.maySetRole(owner) ? undefined : { code: 'cannot become role', role, other: owner }
  }

  /**
   * Why the acting role may not make another role the owner of an object; `undefined` when it may.
   * @param becomesSuperuser whether the new owner becomes a superuser first
   */
  whyNotMoved(object: CatalogObject, newOwner: string, becomesSuperuser = false): Refusal | undefined {
    const { catalog, actingRole: role, isSuperuser } = this.#graph
    if (object.ownedBySuperusers && !becomesSuperuser && !catalog.isSuperuser(newOwner))
      return { code: 'owner must be superuser', owner: newOwner, object }
    if (object.runsCodeWhenOpened) return { code: 'runs code when opened', role, object }
    if (isSuperuser) return undefined
    if (object.kind === 'foreign-data wrapper') return { code: 'only superusers give it away', role, object }
    if (this.mover(object, newOwner) === undefined) {
      const why = this.#whyNotOwned(object) ?? this.#whyNotGiven(role, object, newOwner)
      if (why !== undefined) return why
    }
    const { wrapper } = object
    if (wrapper !== undefined && !this.#schemas.holdsOn(newOwner, wrapper, 'USAGE'))
      return { code: 'no USAGE on wrapper', role: newOwner, wrapper }
    const container = this.#schemas.containerOf(object)
    if (container === undefined || this.#schemas.mayCreateIn(newOwner, container)) return undefined
    const isLent =
      this.#schemas.lenderOf(container, 'CREATE') !== undefined ||
      (newOwner === this.#graph.actingRole && this.#schemas.holderFor(container, 'CREATE') !== undefined)
    return isLent ? undefined : this.whyNotManaged(container, 'CREATE')
  }

  /** The role that gives an object to a new owner; `undefined` if no role may. */
  mover(object: CatalogObject, newOwner: string): string | undefined {
    if (this.#graph.isSuperuser) return this.#graph.actingRole
    for (const proxy of this.#actingAs.proxies(object.owner))
      // Before 16, another role may be a member of the acting role, and may have to be removed from it meanwhile.
      if (proxy !== this.#graph.actingRole && !this.#graph.catalog.membershipsHaveGrantors) return undefined
      else if (
        this.#schemas.reaches(proxy, object) &&
        this.#whyNotGiven(proxy, object, newOwner) === undefined
      )
        return proxy
    return undefined
  }

  /** Why the acting role may not do what only an object’s owner may; `undefined` when it may. */
  #whyNotOwned(object: OwnedObject): Refusal | undefined {
    const { actingRole: role } = this.#graph
    if (!this.#actingAs.mayActAs(object.owner)) return { code: 'cannot act as owner', role, object }
    return this.#schemas.reaches(role, object) ? undefined : { code: 'no USAGE on schema', role, object }
  }

  /** Why a role that has the privileges of an object’s owner may not make another role the owner. */
  #whyNotGiven(role: string, { kind }: CatalogObject, newOwner: string): Refusal | undefined {
    const { catalog, actingRole, setsRoleTo } = this.#graph
    const { database, createsSchemas } = catalog.server
    const isActing = role === actingRole
    if (!(isActing ? this.#actingAs.maySetRole(newOwner) : setsRoleTo.isReachable(role, newOwner)))
      return { code: 'cannot become role', role, other: newOwner }
    if (kind === 'database' && !(catalog.roles.get(role)?.createDb ?? false))
      return { code: 'no CREATEDB', role }
    if (kind !== 'schema' && kind !== 'subscription') return undefined
    const mayCreate = isActing
      ? createsSchemas
      : this.#schemas.holdsOn(role, { kind: 'database', name: [database] }, 'CREATE')
    return mayCreate ? undefined : { code: 'no CREATE on database', role }
  }
}
