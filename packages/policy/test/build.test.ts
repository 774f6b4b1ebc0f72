import { access, Grant, type Operation, operationsOf, plan, Secret, snapshot, Target } from '@pgsr/planner'
import { desiredOf, parsePolicy, policyFrom } from '@pgsr/policy'
import { describe, expect, test } from 'vitest'

const grantsOf = (role: string, more = ''): readonly Grant[] => {
  const [first] = parsePolicy(`pgsr: 1\n${more}roles:\n  r: ${role}\n`).desired
  return first?.grants ?? []
}

/** The grants of one entry of `grants`. */
const granted = (entry: string): readonly Grant[] => grantsOf(`{ grants: [${entry}] }`)

const direct = { direct: true } as const

describe('an entry of grants asks for', () => {
  test.each<[string, readonly Grant[]]>([
    ['{ privileges: CONNECT, databases: d }', [Grant.databaseConnect('d')]],
    ['{ privileges: [CREATE], tablespaces: [t] }', [Grant.privilege(Target.tablespace('t'), ['CREATE'])]],
    ['{ privileges: SET, parameters: work_mem }', [Grant.privilege(Target.parameter('work_mem'), ['SET'])]],
    ['{ privileges: USAGE, schemas: [a, b] }', [Grant.schemaUsage('a'), Grant.schemaUsage('b')]],
    ['{ privileges: USAGE, languages: l }', [Grant.privilege(Target.language('l'), ['USAGE'])]],
    [
      '{ privileges: USAGE, foreignDataWrappers: w }',
      [Grant.privilege(Target.foreignDataWrapper('w'), ['USAGE'])],
    ],
    ['{ privileges: USAGE, foreignServers: s }', [Grant.privilege(Target.foreignServer('s'), ['USAGE'])]],
    ['{ privileges: SELECT, largeObjects: 7 }', [Grant.privilege(Target.largeObject(7), ['SELECT'])]],
    ['{ privileges: SELECT, tables: t, schema: s }', [Grant.tableSelect('s', 't')]],
    ['{ privileges: SELECT, tables: t, schema: s, direct: true }', [Grant.tableSelect('s', 't', direct)]],
    [
      '{ privileges: SELECT, tables: t, schema: s, grantable: true }',
      [Grant.privilege(Target.table('s', 't'), ['SELECT'], { direct: true, grantable: true })],
    ],
    ['{ privileges: SELECT, tables: all, schema: s }', [Grant.privilege(Target.allTables('s'), ['SELECT'])]],
    ['{ privileges: SELECT, tables: { name: all }, schema: s }', [Grant.tableSelect('s', 'all')]],
    ['{ privileges: SELECT, tables: [{ name: /a/ }], schema: s }', [Grant.tableSelect('s', '/a/')]],
    ['{ privileges: SELECT, tables: /^a/i, schema: s }', [Grant.tableSelect('s', /^a/i)]],
    ['{ privileges: SELECT, tables: "/a\\\\/b/", schema: s }', [Grant.tableSelect('s', /a\/b/)]],
    [
      '{ privileges: SELECT, tables: [t, /^a/], schema: [s, z] }',
      [
        Grant.tableSelect('s', 't'),
        Grant.tableSelect('s', /^a/),
        Grant.tableSelect('z', 't'),
        Grant.tableSelect('z', /^a/),
      ],
    ],
    [
      '{ privileges: [SELECT, UPDATE], columns: [a, b], tables: [t, /x/], schema: s }',
      [
        Grant.privilege(Target.table('s', 't', { columns: ['a', 'b'] }), ['SELECT', 'UPDATE']),
        Grant.privilege(Target.table('s', /x/, { columns: ['a', 'b'] }), ['SELECT', 'UPDATE']),
      ],
    ],
    [
      '{ privileges: USAGE, sequences: q, schema: s }',
      [Grant.privilege(Target.sequence('s', 'q'), ['USAGE'])],
    ],
    ['{ privileges: USAGE, types: all, schema: s }', [Grant.privilege(Target.allTypes('s'), ['USAGE'])]],
    [
      "{ privileges: EXECUTE, functions: ['f(integer, text)', g(), /^h/], schema: s }",
      [
        Grant.privilege(Target.function('s', 'f', ['integer', 'text']), ['EXECUTE']),
        Grant.privilege(Target.function('s', 'g', []), ['EXECUTE']),
        Grant.privilege(Target.function('s', /^h/), ['EXECUTE']),
      ],
    ],
    [
      `{ privileges: EXECUTE, functions: 'f(numeric(10, 2), "a,b"."c)")', schema: s }`,
      [Grant.privilege(Target.function('s', 'f', ['numeric(10, 2)', '"a,b"."c)"']), ['EXECUTE'])],
    ],
    [
      "{ privileges: EXECUTE, procedures: { name: 'p(', arguments: [integer] }, schema: s }",
      [Grant.privilege(Target.procedure('s', 'p(', ['integer']), ['EXECUTE'])],
    ],
    [
      '{ privileges: [SELECT, INSERT], futureTablesOf: o, schema: s }',
      [Grant.defaultPrivilege({ owner: 'o', schema: 's', on: 'tables' }, ['SELECT', 'INSERT'])],
    ],
    [
      '{ privileges: USAGE, futureSchemasOf: [o, p], grantable: true }',
      [
        Grant.defaultPrivilege({ owner: 'o', on: 'schemas' }, ['USAGE'], { grantable: true }),
        Grant.defaultPrivilege({ owner: 'p', on: 'schemas' }, ['USAGE'], { grantable: true }),
      ],
    ],
    [
      '{ privileges: SELECT, futureLargeObjectsOf: o }',
      [Grant.defaultPrivilege({ owner: 'o', on: 'large objects' }, ['SELECT'])],
    ],
  ])('%s', (entry, expected) => expect(granted(entry)).toEqual(expected))
})

