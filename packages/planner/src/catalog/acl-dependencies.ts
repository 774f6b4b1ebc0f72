import { type AclEntry, aclKey, heldBy } from '../postgres/acl.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, getOrMake } from '../util/collections.ts'
import { once } from '../util/once.ts'
import type { CatalogObject } from './catalog-object.ts'

/** One privilege of one ACL item. */
export interface Granted {
  readonly object: CatalogObject
  readonly item: AclEntry
  readonly privilege: Privilege
}

/** A key for one of them. */
export const grantedKey = ({ object, item, privilege }: Granted): string =>
  `${object.key}\0${privilege}\0${aclKey(item)}`

/** All grants of one privilege on one object by one role. */
export interface PassedOn {
  readonly object: CatalogObject
  readonly granted: readonly Granted[]
}

interface Index {
  /** By privilege and grantor: what the grantor has granted, object by object. */
  readonly passedOn: ReadonlyMap<string, readonly PassedOn[]>
  /** By object, privilege and role: the items that give the role the grant option. */
  readonly options: ReadonlyMap<string, readonly Granted[]>
  /** By privilege, grantee and grantor: the columns that have such an item. */
  readonly columns: ReadonlyMap<string, readonly CatalogObject[]>
}

const none = (): number => 0

/** Whether the same item as on another object gives the grant option on an object. */
export const givesOption = (
  object: CatalogObject,
  { item: { grantee, grantor }, privilege }: Granted,
): boolean => heldBy(object.acl, { privilege, grantee, grantor }) === true

/** A key for the grant option that a role has on an object itself. */
export const optionKey = ({ key }: CatalogObject, privilege: Privilege, role: string): string =>
  `${key}\0${privilege}\0${role}`

const indexOf = (objects: readonly CatalogObject[]): Index => {
  const passedOn = new Map<string, { object: CatalogObject; granted: Granted[] }[]>()
  const [options, columns] = [new Map<string, Granted[]>(), new Map<string, CatalogObject[]>()]
  for (const object of objects)
    for (const item of object.acl.values())
      for (const [privilege, grantable] of item.privileges) {
        const granted: Granted = { object, item, privilege }
        const byGrantor = getOrMake(passedOn, `${privilege}\0${item.grantor}`, () => [])
        if (byGrantor.at(-1)?.object === object) byGrantor.at(-1)!.granted.push(granted)
        else byGrantor.push({ object, granted: [granted] })
        if (grantable) append(options, optionKey(object, privilege, item.grantee), granted)
        if (object.kind === 'column') append(columns, `${privilege}\0${aclKey(item)}`, object)
      }
  return { passedOn, options, columns }
}

/**
 * The grant options by virtue of which privileges on an object, or on a table and its columns, have been
 * granted. The ACLs are indexed when that is first asked: on most objects nobody has passed anything on.
 */
export class AclDependencies {
  readonly #objects: readonly CatalogObject[]
  readonly #index: () => Index

  /** @param objects one, or a table and its columns */
  constructor(objects: readonly CatalogObject[]) {
    this.#objects = objects
    this.#index = once(() => indexOf(objects))
  }

  /** The table of a column. */
  tableOf({ kind }: CatalogObject): CatalogObject | undefined {
    const [first] = this.#objects
    return kind === 'column' && first!.kind === 'table' ? first : undefined
  }

  /** What a role has granted, object by object. */
  #passedOn(privilege: Privilege, grantor: string): readonly PassedOn[] {
    return this.#index().passedOn.get(`${privilege}\0${grantor}`) ?? []
  }

  /** The items that give a role the grant option on an object itself. */
  optionsOf(object: CatalogObject, privilege: Privilege, role: string): readonly Granted[] {
    return this.#index().options.get(optionKey(object, privilege, role)) ?? []
  }

  /**
   * Whether a role has the grant option for a privilege. On a column, the grant option on the table counts too.
   * @param lost how many of the items that give a grant option no longer count
   */
  holdsOption(
    object: CatalogObject,
    privilege: Privilege,
    role: string,
    lost: (option: string) => number = none,
  ): boolean {
    const isLeft = (one: CatalogObject): boolean =>
      this.optionsOf(one, privilege, role).length > lost(optionKey(one, privilege, role))
    const table = this.tableOf(object)
    return isLeft(object) || (table !== undefined && isLeft(table))
  }

  /** The columns on which the same is revoked when an item of their table is revoked. */
  columnsWith({ object, item, privilege }: Granted): readonly CatalogObject[] {
    if (object.kind !== 'table' || this.#objects.length === 1) return []
    return this.#index().columns.get(`${privilege}\0${aclKey(item)}`) ?? []
  }

  /**
   * What may have been granted by virtue of an item. For an item on a table that includes grants on its
   * columns: REVOKE on a table also revokes the privilege and its grant option on the columns.
   */
  grantedBy(granted: Granted): readonly PassedOn[] {
    const { object, item, privilege } = granted
    const { grantee } = item
    if (grantee === object.owner) return []
    const isOption = item.privileges.get(privilege) === true
    if (!isOption && !this.columnsWith(granted).some((one) => givesOption(one, granted))) return []
    return this.#passedOn(privilege, grantee).filter(
      ({ object: one }) =>
        (one === object || object.kind === 'table') && (isOption || givesOption(one, granted)),
    )
  }

  /**
   * What a grantor has granted that would depend on a grant option lent to it, so that PostgreSQL would not
   * let the loan be taken back. Taking one back on a table also takes what the grantor has on its columns.
   * Empty if the grantor has the grant option.
   */
  dependingOnLoan({ object, item: { grantor }, privilege }: Granted): readonly PassedOn[] {
    if (grantor === object.owner || this.holdsOption(object, privilege, grantor)) return []
    const option = { privilege, grantee: grantor, grantor: object.owner }
    return this.#passedOn(privilege, grantor).filter(
      ({ object: one }) => one === object || (object.kind === 'table' && heldBy(one.acl, option) === true),
    )
  }
}
