import {
  type AclItem,
  type DatabaseObject,
  type DesiredRole,
  Grant,
  type Membership,
  type Role,
  type Server,
  type Snapshot,
} from '@pgsr/planner'

/** What the planner is given. */
export interface PlannerInput {
  readonly snapshot: Snapshot
  readonly desired: readonly DesiredRole[]
}

const server: Server = {
  version: 180000,
  database: 'bench',
  databaseOid: '16384',
  databaseOwner: 'postgres',
  createsSchemas: true,
  // Whether it fits into one transaction is another question.
  maxLocksPerTransaction: 64,
  predicateLockTableSize: 6400,
  lockTableSize: 100_000_000,
  actingRole: 'postgres',
  sessionRole: 'postgres',
  bootstrapRole: 'postgres',
}

const superuser: Role = {
  name: 'postgres',
  oid: '10',
  login: true,
  superuser: true,
  inherit: true,
  createRole: true,
  createDb: true,
  replication: true,
  bypassRls: true,
  validUntil: 'infinity',
  elsewhere: 0,
  servesOthers: false,
}

const roleOf = (name: string, oid: number): Role => ({
  ...superuser,
  name,
  oid: String(oid),
  login: false,
  superuser: false,
  createRole: false,
  createDb: false,
  replication: false,
  bypassRls: false,
})

const snapshotOf = (
  roles: readonly Role[],
  facts: Partial<Pick<Snapshot, 'memberships' | 'objects' | 'defaultPrivileges'>>,
): Snapshot => ({
  format: 1,
  server,
  roles: [superuser, ...roles],
  memberships: [],
  objects: [],
  defaultPrivileges: [],
  unmanaged: [],
  ...facts,
})

const item = (grantee: string, grantor: string, privileges: string): AclItem => ({
  grantee,
  grantor,
  privileges,
})

const owned = item('postgres', 'postgres', 'arwdDxtm')

const tableOf = (name: string, oid: number, acl: readonly AclItem[]): DatabaseObject => ({
  kind: 'table',
  name: ['app', name],
  oid: String(oid),
  owner: 'postgres',
  acl: [owned, ...acl],
})

const schema: DatabaseObject = {
  kind: 'schema',
  name: ['app'],
  oid: '16390',
  owner: 'postgres',
  acl: [item('postgres', 'postgres', 'UC')],
}

const membershipOf = (member: string, role: string, more: Partial<Membership> = {}): Membership => ({
  role,
  member,
  grantor: 'postgres',
  admin: false,
  inherit: true,
  set: true,
  ...more,
})

const numbered = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}_${index}`)

const rolesNamed = (names: readonly string[]): readonly Role[] =>
  names.map((name, index) => roleOf(name, 20_000 + index))

const withNothing = (names: readonly string[]): readonly DesiredRole[] =>
  names.map((role) => ({ role, grants: [] }))

const holderOf = (index: number): string =>
  `_pgsr_local_16384_table_select_${index.toString(16).padStart(8, '0')}`

/** Tables that a role is to read, by their names. */
const manyTables =
  (isSynced: boolean) =>
  (count: number): PlannerInput => {
    const tables = numbered(count, 't')
    const holders = isSynced ? tables.map((_, index) => holderOf(index)) : []
    return {
      snapshot: snapshotOf(isSynced ? [roleOf('alice', 16_400), ...rolesNamed(holders)] : [], {
        memberships: holders.map((holder) => membershipOf('alice', holder, { set: false })),
        objects: tables.map((table, index) =>
          tableOf(table, index, isSynced ? [item(holderOf(index), 'postgres', 'r')] : []),
        ),
      }),
      desired: [{ role: 'alice', grants: tables.map((table) => Grant.tableSelect('app', table)) }],
    }
  }

/** One table, on which each has passed on to the next what it has; all lose it, but the last where it keeps what it has. */
const aclChain =
  (isKept: boolean) =>
  (count: number): PlannerInput => {
    const names = numbered(count, 'r')
    const acl = names.map((name, index) => item(name, names[index - 1] ?? 'postgres', 'r*'))
    const last = { role: names.at(-1)!, grants: [], preserveExistingGrantsInSchemas: ['app'] }
    return {
      snapshot: snapshotOf(rolesNamed(names), { objects: [schema, tableOf('t', 1, acl)] }),
      desired: isKept ? [...withNothing(names.slice(0, -1)), last] : withNothing(names),
    }
  }

/** Each is, or is to be, a member of the one before. */
const membershipChain =
  (isSynced: boolean) =>
  (count: number): PlannerInput => {
    const names = numbered(count, 'r')
    const rows = names.slice(1).map((name, index) => membershipOf(name, names[index]!))
    return {
      snapshot: snapshotOf(rolesNamed(names), { memberships: isSynced ? rows : [] }),
      desired: names.map((role, index) => ({
        role,
        grants: index === 0 ? [] : [Grant.roleMembership(names[index - 1]!)],
      })),
    }
  }

/** Each has made the next a member of one role, by its ADMIN option, and all lose it. */
const adminChain = (count: number): PlannerInput => {
  const names = numbered(count, 'r')
  const rows = names.map((name, index) =>
    membershipOf(name, 'top', { admin: true, grantor: names[index - 1] ?? 'postgres' }),
  )
  return {
    snapshot: snapshotOf(rolesNamed(['top', ...names]), { memberships: rows }),
    desired: withNothing(names),
  }
}

/** What one role has said for all of what it will create. */
const defaultItems = (count: number): PlannerInput => {
  const names = numbered(count, 'r')
  const acl = names.map((name) => item(name, 'postgres', 'r'))
  return {
    snapshot: snapshotOf(rolesNamed(names), {
      defaultPrivileges: [{ owner: 'postgres', schema: 'app', on: 'tables', acl }],
    }),
    desired: withNothing(names),
  }
}

/** Ten times as many each time. */
const tens: readonly number[] = [1000, 10_000, 100_000, 1_000_000]

/** What can be planned, with the sizes at which it is tried: the ACL of a table has a row of a catalog to itself at most. */
export const plannerInputs = {
  'nothing to do': { make: manyTables(true), sizes: tens },
  'first sync': { make: manyTables(false), sizes: tens },
  'ACL chain': { make: aclChain(false), sizes: [200, 400, 800, 1600, 3200, 32_000] },
  'ACL chain, last one stays': { make: aclChain(true), sizes: [200, 400, 800, 1600, 3200, 32_000] },
  'membership chain': { make: membershipChain(false), sizes: [10_000, 20_000, 100_000] },
  'membership chain, nothing to do': { make: membershipChain(true), sizes: [10_000, 20_000, 100_000] },
  'ADMIN option chain': { make: adminChain, sizes: [10_000, 20_000, 100_000] },
  'default ACL items': { make: defaultItems, sizes: [10_000, 100_000, 200_000] },
} as const satisfies Readonly<
  Record<string, { readonly make: (count: number) => PlannerInput; readonly sizes: readonly number[] }>
>
