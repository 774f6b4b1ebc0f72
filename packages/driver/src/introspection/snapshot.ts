import type { DatabaseObject, Membership, ObjectKind, Scope, Snapshot } from '@pgsr/planner'
import { flat, flatMap, hasLoneSurrogate } from '@pgsr/planner/internal'
import type { Results } from '../connection/wire.ts'
import {
  accessObjectOf,
  aclParser,
  defaultPrivilegesOf,
  membershipsIn,
  objectOf,
  propertyOf,
  roleOf,
  usualObjectOf,
} from './facts-in-rows.ts'
import { mentionsIn } from './mentions.ts'
import { mayHaveVanished } from './name.ts'
import { areMany, catalogNameOf, type Found, type Needs, type Rarity, readsUsualObjects } from './needs.ts'
import { isObjectCatalog } from './object-catalog.ts'
import { readRows } from './read-rows.ts'
import type { RowOf } from './rows.ts'
import { serverOf } from './server.ts'
import { statementsFor } from './statements.ts'
import { withoutUnnameableDefaults, withoutUnnameableObjects } from './unnameable.ts'

/** The answer of the catalogs. */
export interface Answer extends Pick<RowOf<'server'>, 'version' | 'readOnly' | 'readsPasswords'> {
  readonly snapshot: Snapshot
  /** What it shows to be there, of what only some readings contain. */
  readonly found: Found
}

/** Marks the objects with some addresses as parts of others. Columns have the address of their table. */
const markedAsPart =
  (addresses: ReadonlySet<string>) =>
  (object: DatabaseObject): DatabaseObject =>
    object.kind !== 'column' && addresses.has(`${catalogNameOf(object.kind)} ${object.oid}`)
      ? { ...object, part: true }
      : object

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
    hasMany: areMany(dependencies.reduce((sum, { count }) => sum + count, 0)),
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
    ...rows('roles')((row) => roleOf(row.name, row.oid, row, elsewhere)),
    ...flat(
      rows('rolesAlike')((row) =>
        row.names.map((name, index) => roleOf(name, row.oids[index]!, row, elsewhere)),
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
