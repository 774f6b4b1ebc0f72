import {
  type DatabaseObject,
  type Fact,
  type Membership,
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

export const objectIn = (snapshot: Snapshot, name: ObjectName): DatabaseObject | undefined =>
  snapshot.objects.find((object) => isSame(object, name))

export const roleIn = (snapshot: Snapshot, name: string): Role | undefined =>
  snapshot.roles.find((role) => role.name === name)

export const isIntermediate = (name: string): boolean =>
  /^_pgsr_(global|local_\d+|admin)_(.+_)?[0-9a-f]{8}$/s.test(name)

const attributesOf = (role: Role): string[] => [
  ...(role.login ? ['LOGIN'] : []),
  ...(role.superuser ? ['SUPERUSER'] : []),
  ...(role.inherit ? ['INHERIT'] : []),
  ...(role.createRole ? ['CREATEROLE'] : []),
  ...(role.createDb ? ['CREATEDB'] : []),
  ...(role.replication ? ['REPLICATION'] : []),
  ...(role.bypassRls ? ['BYPASSRLS'] : []),
  `VALID UNTIL ${role.validUntil}`,
]

/** What stands in an object’s ACL, a privilege each. */
export const entriesOf = ({ kind, name, acl }: DatabaseObject): PrivilegeFact[] =>
  acl.flatMap(({ grantee, grantor, privileges }) =>
    [...privileges.matchAll(/(\w)(\*?)/g)].map(([, letter, star]): PrivilegeFact => {
      const privilege: Privilege = privilegeLetters[letter as PrivilegeLetter]
      return {
        kind: 'privilege',
        object: { kind, name },
        privilege,
        grantee,
        grantor,
        grantable: star === '*',
      }
    }),
  )

/**
 * Everything that roles hold in their own right: attributes, memberships, ownerships, entries of ACLs. What follows a
 * table is owned with it.
 */
export const factsIn = ({ roles, memberships, objects }: Snapshot): Fact[] => [
  ...roles.flatMap((role) =>
    attributesOf(role).map((attribute): Fact => ({ kind: 'attribute', role: role.name, attribute })),
  ),
  ...memberships.map((row): Fact => ({ kind: 'membership', ...row })),
  ...objects.flatMap(({ kind, name, owner, follows }): Fact[] =>
    follows ? [] : [{ kind: 'ownership', object: { kind, name }, owner }],
  ),
  ...objects.flatMap(entriesOf),
]

/** The role that holds what a fact says. */
export const holderOf = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
    case 'attribute':
      return fact.role
    case 'membership':
      return fact.member
    case 'ownership':
      return fact.owner
    case 'privilege':
      return fact.grantee
  }
}

/** The roles that a role is a member of, directly or not, and itself. */
export const rolesAbove = (
  memberships: readonly Pick<Membership, 'role' | 'member'>[],
  role: string,
): Set<string> => {
  const above = new Set([role])
  for (const member of above) for (const row of memberships) if (row.member === member) above.add(row.role)
  return above
}
