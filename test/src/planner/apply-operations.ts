import {
  membershipOptions,
  membershipOptionWords,
} from '../../../packages/planner/src/postgres/membership-option.ts'
import {
  type AclItem,
  type Attribute,
  attributes,
  type FutureObjects,
  futureObjects,
  type FutureObjectsRow,
  type DatabaseObject,
  type Membership,
  type ObjectName,
  objectKinds,
  type Operation,
  type Privilege,
  privilegeLetters,
  type RevokePrivilege,
  type Snapshot,
} from '@pgsr/planner'
import { columnsOf, newRoles, newSchemas, schema } from './apply-state.ts'

/** Takes one of a list, by the next of some random numbers; `undefined` from an empty list. */
export type Pick = <T>(from: readonly T[]) => T | undefined

export const pickBy = (numbers: readonly number[]): Pick => {
  const left = [...numbers]
  return (from) => from[(left.shift() ?? 0) % from.length]
}

export const privilegesOf = ({ kind }: ObjectName, version: number): readonly Privilege[] =>
  objectKinds[kind].privileges.filter((privilege) => privilege !== 'MAINTAIN' || version >= 170000)

const letterOf = (wanted: Privilege): string =>
  Object.entries(privilegeLetters).find(([, privilege]) => privilege === wanted)![0]

const holds = (item: AclItem, privilege: Privilege): boolean => item.privileges.includes(letterOf(privilege))

const mayGrant = (item: AclItem, privilege: Privilege): boolean =>
  item.privileges.includes(`${letterOf(privilege)}*`)

const isSame = (a: ObjectName, b: ObjectName): boolean =>
  a.kind === b.kind && a.name.join('\0') === b.name.join('\0')

const find = ({ objects }: Snapshot, name: ObjectName): DatabaseObject | undefined =>
  objects.find((object) => isSame(object, name))

/** What a REVOKE on an object touches: itself, and a table's columns. */
const touchedBy = ({ objects }: Snapshot, name: ObjectName): readonly DatabaseObject[] =>
  objects.filter(
    ({ kind, ownerFollows, ...object }) =>
      isSame({ kind, ...object }, name) ||
      (kind === 'column' && ownerFollows !== undefined && isSame(ownerFollows, name)),
  )

const ordinaryRoles = ({ roles, server }: Snapshot): readonly string[] =>
  roles.map(({ name }) => name).filter((name) => name !== server.actingRole && name !== server.bootstrapRole)

/** Every column, also those that have no ACL yet. */
export const columns: readonly ObjectName[] = Object.entries(columnsOf).flatMap(([table, names]) =>
  names.map((column): ObjectName => ({ kind: 'column', name: [schema, table, column] })),
)

/** Whether its grantor can revoke this: it needs the grant option, and USAGE on the schema to name the object. */
const canAct = (snapshot: Snapshot, { object, privilege, grantor }: RevokePrivilege): boolean => {
  const { owner, acl, ownerFollows } = find(snapshot, object)!
  if (grantor === owner) return true
  const { acl: schemaAcl } = find(snapshot, { kind: 'schema', name: object.name.slice(0, 1) }) ?? { acl: [] }
  const reaches =
    objectKinds[object.kind].parts.length === 1 ||
    schemaAcl.some((item) => [grantor, 'public'].includes(item.grantee) && holds(item, 'USAGE'))
  const onTable = object.kind === 'column' && ownerFollows ? find(snapshot, ownerFollows)!.acl : []
  return reaches && [...acl, ...onTable].some((item) => item.grantee === grantor && mayGrant(item, privilege))
}

/** Whether nobody has the privilege by virtue of the grant option that goes. */
const isLeaf = (snapshot: Snapshot, { object, privilege, grantee, grantor }: RevokePrivilege): boolean =>
  touchedBy(snapshot, object).every(({ acl, owner, ...touched }) => {
    const options = acl.filter((item) => item.grantee === grantee && mayGrant(item, privilege))
    if (grantee === owner || options.length !== 1 || options[0]!.grantor !== grantor) return true
    return touchedBy(snapshot, touched).every(({ acl: items }) =>
      items.every((item) => item.grantor !== grantee || !holds(item, privilege)),
    )
  })

const reason = { role: 'whoever', grant: null }

const grantPrivilege = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const withoutColumns = snapshot.objects.filter(({ kind }) => kind !== 'column')
  const { kind, name } = pick<ObjectName>(pick([true, true, false]) ? withoutColumns : columns)!
  const object = { kind, name }
  const { owner } = find(snapshot, kind === 'column' ? { kind: 'table', name: name.slice(0, 2) } : object)!
  const privilege = pick(privilegesOf(object, snapshot.server.version))!
  const grantee = pick([...ordinaryRoles(snapshot), 'public'])!
  const as = snapshot.server.actingRole
  const grantable = pick([true, false])! &&
    grantee !== 'public' &&
    grantee !== owner && { grantable: true as const }
  return { kind: 'grantPrivilege', object, privilege, grantee, grantor: owner, ...grantable, as, reason }
}

