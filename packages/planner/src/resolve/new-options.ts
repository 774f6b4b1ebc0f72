import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { getOrMake } from '../util/collections.ts'

const nobody: ReadonlySet<string> = new Set()

/** A grant option on an object, for a role that does not have it from the owner yet. */
interface NewOption {
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly role: string
}

const keyOf = (object: ObjectName, privilege: Privilege): string => `${objectKey(object)}\0${privilege}`

/**
 * The roles that a plan gives grant options. If the acting role has the privileges of such a role, PostgreSQL may take that
 * role for the grantor of what comes after. So what is granted without grant option has to come first.
 */
export class NewOptions {
  readonly #roles = new Map<string, Set<string>>()

  constructor(all: Iterable<NewOption> = []) {
    for (const one of all) this.add(one)
  }

  add({ object, privilege, role }: NewOption): void {
    getOrMake(this.#roles, keyOf(object, privilege), () => new Set()).add(role)
  }

  remove({ object, privilege, role }: NewOption): void {
    this.#roles.get(keyOf(object, privilege))?.delete(role)
  }

  /**
   * The roles that may have such a grant option by the time that one of them gets it: their order is open. None if it is
   * the only one. On a column, a grant option on its table counts too.
   */
  before({ object, privilege }: Omit<NewOption, 'role'>): ReadonlySet<string> {
    const here = this.#on(object, privilege)
    const all =
      object.kind === 'column'
        ? new Set([...here, ...this.#on({ kind: 'table', name: object.name.slice(0, 2) }, privilege)])
        : here
    return all.size > 1 ? all : nobody
  }

  #on(object: ObjectName, privilege: Privilege): ReadonlySet<string> {
    return this.#roles.get(keyOf(object, privilege)) ?? nobody
  }
}