describe('a role owns', () => {
  test.each<[string, readonly Grant[]]>([
    ['s', access.owner('s')],
    ['[s, z]', [...access.owner('s'), ...access.owner('z')]],
    ['[{ schemas: s }]', [Grant.schemaOwnership('s')]],
    ['[{ databases: [d] }]', [Grant.ownership(Target.database('d'))]],
    ['[{ tables: [t, u], schema: s }]', [Grant.tableOwnership('s', 't'), Grant.tableOwnership('s', 'u')]],
    ['[{ statistics: all, schema: s }]', [Grant.ownership(Target.allStatistics('s'))]],
    ["[{ functions: 'f(text)', schema: s }]", [Grant.ownership(Target.function('s', 'f', ['text']))]],
    [
      "[{ operators: '+(integer, NONE)', schema: s }]",
      [Grant.ownership(Target.operator('s', '+', 'integer', 'NONE'))],
    ],
    [
      '[{ operatorClasses: [o using btree], schema: s }]',
      [Grant.ownership(Target.operatorClass('s', 'o', 'btree'))],
    ],
    [
      '[{ operatorFamilies: { name: a using b, using: hash }, schema: s }]',
      [Grant.ownership(Target.operatorFamily('s', 'a using b', 'hash'))],
    ],
    ['[{ publications: p }]', [Grant.ownership(Target.publication('p'))]],
    [
      '[{ largeObjects: [7, 8] }]',
      [Grant.ownership(Target.largeObject(7)), Grant.ownership(Target.largeObject(8))],
    ],
  ])('%s', (owns, expected) => expect(grantsOf(`{ owns: ${owns} }`)).toEqual(expected))
})

const profiles = `profiles:
  read: { tables: [SELECT], future: m }
  write: { extends: read, tables: [INSERT], sequences: [USAGE] }
  more: { extends: [readOnly, write], schema: [CREATE], routines: [EXECUTE], future: [n] }
  bare: { schema: [], types: [USAGE] }
`

describe('access', () => {
  test.each<[string, readonly Grant[]]>([
    ['readOnly', access.readOnly('s')],
    ['readWrite', access.readWrite('s')],
    [
      '{ profile: readWrite, future: [m, n], direct: false }',
      access.readWrite('s', { future: ['m', 'n'], direct: false }),
    ],
    ['read', access.level({ tables: ['SELECT'] })('s', { future: 'm' })],
    ['write', access.level({ tables: ['SELECT', 'INSERT'], sequences: ['USAGE'] })('s', { future: 'm' })],
    [
      'more',
      access.level({
        schema: ['USAGE', 'CREATE'],
        tables: ['SELECT', 'INSERT'],
        sequences: ['SELECT', 'USAGE'],
        routines: ['EXECUTE'],
      })('s', { future: ['m', 'n'] }),
    ],
    ['bare', access.level({ schema: [], types: ['USAGE'] })('s')],
    ['{ profile: read, future: n }', access.level({ tables: ['SELECT'] })('s', { future: ['m', 'n'] })],
    ['[bare, readOnly]', [...access.level({ schema: [], types: ['USAGE'] })('s'), ...access.readOnly('s')]],
  ])('%s', (given, expected) => expect(grantsOf(`{ access: { s: ${given} } }`, profiles)).toEqual(expected))

  test('that is limited to some tables says nothing of future ones', () =>
    expect(grantsOf('{ access: { s: { profile: write, tables: [t, /^a/] } } }', profiles)).toEqual([
      ...access.level({ sequences: ['USAGE'] })('s', { future: 'm' }),
      Grant.privilege(Target.table('s', 't'), ['SELECT', 'INSERT'], direct),
      Grant.privilege(Target.table('s', /^a/), ['SELECT', 'INSERT'], direct),
    ]))
})

