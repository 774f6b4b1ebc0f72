import type {
  Attribute,
  DatabaseObject,
  ObjectName,
  Operation,
  Privilege,
  Role,
  Snapshot,
} from '@pgsr/planner'
import { entriesOf, isSame, objectIn, roleIn, rolesAbove } from './holdings.ts'

/** Whose member everybody is who owns the database; nobody can be granted it. */
export const databaseOwners = 'pg_database_owner'

/** By which memberships roles are followed: those that inherit, those that let SET ROLE, or any. */
type By = 'inherit' | 'set' | 'any'

/**
 * The roles that a role is a member of, itself first, and how far away each is. Before 16 a role inherits or does not;
 * later each membership does.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (roles_is_member_of)
 */
export const followed = (snapshot: Snapshot, from: string, by: By): ReadonlyMap<string, number> => {
  const { version, databaseOwner } = snapshot.server
  const distances = new Map([[from, 0]])
  for (const [member, distance] of distances) {
    if (by === 'inherit' && version < 160000 && !roleIn(snapshot, member)?.inherit) continue
    const roles = snapshot.memberships
      .filter((row) => row.member === member && (by === 'any' || row[by]))
      .map(({ role }) => role)
    if (version >= 140000 && member === databaseOwner) roles.push(databaseOwners)
    for (const role of roles) if (!distances.has(role)) distances.set(role, distance + 1)
  }
  return distances
}

export const isSuperuser = (snapshot: Snapshot, role: string): boolean =>
  roleIn(snapshot, role)?.superuser === true

export const hasPrivilegesOf = (snapshot: Snapshot, who: string, role: string): boolean =>
  isSuperuser(snapshot, who) || followed(snapshot, who, 'inherit').has(role)

export const canBecome = (snapshot: Snapshot, who: string, role: string): boolean =>
  isSuperuser(snapshot, who) || followed(snapshot, who, 'set').has(role)

/** Of a role and those it is a member of, the nearest that have the ADMIN option for a role. */
export const administrators = (snapshot: Snapshot, who: string, role: string, by: By): readonly string[] => {
  const admins = [...followed(snapshot, who, by)].filter(([member]) =>
    snapshot.memberships.some((row) => row.role === role && row.member === member && row.admin),
  )
  const nearest = Math.min(...admins.map(([, distance]) => distance))
  return admins.flatMap(([member, distance]) => (distance === nearest ? [member] : []))
}

/** Up to 14, who is logged in as a role administers it. */
const isItself = ({ server }: Snapshot, who: string, role: string): boolean =>
  server.version < 150000 && who === role && who === server.sessionRole

export const isAdministrator = (snapshot: Snapshot, who: string, role: string): boolean =>
  isItself(snapshot, who, role) || administrators(snapshot, who, role, 'any').length > 0

/** What an ACL gives: superusers need none. */
export const holds = (
  snapshot: Snapshot,
  who: string,
  object: DatabaseObject,
  privilege: Privilege,
): boolean => {
  if (isSuperuser(snapshot, who)) return true
  const grantees = followed(snapshot, who, 'inherit')
  return entriesOf(object).some(
    (entry) => entry.privilege === privilege && (entry.grantee === 'public' || grantees.has(entry.grantee)),
  )
}

/** The schema that an object is in, if it is in one that is there. */
export const schemaOf = (snapshot: Snapshot, { name }: ObjectName): DatabaseObject | undefined =>
  name.length === 1 ? undefined : objectIn(snapshot, { kind: 'schema', name: name.slice(0, 1) })

/** Whether a role may look up what is in the schema of an object. */
const reaches = (snapshot: Snapshot, who: string, object: ObjectName): boolean => {
  const schema = schemaOf(snapshot, object)
  return schema === undefined || holds(snapshot, who, schema, 'USAGE')
}

export const createsSchemas = (snapshot: Snapshot, who: string): boolean => {
  const database = objectIn(snapshot, { kind: 'database', name: [snapshot.server.database] })!
  return holds(snapshot, who, database, 'CREATE')
}