/** What is said of future objects, of any kind, in the schema or in all. */
const future = (snapshot: Snapshot, pick: Pick) => {
  const known = Object.entries(futureObjects) as [FutureObjects, FutureObjectsRow][]
  const [on, { become, outsideSchemas }] = pick(
    known.filter(([, { since = 0 }]) => since <= snapshot.server.version),
  )!
  return {
    owner: pick(ordinaryRoles(snapshot))!,
    schema: outsideSchemas === true ? null : pick([schema, null])!,
    on,
    privilege: pick(privilegesOf({ kind: become[0]!, name: [] }, snapshot.server.version))!,
    as: snapshot.server.actingRole,
    reason,
  }
}

const grantDefaultPrivilege = (snapshot: Snapshot, pick: Pick): Operation => {
  const grantee = pick([...ordinaryRoles(snapshot), 'public'])!
  const grantable = pick([true, false])! && grantee !== 'public' && { grantable: true as const }
  return { kind: 'grantDefaultPrivilege', ...future(snapshot, pick), grantee, ...grantable }
}

/** Of something that there is, or that PostgreSQL grants without being told. */
const revokeDefaultPrivilege = (snapshot: Snapshot, pick: Pick): Operation => {
  const row = pick(snapshot.defaultPrivileges)
  const item = pick(row?.acl ?? [])
  const any = future(snapshot, pick)
  const { owner, schema: within, on } = row ?? any
  const grantee = item?.grantee ?? pick([any.owner, 'public'])!
  const privilege = pick(
    privilegesOf({ kind: futureObjects[on].become[0]!, name: [] }, snapshot.server.version),
  )!
  return {
    ...any,
    kind: 'revokeDefaultPrivilege',
    owner,
    schema: within,
    on,
    privilege,
    grantee,
    grantOptionOnly: pick([true, false])!,
  }
}

/** Every REVOKE that would take something away. What is on a column may also be revoked on the table. */
const revokesOf = ({ objects, server }: Snapshot): readonly RevokePrivilege[] =>
  objects.flatMap(({ kind, name, owner, acl, ownerFollows }) =>
    acl.flatMap((item) => {
      const { grantee, grantor } = item
      const as = grantor === owner ? server.actingRole : grantor
      const on = kind === 'column' ? [{ kind, name }, ownerFollows!] : [{ kind, name }]
      return privilegesOf({ kind, name }, server.version)
        .filter((privilege) => holds(item, privilege))
        .flatMap((privilege) =>
          on.flatMap((object) =>
            (mayGrant(item, privilege) ? [true, false] : [false]).map((grantOptionOnly): RevokePrivilege => ({
              kind: 'revokePrivilege',
              object,
              privilege,
              grantee,
              grantor,
              grantOptionOnly,
              as,
              reason,
            })),
          ),
        )
    }),
  )

const revokePrivilege = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const asOwner = pick([true, false])
  return pick(
    revokesOf(snapshot).filter(
      (operation) =>
        (operation.as === snapshot.server.actingRole) === asOwner &&
        canAct(snapshot, operation) &&
        isLeaf(snapshot, operation),
    ),
  )
}

const setOwner = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const { kind, name } = pick(snapshot.objects.filter(({ ownerFollows }) => ownerFollows === undefined))!
  const as = snapshot.server.actingRole
  const owner = pick([...ordinaryRoles(snapshot), as])!
  return { kind: 'setOwner', object: { kind, name }, owner, as, reason }
}

const createSchema = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const name = pick(newSchemas.filter((each) => !find(snapshot, { kind: 'schema', name: [each] })))
  if (name === undefined) return undefined
  const as = snapshot.server.actingRole
  return { kind: 'createSchema', schema: name, owner: pick(ordinaryRoles(snapshot))!, as, reason }
}

const createRole = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const role = pick(newRoles.filter((each) => !snapshot.roles.some(({ name }) => name === each)))
  if (role === undefined) return undefined
  const creators = snapshot.roles.filter(({ createRole: may, superuser }) => may && !superuser)
  const as = pick([snapshot.server.actingRole, ...creators.map(({ name }) => name)])!
  return { kind: 'createRole', role, as, reason }
}

/** Of a role that neither owns nor holds anything, and has granted nothing: PostgreSQL drops no other. */
const dropRole = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const { objects, defaultPrivileges, memberships, server } = snapshot
  const inUse = new Set([
    ...objects.map(({ owner }) => owner),
    ...defaultPrivileges.map(({ owner }) => owner),
    ...[...objects, ...defaultPrivileges].flatMap(({ acl }) =>
      acl.flatMap(({ grantee, grantor }) => [grantee, grantor]),
    ),
    ...memberships.map(({ grantor }) => grantor),
  ])
  const role = pick(ordinaryRoles(snapshot).filter((name) => !inUse.has(name)))
  return role === undefined ? undefined : { kind: 'dropRole', role, as: server.actingRole, reason }
}

