import { type DesiredRole, Grant, plan, type Role, type Snapshot } from '@pgsr/planner'

// Plans once for so many facts in a process of its own, and prints how long that took and how much memory it needed.

const [what, count] = process.argv.slice(2) as ['first sync' | 'nothing to do', string]

const tables = Array.from({ length: Number(count) }, (_, index) => `t_${index}`)

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

const holderOf = (index: number): string =>
  `_pgsr_local_16384_table_select_${index.toString(16).padStart(8, '0')}`

const owns = { grantee: 'postgres', grantor: 'postgres', privileges: 'arwdDxtm' }

/** What the catalogs say of tables when the role reads all of them, or when nobody has read any yet. */
const snapshotOf = (names: readonly string[], isSynced: boolean): Snapshot => ({
  format: 1,
  server: {
    version: 180000,
    database: 'bench',
    databaseOid: '16384',
    databaseOwner: 'postgres',
    createsSchemas: true,
    // Whether it fits into one transaction is another question.
    maxLocksPerTransaction: 64,
    predicateLockTableSize: 6400,
    lockTableSize: 10 * names.length,
    actingRole: 'postgres',
    sessionRole: 'postgres',
    bootstrapRole: 'postgres',
  },
  roles: [
    superuser,
    ...(isSynced
      ? [roleOf('alice', 16400), ...names.map((_, index) => roleOf(holderOf(index), 5_000_000 + index))]
      : []),
  ],
  memberships: isSynced
    ? names.map((_, index) => ({
        role: holderOf(index),
        member: 'alice',
        grantor: 'postgres',
        admin: false,
        inherit: true,
        set: false,
      }))
    : [],
  objects: names.map((table, index) => ({
    kind: 'table',
    name: ['app', table],
    oid: String(20_000 + index),
    owner: 'postgres',
    acl: isSynced ? [owns, { grantee: holderOf(index), grantor: 'postgres', privileges: 'r' }] : [owns],
  })),
  defaultPrivileges: [],
  unmanaged: [],
})

const planFor = (names: readonly string[]) => {
  const desired: DesiredRole = {
    role: 'alice',
    grants: names.map((table) => Grant.tableSelect('app', table)),
  }
  const snapshot = snapshotOf(names, what === 'nothing to do')
  return () => plan(snapshot, desired, { seed: 'bench' })
}

// What is measured begins with its code compiled, and with nothing to collect.
planFor(tables.slice(0, 500))()
const measured = planFor(tables)
globalThis.gc?.()
const before = process.memoryUsage.rss()
const begin = performance.now()
const { transactions } = measured()
const milliseconds = performance.now() - begin
const most = process.resourceUsage().maxRSS * 1024

console.log(
  JSON.stringify({ milliseconds, bytes: Math.max(0, most - before), operations: transactions.flat().length }),
)