test('a role has everything that a desired role can have', () => {
  const text = `pgsr: 1
databases: [d, e]
roles:
  r:
    login: { validUntil: 2027-06-30, password: { env: P }, hashedBy: server }
    attributes: [CREATEDB]
    memberOf: [a, { role: b, admin: true, inherit: false, set: true }]
    members: [c, { role: x, admin: true }]
    connectionLimit: -1
    inherit: false
    comment: "It is\\na role"
    settings: { work_mem: 64MB, jit: false, statement_timeout: 5000, search_path: [s, "a b"] }
    in:
      d: { settings: { search_path: s }, access: { s: readOnly } }
    preserveIn: [old]
  y: { external: true, comment: null, members: [] }
absent:
  z: { reassignOwnedTo: postgres, terminateSessions: true }
`
  const { desired, databases, passwords, secrets } = parsePolicy(text)
  expect(databases).toEqual(['d', 'e'])
  expect(desired).toEqual([
    {
      role: 'r',
      grants: [
        {
          kind: 'attribute',
          attribute: 'LOGIN',
          validUntil: '2027-06-30T00:00:00Z',
          password: 'set',
          hashedBy: 'server',
        },
        Grant.attribute('CREATEDB'),
        Grant.roleMembership('a'),
        Grant.roleMembership('b', { admin: true, inherit: false, set: true }),
      ],
      members: ['c', { role: 'x', admin: true }],
      connectionLimit: -1,
      inherit: false,
      comment: 'It is\na role',
      settings: { work_mem: '64MB', jit: false, statement_timeout: 5000, search_path: ['s', 'a b'] },
      settingsIn: { d: { search_path: 's' } },
      preserveExistingGrantsInSchemas: ['old'],
      in: { d: access.readOnly('s') },
    },
    { role: 'y', grants: [], external: true, comment: null, members: [] },
    { role: 'z', absent: true, reassignOwnedTo: 'postgres', terminateSessions: true },
  ])
  expect(secrets).toEqual([{ env: 'P' }])
  expect(passwords).toEqual(new Map([['r', { env: 'P' }]]))
})

test('a policy for one database has its parts in the grants', () => {
  const [role] = parsePolicy(
    'pgsr: 1\ndatabases: [d]\nroles:\n  r: { in: { d: { access: { s: readOnly } } } }\n',
  ).desired
  expect(role).toEqual({ role: 'r', grants: access.readOnly('s') })
})

test('a policy has the options of a plan', () => {
  const { options } = policyFrom({
    pgsr: 1,
    databases: ['d', 'e'],
    mode: 'additive',
    manages: { schemas: ['s'], cluster: true },
    createRoles: false,
    reassignOwnedTo: 'postgres',
    keepDependents: true,
    allow: ['self', 'superusers'],
    public: {
      database: [],
      schemas: { s: ['USAGE'] },
      grants: [
        { privileges: [], functions: 'all', schema: 's' },
        { privileges: ['SELECT'], futureTablesOf: 'o', schema: 's' },
      ],
    },
  })
  expect(options).toEqual({
    mode: 'additive',
    manages: { schemas: ['s'], cluster: true },
    createRoles: false,
    reassignOwnedTo: 'postgres',
    keepDependents: true,
    allowSelf: true,
    allowSuperuser: true,
    public: [
      Grant.privilege(Target.database('d'), [], direct),
      Grant.privilege(Target.database('e'), [], direct),
      Grant.privilege(Target.schema('s'), ['USAGE'], direct),
      Grant.privilege(Target.allFunctions('s'), [], direct),
      Grant.defaultPrivilege({ owner: 'o', schema: 's', on: 'tables' }, ['SELECT']),
    ],
  })
})

