import {
  type AclItem,
  type DatabaseObject,
  type DefaultPrivilegeFact,
  type DefaultPrivileges,
  type Fact,
  type FutureObjects,
  type Membership,
  type ObjectKind,
  objectKinds,
  type ObjectName,
  type Privilege,
  type PrivilegeFact,
  type PrivilegeLetter,
  privilegeLetters,
  type Role,
  type Snapshot,
} from '@pgsr/planner'

/** One text for the same plain data, whatever the order of its keys. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )

export const isSame = (a: ObjectName, b: ObjectName): boolean =>
  textOf([a.kind, a.name]) === textOf([b.kind, b.name])

/** Whether an object belongs to the whole cluster. */
export const isShared = ({ kind }: ObjectName): boolean =>
  ['database', 'tablespace', 'parameter'].includes(kind)

export const objectIn = (snapshot: Snapshot, name: ObjectName): DatabaseObject | undefined =>
  snapshot.objects.find((object) => isSame(object, name))

export const roleIn = (snapshot: Snapshot, name: string): Role | undefined =>
  snapshot.roles.find((role) => role.name === name)

export const isIntermediate = (name: string): boolean =>
  /^_pgsr_(global|local_\d+|admin|caretaker)_(.+_)?[0-9a-f]{8}$/s.test(name)

const attributesOf = (role: Role): string[] => [
  ...(role.login ? ['LOGIN'] : []),
  ...(role.superuser ? ['SUPERUSER'] : []),
  ...(role.inherit ? ['INHERIT'] : []),
  ...(role.createRole ? ['CREATEROLE'] : []),
  ...(role.createDb ? ['CREATEDB'] : []),
  ...(role.replication ? ['REPLICATION'] : []),
  ...(role.bypassRls ? ['BYPASSRLS'] : []),
  `VALID UNTIL ${role.validUntil}`,
  ...(role.hasPassword ? ['PASSWORD'] : []),
]

/** The privileges of some ACL items, one by one. */
const privilegesIn = (acl: readonly AclItem[]) =>
  acl.flatMap(({ grantee, grantor, privileges }) =>
    [...privileges.matchAll(/(\w)(\*?)/g)].map(([, letter, star]) => {
      const privilege: Privilege = privilegeLetters[letter as PrivilegeLetter]
      return { privilege, grantee, grantor, grantable: star === '*' }
    }),
  )

/** What stands in an object’s ACL, a privilege each. */
export const entriesOf = ({ kind, name, acl }: DatabaseObject): PrivilegeFact[] =>
  privilegesIn(acl).map(({ privilege, ...rest }): PrivilegeFact => ({
    kind: 'privilege',
    object: { kind, name },
    privilege,
    ...rest,
  }))

/** What is granted on future objects, a privilege each. */
export const defaultEntriesOf = ({ owner, schema, on, acl }: DefaultPrivileges): DefaultPrivilegeFact[] =>
  privilegesIn(acl).map(({ privilege, grantee, grantable }) => ({
    kind: 'default privilege',
    owner,
    schema,
    on,
    privilege,
    grantee,
    grantable,
  }))

/**
 * Everything that roles hold in their own right: attributes, memberships, ownerships, entries of ACLs and of default
 * privileges. What follows a table is owned with it, and nobody owns a parameter.
 */
export const factsIn = ({ roles, memberships, objects, defaultPrivileges }: Snapshot): Fact[] => [
  ...roles.flatMap((role) =>
    attributesOf(role).map((attribute): Fact => ({ kind: 'attribute', role: role.name, attribute })),
  ),
  ...memberships.map((row): Fact => ({ kind: 'membership', ...row })),
  ...objects.flatMap(({ kind, name, owner, ownerFollows }): Fact[] =>
    ownerFollows || kind === 'parameter' ? [] : [{ kind: 'ownership', object: { kind, name }, owner }],
  ),
  ...objects.flatMap(entriesOf),
  ...defaultPrivileges.flatMap(defaultEntriesOf),
]

/** The role that holds what a fact says. */
export const holderOf = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
    case 'attribute':
    case 'property':
    case 'policy':
    case 'user mapping':
      return fact.role
    case 'membership':
      return fact.member
    case 'ownership':
      return fact.owner
    case 'privilege':
    case 'default privilege':
      return fact.grantee
  }
}

/** What future objects become, and what everybody has on them unless something else is said. */
export const futureKinds: Readonly<
  Record<FutureObjects, { readonly become: readonly ObjectKind[]; readonly toPublic?: string }>
> = {
  tables: { become: ['table'] },
  sequences: { become: ['sequence'] },
  functions: { become: ['function', 'procedure'], toPublic: 'X' },
  types: { become: ['type'], toPublic: 'U' },
  schemas: { become: ['schema'] },
  'large objects': { become: ['large object'] },
}

/** The letters of what an owner has on what it has just made. */
export const ownersLetters = (kind: ObjectKind, version: number): string =>
  (Object.keys(privilegeLetters) as PrivilegeLetter[])
    .filter((letter) => objectKinds[kind].privileges.includes(privilegeLetters[letter]))
    .filter((letter) => letter !== 'm' || version >= 170000)
    .join('')

/** What is granted on what an owner will make, where nothing has been said: in a schema, nothing beyond that. */
export const builtInDefaults = (
  version: number,
  owner: string,
  schema: string | null,
  on: FutureObjects,
): DefaultPrivileges => {
  const { become, toPublic } = futureKinds[on]
  const own = { grantee: owner, grantor: owner, privileges: ownersLetters(become[0]!, version) }
  const ofPublic = toPublic === undefined ? [] : [{ grantee: 'public', grantor: owner, privileges: toPublic }]
  return { owner, schema, on, acl: schema === null ? [own, ...ofPublic] : [] }
}

const isOf =
  ({ owner, schema, on }: Pick<DefaultPrivileges, 'owner' | 'schema' | 'on'>) =>
  (one: DefaultPrivileges): boolean =>
    one.owner === owner && one.schema === schema && one.on === on

/** What is granted on what an owner will make, whether anything has been said or not. */
export const defaultsIn = (
  { defaultPrivileges, server }: Snapshot,
  of: Pick<DefaultPrivileges, 'owner' | 'schema' | 'on'>,
): DefaultPrivileges =>
  defaultPrivileges.find(isOf(of)) ?? builtInDefaults(server.version, of.owner, of.schema, of.on)

/** Which of the default privileges there are may have had a part in what an object’s ACL holds. */
export const isProducedBy = (
  { owner, schema, on }: Pick<DefaultPrivileges, 'owner' | 'schema' | 'on'>,
  object: Pick<DatabaseObject, 'kind' | 'name' | 'owner'>,
): boolean =>
  object.owner === owner &&
  futureKinds[on].become.includes(object.kind) &&
  (schema === null || (object.name.length > 1 && object.name[0] === schema))

/** The roles that a role is a member of, directly or not, and itself. */
export const rolesAbove = (
  memberships: readonly Pick<Membership, 'role' | 'member'>[],
  role: string,
): Set<string> => {
  const above = new Set([role])
  for (const member of above) for (const row of memberships) if (row.member === member) above.add(row.role)
  return above
}
