import {
  type AclItem,
  type DatabaseObject,
  type DefaultPrivileges,
  type Membership,
  type ObjectKind,
  objectKinds,
  type Role,
  type RoleProperty,
} from '@pgsr/planner'
import {
  flatMap,
  futureObjectsOf,
  parseAclItem,
  parsePrivileges,
  storedTypeName,
  vanishedRole,
} from '@pgsr/planner/internal'
import type { RowOf } from './rows.ts'
import { validUntilOf } from './valid-until.ts'

/** Parses an ACL item, which the query marks if it names roles that do not exist any more. */
const aclItemOf = (text: string): AclItem => {
  const [, grantee, grantor, item] = /^ ([0-9]*) ([0-9]*) (.*)$/s.exec(text) ?? []
  if (item === undefined) return parseAclItem(text)
  return {
    ...parseAclItem(item),
    ...(grantee !== '' && { grantee: vanishedRole(grantee!) }),
    ...(grantor !== '' && { grantor: vanishedRole(grantor!) }),
  }
}

/** Makes a parser of ACL items that parses equal texts once: the item of an owner is in the ACL of all that it owns. */
export const aclParser = (): ((text: string) => AclItem) => {
  const known = new Map<string, AclItem>()
  const knownPrivileges = new Set<string>()
  return (text) => {
    const existing = known.get(text)
    if (existing !== undefined) return existing
    const item = aclItemOf(text)
    // Refuses letters of unknown privileges.
    if (!knownPrivileges.has(item.privileges)) parsePrivileges(item.privileges)
    knownPrivileges.add(item.privileges)
    known.set(text, item)
    return item
  }
}

/** The kinds of object whose names have types from the third part on. */
const kindsWithTypes: ReadonlySet<ObjectKind> = new Set(['function', 'procedure', 'operator'])

/** Marks a type that has no name in SQL, so that no statement can name it. */
const unnameableType = '\uD800'

const typeIn = (text: string): string =>
  text === 'NONE' ? text : (storedTypeName(text) ?? `${text}${unnameableType}`)

/** The name of an object, with types in their one spelling. */
const nameIn = (kind: ObjectKind, name: readonly string[]): readonly string[] =>
  kindsWithTypes.has(kind) ? [...name.slice(0, 2), ...name.slice(2).map(typeIn)] : name

export const objectOf = (row: RowOf<'objects'>, parseAcl: (text: string) => AclItem): DatabaseObject => {
  const { kind, name, oid, owner, acl, follows, inert, wrapper, ownedBySuperusers } = row
  const { indexes, columns, foreignKey, runsCodeWhenOpened } = row
  if (!Object.hasOwn(objectKinds, kind)) throw new RangeError(`unknown kind of object "${String(kind)}"`)
  return {
    kind,
    name: nameIn(kind, name),
    oid,
    owner,
    acl: acl.map(parseAcl),
    ...(follows && { ownerFollows: { kind: 'table' as const, name: follows } }),
    ...(inert && { inert }),
    ...(wrapper !== null && { wrapper: { kind: 'foreign-data wrapper' as const, name: [wrapper] } }),
    ...(ownedBySuperusers && { ownedBySuperusers }),
    ...(indexes && { indexes }),
    ...(columns && columns.length > 0 && { columns }),
    ...(foreignKey && { foreignKey }),
    ...(runsCodeWhenOpened && { runsCodeWhenOpened }),
  }
}

export const accessObjectOf = (
  { kind, name, follows, acl, traits, ...row }: RowOf<'accessObjects'>,
  parseAcl: (text: string) => AclItem,
): DatabaseObject => ({
  ...row,
  kind,
  name: nameIn(kind, name),
  acl: acl.map(parseAcl),
  ...(follows && { ownerFollows: { kind: 'table' as const, name: follows } }),
  ...(Object.keys(traits).length > 0 && { access: traits }),
})

export const usualObjectOf = (
  { kind, name, oid, owner, acl }: RowOf<'usualObjects'>,
  parseAcl: (text: string) => AclItem,
): DatabaseObject => ({ kind, name, oid, owner, acl: acl.map(parseAcl) })

export const defaultPrivilegesOf = (
  { on: letter, acl, ...row }: RowOf<'defaultPrivileges'>,
  parseAcl: (text: string) => AclItem,
): DefaultPrivileges => {
  const on = futureObjectsOf(letter)
  if (on === undefined) throw new RangeError(`unknown default privileges of objects "${letter}"`)
  return { ...row, on, acl: acl.map(parseAcl) }
}

/** A role, field by field: there may be thousands, and a spread takes several times as long. */
export const roleOf = (
  name: string,
  oid: string,
  row: Omit<RowOf<'roles'>, 'name' | 'oid'>,
  elsewhere: ReadonlyMap<string, number>,
): Role => ({
  name,
  oid,
  login: row.login,
  superuser: row.superuser,
  inherit: row.inherit,
  createRole: row.createRole,
  createDb: row.createDb,
  replication: row.replication,
  bypassRls: row.bypassRls,
  servesOthers: row.servesOthers,
  validUntil: validUntilOf(row.validUntil),
  elsewhere: elsewhere.get(oid) ?? 0,
  ...(row.administeredByOthers && { administeredByOthers: true }),
  ...(row.administers !== null && { administers: row.administers }),
})

/** The memberships in a row: each member is a member of each role. */
export const membershipsIn = ({
  roles,
  members,
  grantor,
  admin,
  inherit,
  set,
}: RowOf<'membershipsAlike'>): readonly Membership[] =>
  flatMap(members, (member) => roles.map((role) => ({ role, member, grantor, admin, inherit, set })))

export const propertyOf = ({ setting, database, ...row }: RowOf<'properties'>): RoleProperty => ({
  ...row,
  ...(setting !== null && { setting }),
  ...(database !== null && { database }),
})