/** The roles that a role is a member of, directly or not, and itself. */
const rolesAbove = ({ memberships }: Snapshot, role: string): ReadonlySet<string> => {
  const above = new Set([role])
  // A set that grows while it is gone through is gone through to the end.
  for (const member of above) for (const row of memberships) if (row.member === member) above.add(row.role)
  return above
}

/** A membership that there is not yet, by a superuser or by a role that has the ADMIN option. */
const newMembership = (snapshot: Snapshot, pick: Pick) => {
  const admin = pick([undefined, pick(snapshot.memberships.filter((row) => row.admin))])
  const role = admin?.role ?? pick(ordinaryRoles(snapshot))!
  const above = rolesAbove(snapshot, role)
  const member = pick(ordinaryRoles(snapshot).filter((name) => !above.has(name)))
  return member === undefined ? undefined : { role, member, as: admin?.member ?? snapshot.server.actingRole }
}

/** One that there is already, by whose row it is. */
const oldMembership = ({ memberships, server }: Snapshot, pick: Pick) => {
  const row = pick(memberships)
  if (row === undefined) return undefined
  const { role, member, grantor } = row
  const asGrantor = server.version >= 160000 && grantor !== server.bootstrapRole
  return { role, member, as: asGrantor ? grantor : server.actingRole }
}

const grantMembership = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const { version, actingRole, bootstrapRole } = snapshot.server
  const granted = pick([newMembership, newMembership, oldMembership])!(snapshot, pick)
  if (granted === undefined) return undefined
  const grantor = version >= 160000 && granted.as === actingRole ? bootstrapRole : granted.as
  const options = version >= 160000 &&
    pick([true, false]) && { options: { inherit: pick([true, false])!, set: pick([true, false])! } }
  const admin = version < 160000 && pick([true, false])! && { admin: true as const }
  return { kind: 'grantMembership', ...granted, grantor, ...admin, ...options, reason }
}

const revokeMembership = (snapshot: Snapshot, pick: Pick): Operation | undefined => {
  const { version, actingRole: as } = snapshot.server
  // From 16 on PostgreSQL keeps track of what a member granted by its ADMIN option.
  const isLeafRow = ({ role, member, grantor, admin }: Membership): boolean =>
    version < 160000 ||
    !admin ||
    snapshot.memberships.every((row) => row.role !== role || row.grantor !== member) ||
    snapshot.memberships.some(
      (row) => row.role === role && row.member === member && row.admin && row.grantor !== grantor,
    )
  const row = pick(snapshot.memberships.filter(isLeafRow))
  if (row === undefined) return undefined
  const { role, member } = row
  const grantor = version < 160000 ? null : row.grantor
  // Before 16 every membership has INHERIT and SET.
  const options = membershipOptionWords.filter((one) => version >= 160000 || one === 'ADMIN')
  const option = pick([null, ...options.filter((one) => row[membershipOptions[one]])])!
  return { kind: 'revokeMembership', role, member, grantor, option, as, reason }
}

/** But not to superusers, as whom nothing is revoked that is not their own. */
const setAttribute = (snapshot: Snapshot, pick: Pick): Operation => ({
  kind: 'setAttribute',
  role: pick(ordinaryRoles(snapshot))!,
  attribute: pick((Object.keys(attributes) as Attribute[]).filter((attribute) => attribute !== 'SUPERUSER'))!,
  value: pick([true, false])!,
  as: snapshot.server.actingRole,
  reason,
})

const lockRole = (snapshot: Snapshot, pick: Pick): Operation => ({
  kind: 'lockRole',
  role: pick(ordinaryRoles(snapshot))!,
  mode: pick(['share', 'exclusive'] as const)!,
  as: snapshot.server.actingRole,
  reason,
})

const times = [
  'infinity',
  '0001-01-01T00:00:00.000000Z',
  '1999-12-31T23:59:59.123456Z',
  '2027-06-30T00:00:00.000000Z',
  '9999-12-31T23:59:59.999999Z',
]

const setValidUntil = (snapshot: Snapshot, pick: Pick): Operation => ({
  kind: 'setValidUntil',
  role: pick(ordinaryRoles(snapshot))!,
  validUntil: pick(times)!,
  as: snapshot.server.actingRole,
  reason,
})

const clearPassword = (snapshot: Snapshot, pick: Pick): Operation => ({
  kind: 'clearPassword',
  role: pick(ordinaryRoles(snapshot))!,
  as: snapshot.server.actingRole,
  reason,
})

/** Makes an operation of each kind in the form that plans have; `undefined` where there is none to make. */
export const makers = {
  grantDefaultPrivilege,
  revokeDefaultPrivilege,
  grantPrivilege,
  revokePrivilege,
  setOwner,
  createSchema,
  createRole,
  dropRole,
  grantMembership,
  revokeMembership,
  setAttribute,
  setValidUntil,
  clearPassword,
  lockRole,
}