/** Who has the grant option for a privilege on an object: on a column also by the table. */
export const grantOptions = (snapshot: Snapshot, object: DatabaseObject, privilege: Privilege): string[] =>
  [
    object,
    ...(object.ownerFollows && object.kind === 'column' ? [objectIn(snapshot, object.ownerFollows)!] : []),
  ]
    .flatMap(entriesOf)
    .filter((entry) => entry.privilege === privilege && entry.grantable)
    .map(({ grantee }) => grantee)

/**
 * Whether a GRANT or REVOKE is in a role’s name. It is in the name of the nearest of the roles whose privileges who runs it
 * has that may grant it; which of several as near comes first is PostgreSQL’s own affair.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (select_best_grantor)
 */
const speaksFor = (
  snapshot: Snapshot,
  who: string,
  name: string,
  object: DatabaseObject,
  privilege: Privilege,
): boolean => {
  if (isSuperuser(snapshot, who) || who === object.owner) return name === object.owner
  const distances = followed(snapshot, who, 'inherit')
  const distance = (role: string): number => distances.get(role) ?? Number.POSITIVE_INFINITY
  const grantors = [object.owner, ...grantOptions(snapshot, object, privilege)]
  return (
    Number.isFinite(distance(name)) &&
    grantors.includes(name) &&
    grantors.every((role) => role === name || distance(role) > distance(name))
  )
}

/** Before 16 only superusers alter who may replicate, and before 10 who bypasses row security. */
const isReserved = ({ replication, bypassRls }: Role, version: number): boolean =>
  version < 160000 && (replication || (bypassRls && version < 100000))

/** Whether a role may change the attributes of another that are not special. */
export const mayAlter = (snapshot: Snapshot, who: string, role: string): boolean => {
  if (isSuperuser(snapshot, who)) return true
  const { version } = snapshot.server
  const altered = roleIn(snapshot, role)!
  return (
    roleIn(snapshot, who)!.createRole &&
    !altered.superuser &&
    !isReserved(altered, version) &&
    (version < 160000 || isAdministrator(snapshot, who, role))
  )
}

/** Whether somebody may make members of a role, whoever is recorded to have done it. */
export const mayAdminister = (snapshot: Snapshot, who: string, role: string): boolean => {
  if (isSuperuser(snapshot, who)) return true
  if (isSuperuser(snapshot, role)) return false
  if (snapshot.server.version < 160000 && roleIn(snapshot, who)!.createRole) return true
  return isAdministrator(snapshot, who, role)
}

type Doing<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

const whyNotGranted = (snapshot: Snapshot, operation: Doing<'grantMembership'>): string | undefined => {
  const { role, member, grantor, namesGrantor = false, admin = false, options, as } = operation
  const { version, bootstrapRole } = snapshot.server
  if (!roleIn(snapshot, role) || !roleIn(snapshot, member)) return 'a role does not exist'
  if (role === databaseOwners && version >= 140000) return 'it has no members by name'
  if (rolesAbove(snapshot.memberships, role).has(member)) return 'it makes a cycle'
  if (!mayAdminister(snapshot, as, role)) return 'it does not administer the role'
  if (version < 160000) {
    if (namesGrantor || options) return 'there is no such clause'
    const row = snapshot.memberships.find((one) => one.role === role && one.member === member)
    if (row !== undefined && row.admin >= admin) return 'it is one already'
    return grantor === as ? undefined : 'somebody else is recorded'
  }
  if (isSuperuser(snapshot, as))
    return grantor === bootstrapRole ? undefined : 'the bootstrap superuser is recorded'
  if (!namesGrantor) {
    const recorded = administrators(snapshot, as, role, 'inherit')
    return recorded.length === 1 && recorded[0] === grantor ? undefined : 'somebody else is recorded'
  }
  if (!hasPrivilegesOf(snapshot, as, grantor)) return 'it may not act as the grantor'
  const isAdmin = snapshot.memberships.some((row) => row.role === role && row.member === grantor && row.admin)
  return isAdmin ? undefined : 'the grantor does not administer the role'
}

const whyNotRevoked = (
  snapshot: Snapshot,
  { role, member, grantor, as }: Doing<'revokeMembership'>,
): string | undefined => {
  if ((grantor === null) === snapshot.server.version >= 160000) return 'rows have grantors from 16 on'
  const isThere = snapshot.memberships.some(
    (row) => row.role === role && row.member === member && (grantor === null || row.grantor === grantor),
  )
  if (!isThere) return 'there is no such membership'
  if (!mayAdminister(snapshot, as, role)) return 'it does not administer the role'
  return grantor === null || hasPrivilegesOf(snapshot, as, grantor)
    ? undefined
    : 'it may not act as the grantor'
}

