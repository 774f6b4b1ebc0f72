import type { AccessTraits } from '../model/access-traits.ts'
import type { DatabaseObject } from '../model/snapshot.ts'
import type { Acl, ReadonlyAcl } from '../postgres/acl.ts'
import { objectKey, objectKinds, type ObjectName } from '../postgres/object-kind.ts'

/** An object of a catalog. Each has all fields: it takes V8 much longer to make and read objects of many shapes. */
export interface CatalogObject extends ObjectName {
  readonly key: string
  readonly oid: string | null
  readonly owner: string
  readonly acl: ReadonlyAcl
  readonly ownerFollows: ObjectName | undefined
  /** It holds no code that could run with its owner’s rights, apart from code that others may still attach to it. */
  readonly inert: boolean
  /** The columns without an ACL, which are held while the owner changes. */
  readonly columns: readonly string[] | undefined
  readonly foreignKey: true | undefined
  readonly runsCodeWhenOpened: true | undefined
  /** Whether only superusers can own it. */
  readonly ownedBySuperusers: boolean
  /** The foreign-data wrapper of a foreign server. */
  readonly wrapper: ObjectName | undefined
  readonly indexes: number | undefined
  readonly part: true | undefined
  readonly access: AccessTraits | undefined
}

/** An object that belongs to one catalog only, which may change it. */
export type OwnObject = Omit<CatalogObject, 'owner' | 'acl'> & {
  owner: string
  acl: Acl
}

/** Makes an object of a catalog from one of a snapshot. */
export const objectFrom = (
  from: Omit<DatabaseObject, 'acl' | 'inert' | 'ownedBySuperusers'>,
  acl: ReadonlyAcl,
  { inert, ownedBySuperusers }: Pick<CatalogObject, 'inert' | 'ownedBySuperusers'>,
): CatalogObject => ({
  kind: from.kind,
  name: from.name,
  key: objectKey(from),
  oid: from.oid,
  owner: from.owner,
  acl,
  ownerFollows: from.ownerFollows,
  inert,
  columns: from.columns,
  foreignKey: from.foreignKey,
  runsCodeWhenOpened: from.runsCodeWhenOpened,
  ownedBySuperusers,
  wrapper: from.wrapper,
  indexes: from.indexes,
  part: from.part,
  access: from.access,
})

/** Whether pgsr changes the owner of this object by itself, not with that of a table. */
export const ownerIsManaged = (object: CatalogObject): boolean =>
  object.ownerFollows === undefined && objectKinds[object.kind].ownerKeyword !== undefined
