import { access, type DesiredRole, Grant, Target } from '@pgsr/planner'
import * as internal from '@pgsr/planner/internal'
import { parsePolicy, policyData, policyFrom, renderPolicy } from '@pgsr/policy'
import { expect, test } from 'vitest'

const desired: readonly DesiredRole[] = [
  {
    role: 'alice',
    grants: [
      Grant.login({ validUntil: '2027-06-30T00:00:00Z' }),
      Grant.attribute('CREATEDB'),
      Grant.roleMembership('analyst'),
      Grant.roleMembership('staff', { admin: true, set: false }),
    ],
    connectionLimit: 5,
    inherit: false,
    comment: 'Two\nlines',
    settings: { jit: 'off', statement_timeout: '5000', search_path: ['sales', 'a b'], work_mem: '64MB' },
    settingsIn: { warehouse: { search_path: ['sales'] } },
    preserveExistingGrantsInSchemas: ['legacy'],
  },
  {
    role: 'analyst',
    grants: [
      ...access.readOnly('sales', { future: ['migrator', 'owner'] }),
      ...access.readWrite('hr', { direct: false }),
      Grant.databaseConnect('warehouse', { direct: true }),
      Grant.tableSelect('billing', 'orders'),
      Grant.tableSelect('billing', /^invoice_/i),
      Grant.privilege(Target.table('billing', 'orders', { columns: ['id', 'total'] }), ['UPDATE'], {
        direct: true,
        grantable: true,
      }),
      Grant.privilege(Target.function('billing', 'total', ['integer', 'text']), ['EXECUTE']),
      Grant.defaultPrivilege({ owner: 'migrator', schema: 'billing', on: 'tables' }, ['SELECT', 'INSERT']),
    ],
    members: ['alice', { role: 'bob', admin: true }],
  },
  { role: 'bob', grants: [] },
  {
    role: 'migrator',
    grants: [
      ...access.owner('sales'),
      Grant.tableOwnership('billing', 'orders'),
      Grant.tableOwnership('billing', 'all'),
    ],
  },
]

test('a policy reads as a person would write it', () => {
  const text = renderPolicy(
    {
      desired,
      unsaid: [
        { role: 'alice', reason: 'unmanaged', message: 'role "alice" has something\nelse\u202e' },
        {
          role: 'postgres',
          reason: 'left out',
          message: 'role "postgres" is not described: it is a superuser',
        },
      ],
    },
    { databases: ['warehouse'], manages: { cluster: true } },
  )
  expect(text).toBe(`# yaml-language-server: $schema=node_modules/@pgsr/policy/schema.json
pgsr: 1
databases: [ warehouse ]
manages: { cluster: true }

# role "postgres" is not described: it is a superuser
# A profile in access, and all, stand for everything in the schema: when something is created there, the next plan gives
# the same on it. For no more than what is there now, list names: { profile: readOnly, tables: [orders] }.
roles:
  # role "alice" has something\\u000aelse\\u202e
  alice:
    comment: "Two\\nlines"
    login: { validUntil: "2027-06-30" }
    attributes: [ CREATEDB ]
    inherit: false
    connectionLimit: 5
    settings: { jit: false, statement_timeout: 5000, search_path: [ sales, a b ], work_mem: 64MB }
    memberOf:
      - analyst
      - { role: staff, admin: true, set: false }
    in: { warehouse: { settings: { search_path: [ sales ] } } }
    preserveIn: [ legacy ]

  analyst:
    members:
      - alice
      - { role: bob, admin: true }
    access:
      sales: { profile: readOnly, future: [ migrator, owner ] }
      hr: { profile: readWrite, direct: false }
    grants:
      - { privileges: CONNECT, databases: warehouse, direct: true }
      - { privileges: SELECT, tables: [ orders, /^invoice_/i ], schema: billing }
      - { privileges: UPDATE, columns: [ id, total ], tables: orders, schema: billing, grantable: true }
      - { privileges: EXECUTE, functions: "total(integer, text)", schema: billing }
      - { privileges: [ SELECT, INSERT ], futureTablesOf: migrator, schema: billing }

  bob: {}

  migrator:
    owns:
      - sales
      - tables:
          - orders
          - { name: all }
        schema: billing
`)
  const read = parsePolicy(text)
  expect(internal.requestOf(read.desired, {})).toEqual(internal.requestOf(desired, {}))
  expect(read.databases).toEqual(['warehouse'])
  expect(read.options).toEqual({ manages: { cluster: true } })
})

test('a name that begins as a pattern does is spelled out, and what is allowed is said', () => {
  const described = { desired: [{ role: 'r', grants: [Grant.tableSelect('s', '/ord')] }], unsaid: [] }
  const text = renderPolicy(described, { allow: ['self', 'superusers'] })
  expect(text).toBe(`# yaml-language-server: $schema=node_modules/@pgsr/policy/schema.json
pgsr: 1
allow: [ self, superusers ]

roles:
  r:
    grants:
      - privileges: SELECT
        tables: { name: /ord }
        schema: s
`)
  const read = parsePolicy(text)
  expect(internal.requestOf(read.desired, {})).toEqual(internal.requestOf(described.desired, {}))
  expect(read.options).toEqual({ allowSelf: true, allowSuperuser: true })
  expect(policyData(described, { allow: ['self'] })).toMatchObject({ allow: ['self'] })
})