/** Whether a role may create something where an object is, or may own it in spite of not being able to. */
export const mayOwn = (snapshot: Snapshot, role: string, object: DatabaseObject): boolean => {
  const { wrapper } = object
  if (wrapper && !holds(snapshot, role, objectIn(snapshot, wrapper)!, 'USAGE')) return false
  if (object.kind === 'publication') return createsSchemas(snapshot, role)
  const schema = schemaOf(snapshot, object)
  return schema === undefined || holds(snapshot, role, schema, 'CREATE')
}

/** Whether only superusers can own it. */
export const isForSuperusers = ({ server }: Snapshot, { kind, ownedBySuperusers }: DatabaseObject): boolean =>
  ownedBySuperusers === true ||
  kind === 'foreign-data wrapper' ||
  kind === 'event trigger' ||
  (kind === 'subscription' && server.version < 160000)

/** What it takes to give some objects away, besides being their owner. */
export const mayGiveAway = (snapshot: Snapshot, who: string, { kind }: DatabaseObject): boolean => {
  switch (kind) {
    case 'database':
      return roleIn(snapshot, who)!.createDb
    case 'schema':
    case 'subscription':
      return createsSchemas(snapshot, who)
    case 'foreign-data wrapper':
      return false
    default:
      return true
  }
}

const whyNotMoved = (snapshot: Snapshot, operation: Doing<'setOwner'>): string | undefined => {
  const { as, owner: newOwner } = operation
  const object = objectIn(snapshot, operation.object)!
  if (!roleIn(snapshot, newOwner)) return 'the new owner does not exist'
  if (object.ownerFollows) return 'it moves with its table'
  if (object.kind === 'parameter') return 'nobody owns it'
  if (isForSuperusers(snapshot, object) && !isSuperuser(snapshot, newOwner))
    return 'the new owner has to be a superuser'
  if (isSuperuser(snapshot, as)) return undefined
  if (!reaches(snapshot, as, object)) return 'it has no USAGE on the schema'
  if (!hasPrivilegesOf(snapshot, as, object.owner)) return 'it is not the owner'
  if (!canBecome(snapshot, as, newOwner)) return 'it cannot become the new owner'
  if (!mayGiveAway(snapshot, as, object)) return 'it cannot give such an object away'
  return mayOwn(snapshot, newOwner, object) ? undefined : 'the new owner could not create it'
}

/** A column that has no ACL yet has the owner of its table. */
const objectOrTable = (snapshot: Snapshot, name: ObjectName): DatabaseObject => {
  const found = objectIn(snapshot, name)
  if (found !== undefined) return found
  const ownerFollows: ObjectName = { kind: 'table', name: name.name.slice(0, 2) }
  const { oid, owner } = objectIn(snapshot, ownerFollows)!
  return { kind: 'column', name: name.name, oid, owner, acl: [], ownerFollows }
}

const whyNotSaid = (
  snapshot: Snapshot,
  { as, grantor, grantee, privilege, ...operation }: Doing<'grantPrivilege' | 'revokePrivilege'>,
): string | undefined => {
  if (grantee !== 'public' && !roleIn(snapshot, grantee)) return 'the grantee does not exist'
  if ('grantable' in operation && grantee === 'public') return 'everybody cannot have a grant option'
  const object = objectOrTable(snapshot, operation.object)
  if (!reaches(snapshot, as, object)) return 'it has no USAGE on the schema'
  // A privilege that is revoked on a table goes on each column too, in the name of whoever is the nearest there.
  const columns = snapshot.objects.filter(
    (one) =>
      !('grantable' in operation) &&
      object.kind === 'table' &&
      one.kind === 'column' &&
      one.ownerFollows !== undefined &&
      isSame(object, one.ownerFollows) &&
      entriesOf(one).some((entry) => entry.grantee === grantee && entry.privilege === privilege),
  )
  return [object, ...columns].every((one) => speaksFor(snapshot, as, grantor, one, privilege))
    ? undefined
    : 'another grantor is recorded'
}

