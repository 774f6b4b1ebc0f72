import {
  type AclItem,
  type DatabaseObject,
  type FutureObjects,
  futureObjectsOf,
  hasLoneSurrogate,
  type ObjectKind,
  objectKinds,
  parseAclItem,
  parsePrivileges,
  type Scope,
  type Snapshot,
  storedTypeName,
  vanishedRole,
} from '@pgsr/planner'
import { withoutNamelessDefaults, withoutNamelessObjects } from './nameless.ts'

/** What the catalogs answered. */
export interface Answer {
  readonly snapshot: Snapshot
  readonly version: number
  /** Whether a transaction was open when the query was sent. */
  readonly transactionOpen: boolean
  /** What nothing can be written in: a server that is a replica, or a transaction that is read-only, as by default. */
  readonly readOnly: 'replica' | 'transaction' | null
  /** Whether the acting role may read what is stored of passwords. */
  readonly readsPasswords: boolean
}

type ServerRow = [
  version: number,
  database: string,
  databaseOid: string,
  actingRole: string,
  sessionRole: string,
  bootstrapRole: string,
  databaseOwner: string,
  createsSchemas: boolean,
  maxLocksPerTransaction: number,
  lockTableSize: number,
  predicateLockTableSize: number,
  transactionOpen: boolean,
  readOnly: Answer['readOnly'],
  readsPasswords: boolean,
]

type RoleRow = [
  name: string,
  oid: string,
  login: boolean,
  superuser: boolean,
  inherit: boolean,
  createRole: boolean,
  createDb: boolean,
  replication: boolean,
  bypassRls: boolean,
  validUntil: string,
  elsewhere: number,
  servesOthers: boolean,
  administeredByOthers: boolean,
  administers: number | null,
]

type MembershipRow = [
  role: string,
  member: string,
  grantor: string,
  admin: boolean,
  inherit: boolean,
  set: boolean,
]

type ObjectRow = [
  kind: ObjectKind,
  name: string[],
  oid: string,
  owner: string,
  acl: string[],
  follows: string[] | null,
  inert: boolean | null,
  wrapper: string | null,
  ownedBySuperusers: boolean,
  indexes: number | null,
  columns: string[] | null,
  foreignKey: boolean | null,
  runsCode: boolean | null,
]

type DefaultPrivilegesRow = [role: string, schema: string | null, objectType: string, acl: string[]]
type UnmanagedRow = [role: string, kind: string, description: string]

type UnusedRow = [role: string]

type Rows = [
  server: ServerRow,
  roles: RoleRow[],
  memberships: MembershipRow[],
  objects: ObjectRow[],
  defaultPrivileges: DefaultPrivilegesRow[],
  unmanaged: UnmanagedRow[],
  unused: UnusedRow[],
]

/** An item, of which the query says whether it names roles that are gone. */
const aclItemOf = (text: string): AclItem => {
  const [, grantee, grantor, item] = /^ ([0-9]*) ([0-9]*) (.*)$/s.exec(text) ?? []
  if (item === undefined) return parseAclItem(text)
  return {
    ...parseAclItem(item),
    ...(grantee !== '' && { grantee: vanishedRole(grantee!) }),
    ...(grantor !== '' && { grantor: vanishedRole(grantor!) }),
  }
}

/** Reads items of ACLs. What an owner has stands in each ACL of what it owns, and is read once. */
const aclReader = (): ((text: string) => AclItem) => {
  const known = new Map<string, AclItem>()
  const knownPrivileges = new Set<string>()
  return (text) => {
    const existing = known.get(text)
    if (existing !== undefined) return existing
    const item = aclItemOf(text)
    // To find letters that nobody knows.
    if (!knownPrivileges.has(item.privileges)) parsePrivileges(item.privileges)
    knownPrivileges.add(item.privileges)
    known.set(text, item)
    return item
  }
}

/** Which parts of a name, from the third on, are types. */
const typesIn: ReadonlySet<ObjectKind> = new Set(['function', 'procedure', 'operator'])

/** What no statement can say: it stands in the place of a type that has no name in SQL. */
const namelessType = '\uD800'

/** The types by which routines and operators of one name differ, each in its one spelling. */
const named = (kind: ObjectKind, name: readonly string[]): readonly string[] =>
  typesIn.has(kind) ? [...name.slice(0, 2), ...name.slice(2).map(typeIn)] : name

