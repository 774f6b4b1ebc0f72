import type { Catalog } from '../catalog/catalog.ts'
import { delegateName } from '../model/managed-role.ts'
import type { Operation, Reason } from '../model/operation.ts'
import { sortedBy } from '../util/collections.ts'
import type { Access } from './access.ts'

/**
 * How many roles a role administers before delegates administer more for it. From 16 on, for each GRANT,
 * REVOKE and DROP of a role by a non-superuser, PostgreSQL goes through all roles that it administers, again
 * and again. With this many, that takes no noticeable time.
 */
export const mostAdministered = 64

/** Creates a role with CREATEROLE that the acting role can SET ROLE to. */
const make = (delegate: string, actingRole: string, reason: Reason): readonly Operation[] => {
  const base = { role: delegate, as: actingRole, reason }
  return [
    { kind: 'createRole', ...base },
    { kind: 'setAttribute', ...base, attribute: 'CREATEROLE', value: true },
    {
      kind: 'grantMembership',
      ...base,
      member: actingRole,
      grantor: actingRole,
      options: { inherit: false, set: true },
    },
  ]
}

/** Chooses which role creates, and so administers, each new role: the acting role, or a delegate with room for it. */
export class Administrators {
  readonly #catalog: Catalog
  readonly #acting: string
  readonly #areNeeded: boolean
  /** How many more roles each may administer, the acting role first. */
  readonly #room: Map<string, number>

  constructor(catalog: Catalog, access: Access) {
    this.#catalog = catalog
    this.#acting = catalog.server.actingRole
    this.#areNeeded = catalog.membershipsHaveGrantors && !access.isSuperuser
    const all = this.#areNeeded ? [this.#acting, ...sortedBy(access.graph.delegates(), (name) => name)] : []
    this.#room = new Map(
      all.map((name) => [name, mostAdministered - (catalog.roles.get(name)?.administers ?? 0)]),
    )
  }

  /** Counts a role that the acting role itself creates. */
  countOwn(): string {
    this.#take(this.#acting)
    return this.#acting
  }

  /** The role that creates an intermediate role, and the operations that have to come before. */
  next(role: string, reason: Reason): { readonly as: string; readonly before: readonly Operation[] } {
    if (!this.#areNeeded) return { as: this.#acting, before: [] }
    for (const [name, room] of this.#room)
      if (room > 0) {
        this.#take(name)
        return { as: name, before: [] }
      } else if (name !== this.#acting) this.#room.delete(name)
    const isTaken = (name: string): boolean => this.#catalog.roles.has(name)
    const delegate = delegateName(role, isTaken)
    this.#take(this.#acting)
    this.#room.set(delegate, mostAdministered - 1)
    return { as: delegate, before: make(delegate, this.#acting, reason) }
  }

  #take(name: string): void {
    const room = this.#room.get(name)
    if (room !== undefined) this.#room.set(name, room - 1)
  }
}
