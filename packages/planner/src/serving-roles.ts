import { getOrMake } from './get-or-make.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { type ObjectName, objectKey } from './object-kind.ts'
import type { Privilege } from './privilege.ts'
import { privilegeKey } from './wanted.ts'
import type { Role } from './snapshot.ts'
import type { World, WorldObject } from './world.ts'

/**
 * Whose an intermediate role is. `pg_shdepend` says, not the name: a copied or restored database keeps the old names.
 * `ours` has entries in this database, or the cluster’s, only; `theirs` only in others; `shared` in both.
 */
export type Whose = 'ours' | 'theirs' | 'shared' | 'unused'

/** A privilege that an intermediate role holds in this database, or in the cluster’s shared catalogs. */
export interface Holding {
  readonly object: WorldObject
  readonly privilege: Privilege
  readonly grantable: boolean
  readonly byOwner: boolean
}

/** The intermediate roles in view, with what each holds here. */
export class ServingRoles {
  readonly #world: World
  readonly #holdings = new Map<string, Holding[]>()
  readonly #tainted = new Set<string>()
  readonly #serving = new Map<string, Role[]>()

  constructor(world: World) {
    this.#world = world
    const isIntermediate = memoized(isIntermediateName)
    for (const object of world.objects.values()) {
      if (isIntermediate(object.owner)) this.#tainted.add(object.owner)
      for (const { grantee, grantor, privileges } of object.acl.values()) {
        if (isIntermediate(grantor)) this.#tainted.add(grantor)
        if (!isIntermediate(grantee)) continue
        const holdings = getOrMake(this.#holdings, grantee, (): Holding[] => [])
        for (const [privilege, grantable] of privileges)
          holdings.push({ object, privilege, grantable, byOwner: grantor === object.owner })
      }
    }
    for (const { role } of world.unmanaged) this.#tainted.add(role)
    for (const { owner, acl } of world.defaults)
      for (const named of [owner, ...[...acl.values()].map(({ grantee }) => grantee)])
        this.#tainted.add(named)
    for (const [name, holdings] of this.#holdings) {
      const role = world.roles.get(name)
      if (role === undefined || !this.#isTrusted(name, holdings)) continue
      const { object, privilege } = holdings[0]!
      const key = privilegeKey(object.key, privilege, '')
      getOrMake(this.#serving, key, (): Role[] => []).push(role)
    }
    for (const roles of this.#serving.values()) roles.sort((a, b) => age(a) - age(b))
  }

  /** Whether a role gives its members nothing but what it holds: it has no attribute, and is a member of nothing. */
  isPlain(name: string): boolean {
    const role = this.#world.roles.get(name)
    if (role === undefined || this.#world.membershipsOf(name).length > 0) return false
    const { login, superuser, inherit, createRole, createDb, replication, bypassRls } = role
    return inherit && !(login || superuser || createRole || createDb || replication || bypassRls)
  }

  /** It is what it claims to be: a role that gives one privilege on one object, and nothing else at all. */
  #isTrusted(name: string, holdings: readonly Holding[]): boolean {
    return (
      this.isPlain(name) &&
      holdings.length === 1 &&
      holdings[0]!.byOwner &&
      !holdings[0]!.grantable &&
      !this.#tainted.has(name)
    )
  }

  /**
   * The trusted roles that hold the privilege, the oldest first, those shared with a copied database included: they
   * count for who is a member already, but nobody is newly let in.
   */
  serving(object: ObjectName, privilege: Privilege): readonly Role[] {
    return this.#serving.get(privilegeKey(objectKey(object), privilege, '')) ?? []
  }

  holdingsOf(name: string): readonly Holding[] {
    return this.#holdings.get(name) ?? []
  }

  whose(name: string): Whose {
    const here = this.#holdings.has(name) || this.#tainted.has(name)
    const elsewhere = (this.#world.roles.get(name)?.elsewhere ?? 0) > 0
    return here ? (elsewhere ? 'shared' : 'ours') : elsewhere ? 'theirs' : 'unused'
  }
}

/** Oids grow, until they wrap around; a role still to be created is the youngest. */
const age = ({ oid }: Role): number => (oid === null ? Number.POSITIVE_INFINITY : Number(oid))

const memoized = (test: (name: string) => boolean): ((name: string) => boolean) => {
  const known = new Map<string, boolean>()
  return (name) => getOrMake(known, name, () => test(name))
}