describe('passwords', () => {
  const policy = parsePolicy(`pgsr: 1
roles:
  a: { login: { password: { env: P } } }
  b: { login: { initialPassword: { file: /run/b } } }
  c: { login: { password: { env: P } } }
  d: { login: true }
absent: [e]
`)

  test('are each asked for by where they are', () => {
    expect(policy.secrets).toEqual([{ env: 'P' }, { file: '/run/b' }])
    const desired = desiredOf(policy, (at) => ('env' in at ? `of ${at.env}` : `in ${at.file}`))
    expect(desired.map(({ role, grants = [] }) => [role, grants])).toEqual([
      ['a', [Grant.login({ password: 'of P' })]],
      ['b', [Grant.login({ initialPassword: 'in /run/b' })]],
      ['c', [Grant.login({ password: 'of P' })]],
      ['d', [Grant.login()]],
      ['e', []],
    ])
    const [first] = desired[0]?.grants ?? []
    const password = first?.kind === 'attribute' && first.attribute === 'LOGIN' ? first.password : undefined
    expect(password instanceof Secret && Secret.reveal(password)).toBe('of P')
    expect(JSON.stringify(desired)).not.toContain('of P')
  })

  test('that are missing are refused when it is planned', () =>
    expect(() =>
      plan(
        snapshot(),
        desiredOf(policy, () => undefined),
      ),
    ).toThrow('the password is undefined; leave the key out to keep the existing one'))
})

describe('the line of an operation', () => {
  const text = `pgsr: 1
public:
  schemas:
    s: []
roles:
  r:
    login: true
    memberOf:
      - g
    access:
      s: readOnly
    grants:
      - privileges: [INSERT, UPDATE]
        columns: [a, b]
        tables: t
        schema: s
  g:
    members: [r, other]
  o:
    owns:
      - s
absent:
  x: {}
`
  const policy = parsePolicy(text, { file: 'policy.yaml' })
  const before = snapshot()
    .role('other')
    .role('x')
    .role('old')
    .schema('s', { acl: ['=UC/postgres', 'x=U/postgres'] })
    .table('s', 't', { columns: ['a', 'b'] })
    .sequence('s', 'q')
    .role('g')
    .membership({ role: 'g', member: 'old' })

  test('is that of what asks for it', () => {
    const operations = operationsOf(plan(before, policy.desired, policy.options))
    const lineOf = ({ reason: { role, grant } }: Operation) => policy.lineOf(role, grant)?.line
    const linesOf = (isMeant: (operation: Operation) => boolean) => [
      ...new Set(operations.filter(isMeant).map(lineOf)),
    ]
    const joins = (member: string) =>
      linesOf((one) => one.kind === 'grantMembership' && one.role === 'g' && one.member === member)
    expect(linesOf((one) => one.kind === 'createRole' && one.role === 'r')).toEqual([6])
    expect(linesOf((one) => one.kind === 'setAttribute' && one.role === 'r')).toEqual([7])
    expect(joins('r')).toEqual([9])
    expect(joins('other')).toEqual([18])
    expect(linesOf((one) => one.kind === 'setOwner' && one.object.kind === 'table')).toEqual([21])
    expect(linesOf((one) => one.kind === 'dropRole')).toEqual([23])
    // Locks are nobody's wish, and `old` is in no part of the policy.
    for (const operation of operations)
      if (operation.kind !== 'lockRole' && operation.reason.role !== 'old')
        expect([lineOf(operation), JSON.stringify(operation)]).toEqual([
          expect.any(Number),
          expect.any(String),
        ])
    expect(policy.lineOf('public', null)).toEqual({ file: 'policy.yaml', line: 2, column: 1 })
    expect(policy.lineOf('r', Grant.attribute('CREATEDB'))).toBeUndefined()
    expect(policy.lineOf('nobody', null)).toBeUndefined()
  })

  test('is that of what was given by each privilege on each column', () => {
    const request = plan(before, policy.desired, policy.options).request
    const desired = request.kind === 'sync' ? request.desired : []
    const lines = desired
      .filter(({ role }) => role === 'r')
      .flatMap(({ role, grants }) => grants.map((grant) => policy.lineOf(role, grant)?.line))
    expect(new Set(lines)).toEqual(new Set([7, 9, 11, 15]))
    expect(lines).toHaveLength(1 + 1 + 3 + 4)
    const ofPublic = request.kind === 'sync' ? (request.options.public ?? []) : []
    expect(ofPublic.map((grant) => policy.lineOf('public', grant)?.line)).toEqual([4])
  })
})