test('comments can be left out, and there may be no roles', () =>
  expect(
    renderPolicy(
      { desired: [], unsaid: [{ role: 'a', reason: 'left out', message: 'role "a" is not described' }] },
      { comments: false },
    ),
  ).toBe('# yaml-language-server: $schema=node_modules/@pgsr/policy/schema.json\npgsr: 1\n\nroles: {}\n'))

test.each([
  'null',
  '~',
  'true',
  'False',
  'no',
  'on',
  'OFF',
  '42',
  '1e3',
  '0x10',
  '0b1',
  '1_000',
  '.inf',
  '12:30:45',

  '2027-06-30',
  '2027-06-30T12:00:00Z',
  '<<',
  '=',
  '-',
  '- a',
  '? a',
  'a: b',
  'a #b',
  '#a',
  '@a',
  '`a`',
  '%a',

  '!a',
  '&a',
  '*a',
  '[a',
  '{a',
  'a]',
  'a, b',
  "'a'",
  '"a"',
  '|',
  '>',
  ' a ',
  'a\tb',
  'a\nb',
  '\\',
  '/a/',
  'all',

  '\u0085',
  '\u2028',
  '\u202e',
  '\uFEFF',
  '__proto__',
  'constructor',
  '---',
  '...',
  'é👩‍👩‍👧',
])('a name %j is the same when the policy is read', (name) => {
  const roles: readonly DesiredRole[] = [
    {
      role: name,
      grants: [
        Grant.roleMembership(`${name}2`),
        Grant.schemaUsage(name),
        Grant.tableSelect(name, name),
        Grant.privilege(Target.table('s', 't', { columns: [name] }), ['SELECT']),
        Grant.privilege(Target.function('s', name, ['integer']), ['EXECUTE']),
        Grant.ownership(Target.operatorClass('s', name, 'btree')),
        ...access.readOnly(`${name}3`, { future: name }),
      ],
      comment: name,
      settings: { application_name: name },
      settingsIn: { [name]: { application_name: name } },
    },
  ]
  const text = renderPolicy({ desired: roles, unsaid: [] })
  expect(internal.requestOf(parsePolicy(text).desired, {}), text).toEqual(internal.requestOf(roles, {}))
})

/** What a module exports. */
const exportedBy = async (text: string): Promise<unknown> =>
  ((await import(`data:text/javascript,${encodeURIComponent(text)}`)) as { readonly default: unknown })
    .default

test('a module exports what the policy is, whatever roles are called', async () => {
  const names = [
    '__proto__',
    'constructor',
    '"__proto__": 1',
    '\u202Eevil',
    '// no comment',
    '</script>',
    'a\nb',
  ]
  const roles = [...desired, ...names.map((role) => ({ role, grants: [Grant.login()] }))]
  const described = {
    desired: roles,
    unsaid: [{ role: 'x', reason: 'would stay', message: 'two\nlines; process.exit(1)' }] as const,
  }
  const text = renderPolicy(described, { format: 'module', databases: ['warehouse'] })
  expect(text.startsWith('// two\\u000alines')).toBe(true)
  const exported = await exportedBy(text)
  expect(exported).toEqual(policyData(described, { databases: ['warehouse'] }))
  expect(Object.keys((exported as { readonly roles: object }).roles)).toEqual(roles.map(({ role }) => role))
  expect(internal.requestOf(policyFrom(exported).desired, {})).toEqual(internal.requestOf(roles, {}))
})

test('another format is refused', () =>
  expect(() => renderPolicy({ desired, unsaid: [] }, { format: 'toml' as never })).toThrow(
    "cannot write a policy: format is neither 'yaml' nor 'module'",
  ))

test('what PUBLIC has is in a comment, as the policy would say it', () => {
  const direct = { direct: true }
  const everybody = [
    Grant.privilege(Target.schema('sales'), ['USAGE'], direct),
    Grant.privilege(Target.table('sales', 'orders'), ['SELECT'], direct),
    Grant.privilege(Target.table('sales', 'returns'), ['SELECT'], direct),
    Grant.privilege(Target.table('sales', 'log'), ['SELECT', 'INSERT'], direct),
  ] as const
  const described = { desired: [{ role: 'r', grants: [] }], unsaid: [] }
  const text = renderPolicy(described, { public: everybody })
  const told = `# public:
#   schemas: { sales: [ USAGE ] }
#   grants:
#     - { privileges: [ SELECT ], tables: [ orders, returns ], schema: sales }
#     - { privileges: [ SELECT, INSERT ], tables: log, schema: sales }
roles:
`
  expect(text).toContain(told)
  const { options } = parsePolicy(text.replace(told, told.replaceAll('# ', '').replace('roles:', '\nroles:')))
  expect(internal.requestOf([], options)).toEqual(internal.requestOf([], { public: everybody }))
  expect(renderPolicy(described, { public: everybody, comments: false })).not.toContain('PUBLIC')
  expect(renderPolicy(described)).not.toContain('PUBLIC')
})