/**
 * Whether a role may give another an attribute, or take it away.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (AlterRole)
 */
export const maySetAttribute = (
  snapshot: Snapshot,
  who: string,
  role: string,
  attribute: Attribute,
): boolean => {
  const isNewRole = roleIn(snapshot, role) === undefined
  if (isSuperuser(snapshot, who)) return true
  if (attribute === 'SUPERUSER') return false
  if (isNewRole ? !roleIn(snapshot, who)!.createRole : !mayAlter(snapshot, who, role)) return false
  const { createDb, replication, bypassRls } = roleIn(snapshot, who)!
  const isNew = snapshot.server.version >= 160000
  switch (attribute) {
    case 'CREATEDB':
      return !isNew || createDb
    case 'REPLICATION':
      return isNew && replication
    case 'BYPASSRLS':
      return isNew && bypassRls
    default:
      return true
  }
}

const whyNotSaidOfFuture = (
  snapshot: Snapshot,
  { as, owner, schema, grantee, ...rest }: Doing<'grantDefaultPrivilege' | 'revokeDefaultPrivilege'>,
): string | undefined => {
  if (!roleIn(snapshot, owner)) return 'the owner does not exist'
  if (grantee !== 'public' && !roleIn(snapshot, grantee)) return 'the grantee does not exist'
  if ('grantable' in rest && grantee === 'public') return 'everybody cannot have a grant option'
  if (schema !== null && !objectIn(snapshot, { kind: 'schema', name: [schema] }))
    return 'the schema does not exist'
  return hasPrivilegesOf(snapshot, as, owner) ? undefined : 'it may not act as the owner'
}

/**
 * Why PostgreSQL would refuse an operation as things are, or do something else than it says.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c
 */
export const whyNotPermitted = (snapshot: Snapshot, operation: Operation): string | undefined => {
  const { as } = operation
  const { actingRole, sessionRole, bootstrapRole } = snapshot.server
  if (as !== actingRole && !canBecome(snapshot, sessionRole, as)) return 'the session cannot become the role'
  switch (operation.kind) {
    case 'createRole': {
      if (roleIn(snapshot, operation.role)) return 'the role exists'
      const { superuser, createRole } = roleIn(snapshot, as)!
      return superuser || createRole ? undefined : 'it may not create roles'
    }
    case 'dropRole':
      return 'nothing asks for that'
    case 'setAttribute': {
      const { role, attribute, value } = operation
      if (!roleIn(snapshot, role)) return 'the role does not exist'
      if (attribute === 'SUPERUSER' && !value && role === bootstrapRole) return 'it has to be a superuser'
      return maySetAttribute(snapshot, as, role, attribute) ? undefined : 'it may not alter the role'
    }
    case 'setValidUntil':
    case 'setPassword':
    case 'clearPassword':
      if (!roleIn(snapshot, operation.role)) return 'the role does not exist'
      return mayAlter(snapshot, as, operation.role) ? undefined : 'it may not alter the role'
    case 'lockRole':
      if (!roleIn(snapshot, operation.role)) return 'the role does not exist'
      if (operation.role.startsWith('pg_')) return 'it is PostgreSQL’s own'
      return mayAlter(snapshot, as, operation.role) ? undefined : 'it may not alter the role'
    case 'grantMembership':
      return whyNotGranted(snapshot, operation)
    case 'revokeMembership':
      return whyNotRevoked(snapshot, operation)
    case 'createSchema':
      if (objectIn(snapshot, { kind: 'schema', name: [operation.schema] })) return 'the schema exists'
      if (!roleIn(snapshot, operation.owner)) return 'the owner does not exist'
      if (!createsSchemas(snapshot, as)) return 'it has no CREATE on the database'
      return canBecome(snapshot, as, operation.owner) ? undefined : 'it cannot become the owner'
    case 'setOwner':
      return whyNotMoved(snapshot, operation)
    case 'grantPrivilege':
    case 'revokePrivilege':
      return whyNotSaid(snapshot, operation)
    case 'grantDefaultPrivilege':
    case 'revokeDefaultPrivilege':
      return whyNotSaidOfFuture(snapshot, operation)
  }
}
