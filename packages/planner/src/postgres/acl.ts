import { getOrMake, sortedBy } from '../util/collections.ts'
import type { AclItem } from './acl-item.ts'
import { formatPrivileges, parsePrivileges, type Privilege, type ReadonlyPrivileges } from './privilege.ts'

/** What one role granted another on one object, privilege by privilege. */
export interface AclEntry {
  readonly grantee: string
  readonly grantor: string
  readonly privileges: ReadonlyPrivileges
}

/** A key for the grantee and grantor of an item. */
export const aclKey = ({ grantee, grantor }: Pick<AclEntry, 'grantee' | 'grantor'>): string =>
  `${grantee}\0${grantor}`

/** An ACL that cannot be changed. */
export interface ReadonlyAcl {
  readonly size: number
  get(grantee: string, grantor: string): AclEntry | undefined
  values(): Iterable<AclEntry>
  /** The holders of a privilege, in the order of the items, and whether any grantor has given them the grant option. */
  holders(privilege: Privilege): ReadonlyMap<string, boolean>
}

/** Almost every ACL has few items. A list of them is fastest to search and takes the least memory. */
export const few = 8

/** An ACL. As PostgreSQL does, it keeps one item for each grantee and grantor. */
export class Acl implements ReadonlyAcl {
  readonly #items: AclEntry[]
  /** The items by grantee and grantor, if there are many. */
  #many: Map<string, AclEntry> | undefined
  /** If there are many items: their holders by privilege, until something changes. */
  #holders: Map<Privilege, ReadonlyMap<string, boolean>> | undefined

  /** @param items no two of which have the same grantee and grantor; the ACL changes this array */
  constructor(items: AclEntry[] = []) {
    this.#items = items
    if (this.#items.length > few) this.#index()
  }

  #index(): void {
    this.#many = new Map(this.#items.splice(0).map((one) => [aclKey(one), one]))
  }

  get size(): number {
    return this.#many?.size ?? this.#items.length
  }

  get(grantee: string, grantor: string): AclEntry | undefined {
    if (this.#many !== undefined) return this.#many.get(aclKey({ grantee, grantor }))
    return this.#items[this.#find(grantee, grantor)]
  }

  values(): Iterable<AclEntry> {
    return this.#many?.values() ?? this.#items
  }

  holders(privilege: Privilege): ReadonlyMap<string, boolean> {
    if (this.#many === undefined) return holdersIn(this.#items, privilege)
    this.#holders ??= new Map()
    return getOrMake(this.#holders, privilege, () => holdersIn(this.values(), privilege))
  }

  /** Adds an item, or replaces the one with the same grantee and grantor. */
  set(item: AclEntry): void {
    this.#holders = undefined
    if (this.#many !== undefined) return void this.#many.set(aclKey(item), item)
    const index = this.#find(item.grantee, item.grantor)
    if (index >= 0) this.#items[index] = item
    else if (this.#items.push(item) > few) this.#index()
  }

  delete({ grantee, grantor }: Pick<AclEntry, 'grantee' | 'grantor'>): void {
    this.#holders = undefined
    if (this.#many !== undefined) this.#many.delete(aclKey({ grantee, grantor }))
    else {
      const index = this.#find(grantee, grantor)
      if (index >= 0) this.#items.splice(index, 1)
    }
  }

  #find(grantee: string, grantor: string): number {
    for (let index = 0; index < this.#items.length; index++) {
      const item = this.#items[index]!
      if (item.grantee === grantee && item.grantor === grantor) return index
    }
    return -1
  }
}

const holdersIn = (items: Iterable<AclEntry>, privilege: Privilege): ReadonlyMap<string, boolean> => {
  const holders = new Map<string, boolean>()
  for (const { grantee, privileges } of items) {
    const grantable = privileges.get(privilege)
    if (grantable !== undefined) holders.set(grantee, grantable || holders.get(grantee) === true)
  }
  return holders
}

/** @param parse reads the letters of an item */
export const aclOf = (
  items: readonly AclItem[],
  parse: (privileges: string) => ReadonlyPrivileges = parsePrivileges,
): Acl =>
  new Acl(
    items.map(({ grantee, grantor, privileges }) => ({ grantee, grantor, privileges: parse(privileges) })),
  )

/** A copy that can be changed. */
export const copyOf = (acl: ReadonlyAcl): Acl => new Acl([...acl.values()])

/** Whether two items give the same. */
export const isSameItem = ({ privileges }: AclEntry, other: AclEntry | undefined): boolean => {
  if (privileges.size !== other?.privileges.size) return false
  for (const [privilege, grantable] of privileges)
    if (other.privileges.get(privilege) !== grantable) return false
  return true
}

export const isSameAcl = (one: ReadonlyAcl, other: ReadonlyAcl): boolean =>
  one.size === other.size &&
  [...one.values()].every((item) => isSameItem(item, other.get(item.grantee, item.grantor)))

/** The items in canonical order. */
export const itemsOf = (acl: ReadonlyAcl): AclItem[] =>
  sortedBy(acl.values(), aclKey).map(({ grantee, grantor, privileges }) => ({
    grantee,
    grantor,
    privileges: formatPrivileges(privileges),
  }))

/** Whether a grantor has granted a role a privilege with the grant option; `undefined` if not at all. */
export const heldBy = (
  acl: ReadonlyAcl,
  { privilege, grantee, grantor }: { readonly privilege: Privilege } & Pick<AclEntry, 'grantee' | 'grantor'>,
): boolean | undefined => acl.get(grantee, grantor)?.privileges.get(privilege)
