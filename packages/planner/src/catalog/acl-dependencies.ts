import { type AclEntry, aclKey, heldBy } from '../postgres/acl.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, getOrMake } from '../util/collections.ts'
import { once } from '../util/once.ts'
import type { CatalogObject } from './catalog.ts'

/** One privilege of one ACL item. */
export interface Granted {
  readonly object: CatalogObject
  readonly item: AclEntry
  readonly privilege: Privilege
}

/** One text for one of them. */
export const grantedKey = ({ object, item, privilege }: Granted): string =>
  `${object.key}\0${privilege}\0${aclKey(item)}`

/** What one role has granted of one privilege on one object. */
export interface PassedOn {
  readonly object: CatalogObject
  readonly granted: readonly Granted[]
}

interface Index {
  /** By privilege and grantor: object by object. */
  readonly passedOn: ReadonlyMap<string, readonly PassedOn[]>
  /** By object, privilege and role: what gives it the grant option there. */
  readonly options: ReadonlyMap<string, readonly Granted[]>
  /** By privilege, grantee and grantor: the columns on which such an item gives the grant option. */
  readonly columns: ReadonlyMap<string, readonly CatalogObject[]>
}

const none = (): number => 0

/** One text for the grant option that a role has on an object itself. */
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
        if (!grantable) continue
        append(options, optionKey(object, privilege, item.grantee), granted)
        if (object.kind === 'column') append(columns, `${privilege}\0${aclKey(item)}`, object)
      }
  return { passedOn, options, columns }
}

/**
 * By virtue of what the privileges on an object, and on the columns of a table, have been granted. Their ACLs are looked
 * through once, when that is first asked: most objects have nothing that anybody has passed on.
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

  /** By what a role has the grant option on an object itself. */
  optionsOf(object: CatalogObject, privilege: Privilege, role: string): readonly Granted[] {
    return this.#index().options.get(optionKey(object, privilege, role)) ?? []
  }

  /**
   * Whether a role may grant a privilege: on a column also by the table.
   * @param lost how many of the items that give it the grant option on an object count no more
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

  /** The columns on which an item of a table that goes takes a grant option along. */
  columnsWithOption(object: CatalogObject, item: AclEntry, privilege: Privilege): readonly CatalogObject[] {
    if (object.kind !== 'table' || this.#objects.length === 1) return []
    return this.#index().columns.get(`${privilege}\0${aclKey(item)}`) ?? []
  }

  /**
   * What may have been granted by virtue of an item: where that is on a table, also what has been granted on its columns. A
   * privilege that is revoked on a table goes on its columns too, and its grant option with it.
   */
  grantedBy({ object, item, privilege }: Granted): readonly PassedOn[] {
    const { grantee } = item
    if (grantee === object.owner) return []
    const isOption = item.privileges.get(privilege) === true
    if (!isOption && this.columnsWithOption(object, item, privilege).length === 0) return []
    return this.#passedOn(privilege, grantee).filter(
      ({ object: one }) =>
        (one === object || object.kind === 'table') &&
        (isOption || heldBy(one.acl, { privilege, grantee, grantor: item.grantor }) === true),
    )
  }

  /**
   * What a grantor has granted that would depend on the grant option that it has to be lent: PostgreSQL would not let that
   * be taken back. On a table that takes what it has on the columns too. Nothing where it has the grant option.
   */
  dependingOnLoan({ object, item: { grantor }, privilege }: Granted): readonly PassedOn[] {
    if (grantor === object.owner || this.holdsOption(object, privilege, grantor)) return []
    const option = { privilege, grantee: grantor, grantor: object.owner }
    return this.#passedOn(privilege, grantor).filter(
      ({ object: one }) => one === object || (object.kind === 'table' && heldBy(one.acl, option) === true),
    )
  }
}
