import { snapshot, type DatabaseObject, type Membership, type Role, type Snapshot } from '@pgsr/planner'

/** A shop: people in groups, a table that few may read, and some ways that one does not see at once. */
export const shop: Snapshot = snapshot({ database: 'shop', databaseOwner: 'postgres' })
  .database('shop')
  .role('migrator')
  .role('readers')
  .role('clerks', { inherit: false })
  .role('payroll')
  .role('alice', { login: true })
  .role('bob', { login: true })
  .role('carol', { login: true })
  .membership({ role: 'readers', member: 'alice' })
  .membership({ role: 'clerks', member: 'bob', inherit: false })
  .membership({ role: 'payroll', member: 'carol' })
  .membership({ role: 'readers', member: 'payroll' })
  .schema('sales', { owner: 'migrator', privileges: { readers: ['USAGE'], clerks: ['USAGE'] } })
  .schema('billing', { owner: 'migrator', privileges: { payroll: ['USAGE'] } })
  .table('sales', 'orders', {
    owner: 'migrator',
    privileges: { readers: ['SELECT'], clerks: ['SELECT', 'INSERT'] },
  })
  .table('sales', 'prices', { owner: 'migrator', privileges: { public: ['SELECT'] } })
  .table('billing', 'salaries', { owner: 'migrator', privileges: { payroll: ['SELECT', 'UPDATE'] } })
  .function('sales', 'total', ['integer'], { owner: 'migrator', acl: ['=X/migrator'] })

/** Names that would be markup, code or something else if they were not taken for names. */
export const hostile: readonly string[] = [
  '</script><script>document.title="broken"</script>',
  '<img src=x onerror="document.title=\'broken\'">',
  '<!--<script>',
  '"\'`${document.title="broken"}',
  'javascript:alert(1)',
  '\u2028\u2029&lt;&amp;',
  '\u202Eesrever',
  'a/b#c?d%2Fe%',
  '__proto__',
  'constructor',
]

const hostileDatabase = '</title><script>document.title="broken"</script>'

export const hostileWorld: Snapshot = hostile.reduce(
  (made, name) =>
    made
      .role(name, { login: true })
      .schema(name, { owner: name })
      .table(name, name, { owner: name, privileges: { readers: ['SELECT'], [name]: ['SELECT', 'INSERT'] } }),
  snapshot({ database: hostileDatabase }).database(hostileDatabase).role('readers'),
)

const memberOf = (member: string, role: string): Membership => ({
  role,
  member,
  grantor: 'postgres',
  admin: false,
  inherit: true,
  set: true,
})

const number = (index: number): string => String(index).padStart(4, '0')

/** As many roles, groups and tables as a company may have in one database. */
export const largeWorld = (people = 280, groups = 20, tables = 2000, schemas = 20): Snapshot => {
  const base = snapshot({ database: 'warehouse' })
    .database('warehouse')
    .role('template')
    .schema('template')
    .table('template', 'template')
  const role = base.roles.find(({ name }) => name === 'template')!
  const schema = base.objects.find(({ kind }) => kind === 'schema')!
  const table = base.objects.find(({ kind }) => kind === 'table')!
  const groupNames = Array.from({ length: groups }, (_, index) => `group_${number(index)}`)
  const peopleNames = Array.from({ length: people }, (_, index) => `person_${number(index)}`)
  const roles: readonly Role[] = [
    ...base.roles.filter(({ name }) => name !== 'template'),
    ...[...groupNames, ...peopleNames].map((name, index) => ({
      ...role,
      name,
      oid: String(20_000 + index),
      login: name.startsWith('person'),
    })),
  ]
  const schemaName = (index: number): string => `area_${number(index % schemas)}`
  const objects: readonly DatabaseObject[] = [
    ...base.objects.filter(({ name }) => name[0] !== 'template'),
    ...Array.from({ length: schemas }, (_, index) => ({
      ...schema,
      name: [schemaName(index)],
      oid: String(30_000 + index),
      acl: [
        ...schema.acl,
        ...groupNames.map((grantee) => ({ grantee, grantor: schema.owner, privileges: 'U' })),
      ],
    })),
    ...Array.from({ length: tables }, (_, index) => ({
      ...table,
      name: [schemaName(index), `table_${number(index)}`],
      oid: String(40_000 + index),
      acl: [
        ...table.acl,
        ...[0, 1, 2, 3, 4].map((step) => ({
          grantee: groupNames[(index + step) % groups]!,
          grantor: table.owner,
          privileges: step === 0 ? 'arwd' : 'r',
        })),
        { grantee: peopleNames[index % people]!, grantor: table.owner, privileges: 'r' },
      ],
    })),
  ]
  const memberships = peopleNames.flatMap((name, index) =>
    [0, 1, 2].map((step) => memberOf(name, groupNames[(index + step * 7) % groups]!)),
  )
  return { ...base, roles, objects, memberships }
}
