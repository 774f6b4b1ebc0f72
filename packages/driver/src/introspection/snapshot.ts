import {
  type AclItem,
  type DatabaseObject,
  type DefaultPrivileges,
  type ObjectKind,
  objectKinds,
  type Role,
  type Scope,
  type Snapshot,
} from '@pgsr/planner'
import {
  futureObjectsOf,
  hasLoneSurrogate,
  parseAclItem,
  parsePrivileges,
  storedTypeName,
  vanishedRole,
} from '@pgsr/planner/internal'
import { readRows, type Row } from './result-rows.ts'
import { withoutUnnameableDefaults, withoutUnnameableObjects } from './unnameable.ts'

/** The answer of the catalogs. */
export interface Answer extends Pick<Row<'server'>, 'version' | 'readOnly' | 'readsPasswords'> {
  readonly snapshot: Snapshot
  /** Whether a transaction was open when the query was sent. */
  readonly transactionOpen: boolean
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

const objectOf = (row: Row<'objects'>, parseAcl: (text: string) => AclItem): DatabaseObject => {
  const { kind, name, oid, owner, acl, follows, inert, wrapper, ownedBySuperusers } = row
  const { indexes, columns, foreignKey, runsCodeWhenOpened } = row
  if (!Object.hasOwn(objectKinds, kind)) throw new RangeError(`unknown kind of object "${String(kind)}"`)
  return {
    kind,
    name: nameIn(kind, name),
    oid,
    owner,
    acl: acl.map(parseAcl),
    ...(follows && { follows: { kind: 'table' as const, name: follows } }),
    ...(inert && { inert }),
    ...(wrapper !== null && { wrapper: { kind: 'foreign-data wrapper' as const, name: [wrapper] } }),
    ...(ownedBySuperusers && { ownedBySuperusers }),
    ...(indexes && { indexes }),
    ...(columns && columns.length > 0 && { columns }),
    ...(foreignKey && { foreignKey }),
    ...(runsCodeWhenOpened && { runsCodeWhenOpened }),
  }
}

const defaultPrivilegesOf = (
  { on: letter, acl, ...row }: Row<'defaultPrivileges'>,
  parseAcl: (text: string) => AclItem,
): DefaultPrivileges => {
  const on = futureObjectsOf(letter)
  if (on === undefined) throw new RangeError(`unknown default privileges of objects "${letter}"`)
  return { ...row, on, acl: acl.map(parseAcl) }
}

const roleOf = ({ administeredByOthers, administers, ...role }: Row<'roles'>): Role => ({
  ...role,
  ...(administeredByOthers && { administeredByOthers }),
  ...(administers !== null && { administers }),
})

/**
 * Reads the JSON text that the introspection query answers.
 * @throws SyntaxError, TypeError, RangeError when it is something else
 */
export const parseAnswer = (text: string, scope: Scope): Answer => {
  const rows = readRows(text)
  const parseAcl = aclParser()
  const [first] = rows.server((row) => row)
  if (first === undefined) throw new RangeError('the acting role does not exist any more')
  const { transactionOpen, readOnly, readsPasswords, ...server } = first
  const { version, actingRole, sessionRole, databaseOwner } = server
  if (hasLoneSurrogate(`${actingRole}${sessionRole}${databaseOwner}`))
    throw new RangeError(
      'the name of the acting role, or of the owner of the database, is not valid in the encoding of the database',
    )
  const mayBeUnused = rows.mayBeUnused(({ role }) => role).filter((role) => !hasLoneSurrogate(role))
  const objects = withoutUnnameableObjects(rows.objects((row) => objectOf(row, parseAcl)))
  const defaults = withoutUnnameableDefaults(
    rows.defaultPrivileges((row) => defaultPrivilegesOf(row, parseAcl)),
  )
  return {
    version,
    transactionOpen,
    readOnly,
    readsPasswords,
    snapshot: {
      format: 1,
      scope,
      server,
      roles: rows.roles(roleOf),
      memberships: rows.memberships((row) => row),
      objects: objects.named,
      defaultPrivileges: defaults.named,
      unmanaged: [...rows.unmanaged((row) => row), ...objects.unmanaged, ...defaults.unmanaged],
      ...(mayBeUnused.length > 0 && { mayBeUnused }),
    },
  }
}