const typeIn = (text: string): string =>
  text === 'NONE' ? text : (storedTypeName(text) ?? `${text}${namelessType}`)

/** What `pg_default_acl` says objects are. */
const futureObjectsIn = (letter: string): FutureObjects => {
  const on = futureObjectsOf(letter)
  if (on === undefined) throw new RangeError(`unknown default privileges of objects "${letter}"`)
  return on
}

const objectIn =
  (aclItem: (text: string) => AclItem) =>
  ([kind, name, oid, owner, acl, follows, ...others]: ObjectRow): DatabaseObject => {
    const [inert, wrapper, ownedBySuperusers, indexes, columns, foreignKey, runsCode] = others
    if (!Object.hasOwn(objectKinds, kind)) throw new RangeError(`unknown kind of object "${String(kind)}"`)
    return {
      kind,
      name: named(kind, name),
      oid,
      owner,
      acl: acl.map(aclItem),
      ...(follows && { follows: { kind: 'table' as const, name: follows } }),
      ...(inert && { inert }),
      ...(wrapper !== null && { wrapper: { kind: 'foreign-data wrapper' as const, name: [wrapper] } }),
      ...(ownedBySuperusers && { ownedBySuperusers: true as const }),
      ...(indexes && { indexes }),
      ...(columns && columns.length > 0 && { columns }),
      ...(foreignKey && { foreignKey }),
      ...(runsCode && { runsCodeWhenOpened: runsCode }),
    }
  }

/**
 * Reads the JSON text that the introspection query answers.
 * @throws SyntaxError, TypeError, RangeError when it is something else
 */
export const parseAnswer = (text: string, scope: Scope): Answer => {
  const aclItem = aclReader()
  const [server, roles, memberships, objects, defaultPrivileges, unmanaged, unused] = JSON.parse(text) as Rows
  const [version, database, databaseOid, actingRole, sessionRole, bootstrapRole, ...more] = server
  const [databaseOwner, createsSchemas, maxLocksPerTransaction, lockTableSize, ...sizes] = more
  const [predicateLockTableSize, ...session] = sizes
  const [transactionOpen, readOnly, readsPasswords] = session
  if (hasLoneSurrogate(`${actingRole}${sessionRole}${databaseOwner}`))
    throw new RangeError(
      'the role that syncs, or the owner of the database, has a name that is none in its encoding',
    )
  const mayBeUnused = unused.map(([role]) => role).filter((role) => !hasLoneSurrogate(role))
  const found = withoutNamelessObjects(objects.map(objectIn(aclItem)))
  const defaults = withoutNamelessDefaults(
    defaultPrivileges.map(([role, schema, objectType, acl]) => ({
      owner: role,
      schema,
      on: futureObjectsIn(objectType),
      acl: acl.map(aclItem),
    })),
  )
  return {
    version,
    transactionOpen,
    readOnly,
    readsPasswords,
    snapshot: {
      format: 1,
      scope,
      server: {
        version,
        database,
        databaseOid,
        databaseOwner,
        createsSchemas,
        maxLocksPerTransaction,
        lockTableSize,
        predicateLockTableSize,
        actingRole,
        sessionRole,
        bootstrapRole,
      },
      roles: roles.map(
        ([
          name,
          oid,
          login,
          superuser,
          inherit,
          createRole,
          createDb,
          replication,
          bypassRls,
          until,
          elsewhere,
          servesOthers,
          administeredByOthers,
          administers,
        ]) => ({
          name,
          oid,
          login,
          superuser,
          inherit,
          createRole,
          createDb,
          replication,
          bypassRls,
          validUntil: until,
          elsewhere,
          servesOthers,
          ...(administeredByOthers && { administeredByOthers }),
          ...(administers !== null && { administers }),
        }),
      ),
      memberships: memberships.map(([role, member, grantor, admin, inherit, set]) => ({
        role,
        member,
        grantor,
        admin,
        inherit,
        set,
      })),
      objects: found.named,
      defaultPrivileges: defaults.named,
      unmanaged: [
        ...unmanaged.map(([role, kind, description]) => ({ role, kind, description })),
        ...found.unmanaged,
        ...defaults.unmanaged,
      ],
      ...(mayBeUnused.length > 0 && { mayBeUnused }),
    },
  }
}
