import type { Catalog } from '../catalog/catalog.ts'
import { describeName } from '../model/describe.ts'
import type { DefaultPrivilegeGrant } from '../model/grant.ts'
import type { Reason } from '../model/operation.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { Future } from '../postgres/default-privileges.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import { Targets } from './match-objects.ts'
import type { Context } from './resolve-grants.ts'
import { defaultKey, futureKey, type TargetDefault, type TargetState } from './target-state.ts'

/** Resolves default privileges. */
export class DefaultPrivilegeResolver implements Pick<TargetState, 'defaults' | 'publicFutures'> {
  readonly defaults: Map<string, TargetDefault> = new Map()
  readonly publicFutures: Map<string, Future> = new Map()
  readonly #catalog: Catalog
  readonly #context: Context
  readonly #targets: Targets

  constructor(catalog: Catalog, context: Context) {
    this.#catalog = catalog
    this.#context = context
    this.#targets = new Targets(catalog, context.goal.owners)
  }

  /** Whether a role exists, or will be created because it is desired or a grant of membership names it. */
  #willExist(role: string): boolean {
    if (this.#context.staysAbsent(role)) return false
    return (
      this.#catalog.roles.has(role) ||
      this.#context.goal.desired.has(role) ||
      (this.#context.goal.access.now.roles.mayCreateRoles &&
        !role.startsWith('pg_') &&
        this.#context.joined.has(role))
    )
  }

  defaultPrivilege(grant: DefaultPrivilegeGrant, reason: Reason): void {
    const { owner, schema, on, privileges, grantable } = grant
    const inSchema: ObjectName | undefined = schema === null ? undefined : { kind: 'schema', name: [schema] }
    if (!this.#willExist(owner))
      return this.#context.skips.add(reason, 'absent', `role ${describeName(owner)} does not exist`)
    if (inSchema !== undefined && !this.#targets.exists(inSchema))
      return this.#context.skips.add(reason, 'absent', this.#targets.whyAbsent(inSchema))
    if (reason.role === everybody) this.publicFutures.set(futureKey(grant), { owner, schema, on })
    const held = this.#catalog.defaultsOf(owner, schema, on).acl.get(reason.role, owner)?.privileges
    for (const privilege of privileges) {
      const isHeld = held?.get(privilege) === true || (held?.get(privilege) === false && !grantable)
      const isPermitted =
        isHeld || this.#context.goal.access.overPrivileges.actingAs.proxyFor(owner) !== undefined
      if (!isPermitted)
        this.#context.skips.notPermitted(
          reason,
          `${this.#context.skips.acting} may not act as role ${describeName(owner)}`,
        )
      // The role keeps what it already has of this.
      if (!isPermitted && held?.has(privilege) !== true) continue
      const key = defaultKey(grant, privilege, reason.role)
      const other = this.defaults.get(key)
      const asked = { owner, schema, on, privilege, role: reason.role, reason }
      if (other === undefined || (grantable && isPermitted && !other.grantable))
        this.defaults.set(key, { ...asked, grantable: grantable && isPermitted })
    }
  }
}
