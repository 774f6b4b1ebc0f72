import {
  type AclItem,
  type DatabaseObject,
  type DefaultPrivileges,
  type Membership,
  type ObjectKind,
  objectKinds,
  type Role,
  type RoleProperty,
  type Scope,
  type Snapshot,
} from '@pgsr/planner'
import {
  flat,
  flatMap,
  futureObjectsOf,
  hasLoneSurrogate,
  parseAclItem,
  parsePrivileges,
  storedTypeName,
  vanishedRole,
} from '@pgsr/planner/internal'
import type { Results } from '../connection/wire.ts'
import { mentionsIn } from './mentions.ts'
import { mayHaveVanished } from './name.ts'
import { catalogNameOf, type Found, type Needs, type Rarity, readsUsualObjects } from './needs.ts'
import { isObjectCatalog } from './object-catalog.ts'
import { readRows } from './read-rows.ts'
import type { RowOf } from './rows.ts'
import { serverOf } from './server.ts'
import { statementsFor } from './statements.ts'
import { validUntilOf } from './valid-until.ts'
import { withoutUnnameableDefaults, withoutUnnameableObjects } from './unnameable.ts'

/** The answer of the catalogs. */
export interface Answer extends Pick<RowOf<'server'>, 'version' | 'readOnly' | 'readsPasswords'> {
  readonly snapshot: Snapshot
  /** What it shows to be there, of what only some readings contain. */
  readonly found: Found
}

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
const aclParser = (): ((text: string) => AclItem) => {
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

const objectOf = (row: RowOf<'objects'>, parseAcl: (text: string) => AclItem): DatabaseObject => {
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

/** Marks the objects with some addresses as parts of others. Columns have the address of their table. */
const markedAsPart =
  (addresses: ReadonlySet<string>) =>
  (object: DatabaseObject): DatabaseObject =>
    object.kind !== 'column' && addresses.has(`${catalogNameOf(object.kind)} ${object.oid}`)
      ? { ...object, part: true }
      : object

const accessObjectOf = (
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

const usualObjectOf = (
  { kind, name, oid, owner, acl }: RowOf<'usualObjects'>,
  parseAcl: (text: string) => AclItem,
): DatabaseObject => ({ kind, name, oid, owner, acl: acl.map(parseAcl) })

const defaultPrivilegesOf = (
  { on: letter, acl, ...row }: RowOf<'defaultPrivileges'>,
  parseAcl: (text: string) => AclItem,
): DefaultPrivileges => {
  const on = futureObjectsOf(letter)
  if (on === undefined) throw new RangeError(`unknown default privileges of objects "${letter}"`)
  return { ...row, on, acl: acl.map(parseAcl) }
}

/** Each field by its name: there may be thousands of roles, and a spread takes several times as long. */
const roleOf = (
  { name, oid }: Pick<RowOf<'roles'>, 'name' | 'oid'>,
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

/** Each member is a member of each role. */
const membershipsIn = ({
  roles,
  members,
  grantor,
  admin,
  inherit,
  set,
}: RowOf<'membershipsAlike'>): readonly Membership[] =>
  flatMap(members, (member) => roles.map((role) => ({ role, member, grantor, admin, inherit, set })))

const propertyOf = ({ setting, database, ...row }: RowOf<'properties'>): RoleProperty => ({
  ...row,
  ...(setting !== null && { setting }),
  ...(database !== null && { database }),
})

type Dependency = RowOf<'dependencies'>

/** The catalog of memberships. From 16 on, a grantor depends on it. */
const membershipCatalog = 'pg_auth_members'

/** Whether a dependency is that of an owner or a grantee on what has an owner or an ACL. */
const isReadAsObject = ({ catalog, how }: Pick<Dependency, 'catalog' | 'how'>): boolean =>
  (how === 'a' || how === 'o') && isObjectCatalog(catalog)

const isNumber = (name: string): boolean => /^[0-9]+$/.test(name)

/** The rare things that the ACL of an object, its kind and its schema show. */
const rarityOf = ({ kind, name, owner, acl }: DatabaseObject): readonly Rarity[] => [
  ...(kind === 'sequence' || name[0] === 'pg_toast' ? (['followers'] as const) : []),
  ...(acl.some(({ grantor }) => grantor !== owner) ? (['grantors'] as const) : []),
]

/** The catalog of each usual kind of object, as dependencies name it. */
const usualCatalog: Readonly<Partial<Record<ObjectKind, string>>> = {
  database: 'pg_database',
  schema: 'pg_namespace',
  table: 'pg_class',
  sequence: 'pg_class',
}

/** The address of an object of a usual kind. */
const addressOf = ({ kind, oid }: DatabaseObject): string => `${usualCatalog[kind]} ${oid}`

/** Each object once: a scope may name what tracked roles have something on. */
const distinct = (objects: readonly DatabaseObject[]): readonly DatabaseObject[] => [
  ...new Map(objects.map((object) => [addressOf(object), object])).values(),
]

/** The rare things that a dependency on a tracked role shows. */
const rarityOfDependency = (
  { catalog, how, onColumn, oids }: Dependency,
  addresses: ReadonlySet<string>,
): readonly Rarity[] => {
  if (catalog === membershipCatalog && (how === 'a' || how === 'o')) return ['memberships']
  if (!isReadAsObject({ catalog, how })) return ['unmanaged']
  const areRead = oids === null || oids.every((oid) => addresses.has(`${catalog} ${oid}`))
  if (!areRead) return ['dependents']
  if (catalog !== 'pg_class') return []
  return [...(how === 'o' ? (['ownership'] as const) : []), ...(onColumn ? (['columns'] as const) : [])]
}

/** Whether no statement may be able to change an object, which only the full reading knows. */
const mayBeUnreachable =
  ({ bootstrapRole }: Snapshot['server']) =>
  ({ name: [schema], owner }: DatabaseObject): boolean =>
    /^pg_(toast_)?temp/.test(schema!) || (schema === 'pg_catalog' && owner !== bootstrapRole)

/** Each membership once: those in absent roles are read by themselves, and some of them with the others too. */
const eachOnce = ({ absent }: Needs, rows: readonly Membership[]): readonly Membership[] =>
  absent ? [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()] : rows

type Parts = Pick<Snapshot, 'server' | 'memberships' | 'objects' | 'defaultPrivileges' | 'unmanaged'>

/** Whether a role may have vanished. */
const hasVanished = ({ server, memberships, objects, defaultPrivileges, unmanaged }: Parts): boolean =>
  [server.actingRole, server.sessionRole, server.databaseOwner].some(mayHaveVanished) ||
  memberships.some(({ role, member, grantor }) => [role, member, grantor].some(mayHaveVanished)) ||
  unmanaged.some(({ role }) => mayHaveVanished(role)) ||
  [...objects, ...defaultPrivileges].some(
    ({ owner, acl }) =>
      mayHaveVanished(owner) || acl.some(({ grantee, grantor }) => isNumber(grantee) || isNumber(grantor)),
  )

/** What an answer shows to be there, of what only some readings contain. */
const foundIn = (
  dependencies: readonly Dependency[],
  isOfAccess: boolean,
  more: readonly Rarity[],
  isSuperuser: boolean,
  parts: Parts,
): Found => {
  const mayNotBeRead = dependencies.some(({ oids }) => oids !== null)
  const addresses = new Set((mayNotBeRead ? parts.objects : []).map(addressOf))
  return {
    isSuperuser,
    catalogs: new Set(dependencies.filter(isReadAsObject).map(({ catalog }) => catalog)),
    rare: new Set([
      ...more,
      ...flatMap(dependencies, (one) => rarityOfDependency(one, addresses)),
      ...(isOfAccess ? [] : flatMap(parts.objects, rarityOf)),
      ...(hasVanished(parts) ? (['vanished'] as const) : []),
    ]),
  }
}

/**
 * Reads the results of the statements.
 * @throws SyntaxError, TypeError, RangeError when they are something else
 */
export const parseAnswer = (
  results: Results,
  {
    scope,
    needs,
    version: asked,
  }: { readonly scope: Scope; readonly needs: Needs; readonly version: number },
): Answer => {
  const rows = readRows(statementsFor(needs, asked), results)
  const parseAcl = aclParser()
  const [first] = rows('server')((row) => row)
  if (first === undefined) throw new RangeError('the server does not say who acts')
  const { readOnly, readsPasswords } = first
  const [ofAccess] = rows('accessServer')((row) => row)
  const server = {
    ...serverOf(first),
    ...(ofAccess && { databaseOwner: ofAccess.databaseOwner }),
    ...(ofAccess?.largeObjectsForAll === true && { largeObjectsForAll: true as const }),
  }
  const { version, actingRole, sessionRole, databaseOwner } = server
  if (hasLoneSurrogate(`${actingRole}${sessionRole}${databaseOwner}`))
    throw new RangeError(
      'the name of the acting role, or of the owner of the database, is not valid in the encoding of the database',
    )
  const mayBeUnused = rows('mayBeUnused')(({ role }) => role).filter((role) => !hasLoneSurrogate(role))
  const isOfAccess = needs.accessRoles !== 'none'
  const isUsual = !isOfAccess && readsUsualObjects(needs, asked)
  const elsewhere = new Map<string, number>()
  const here: Dependency[] = []
  rows('dependencies')((row) => {
    if (row.role === null) here.push(row)
    else elsewhere.set(row.role, (elsewhere.get(row.role) ?? 0) + row.count)
  })
  const parts = {
    server,
    memberships: eachOnce(needs, [
      ...rows('memberships')((row) => row),
      ...flat(rows('membershipsAlike')(membershipsIn)),
    ]),
    objects: isOfAccess
      ? rows('accessObjects')((row) => accessObjectOf(row, parseAcl))
      : isUsual
        ? distinct(rows('usualObjects')((row) => usualObjectOf(row, parseAcl)))
        : rows('objects')((row) => objectOf(row, parseAcl)),
    defaultPrivileges: rows('defaultPrivileges')((row) => defaultPrivilegesOf(row, parseAcl)),
    unmanaged: rows('unmanaged')((row) => row),
  }
  const roles = [
    ...rows('roles')((row) => roleOf(row, row, elsewhere)),
    ...flat(
      rows('rolesAlike')((row) =>
        row.names.map((name, index) => roleOf({ name, oid: row.oids[index]! }, row, elsewhere)),
      ),
    ),
  ]
  const isSuperuser = roles.some(({ name, superuser }) => name === actingRole && superuser)
  const ofOthers = new Set(rows('parts')(({ catalog, oid }) => `${catalog} ${oid}`))
  const objects = withoutUnnameableObjects(
    ofOthers.size === 0 ? parts.objects : parts.objects.map(markedAsPart(ofOthers)),
  )
  const defaults = withoutUnnameableDefaults(parts.defaultPrivileges)
  return {
    version,
    readOnly,
    readsPasswords,
    found: foundIn(
      here,
      isOfAccess,
      [
        ...(!isSuperuser && rows('reach')(({ isWider }) => isWider).includes(true)
          ? (['reach'] as const)
          : []),
        ...(isUsual && parts.objects.some(mayBeUnreachable(server)) ? (['unreachable'] as const) : []),
      ],
      isSuperuser,
      parts,
    ),
    snapshot: {
      format: 1,
      scope,
      server,
      roles,
      memberships: parts.memberships,
      objects: objects.named,
      defaultPrivileges: defaults.named,
      ...(needs.properties && {
        properties: rows('properties')(propertyOf),
        settings: rows('settings')((row) => row),
      }),
      ...(needs.absent && { mentions: mentionsIn(rows) }),
      unmanaged: [...parts.unmanaged, ...objects.unmanaged, ...defaults.unmanaged],
      ...(mayBeUnused.length > 0 && { mayBeUnused }),
    },
  }
}
