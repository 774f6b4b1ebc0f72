import { Grant, hasDrift, operationsOf, plan, renderSummary, summaryOf, Target } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'

const tables = (count: number, acl: Readonly<Record<string, string>> = {}) =>
  Array.from({ length: count }, (_, index) => object('table', ['sales', `t${index}`], 'owner', acl))

const intermediate = '_pgsr_local_16384_table_select_01234567'

describe('a plan in short', () => {
  const before = snapshot({
    roles: [
      role('old', { login: true }),
      role('bob', { login: true }),
      role('eve'),
      role('analyst'),
      role('fdw'),
    ],
    objects: [
      object('schema', ['sales'], 'owner', { 'old/owner': 'UC', 'bob/owner': 'U*', 'eve/bob': 'U' }),
      object('schema', ['hr'], 'owner', { 'analyst/owner': 'U' }),
      ...tables(210, { 'old/owner': 'aw' }),
      object('table', ['hr', 'staff'], 'bob'),
      object('column', ['sales', 't1', 'c'], 'owner', { 'old/owner': 'r' }),
      object('foreign-data wrapper', ['w'], 'fdw'),
    ],
    defaultPrivileges: [
      {
        owner: 'owner',
        schema: 'sales',
        on: 'tables',
        acl: [{ grantee: 'old', grantor: 'owner', privileges: 'r' }],
      },
    ],
    unmanaged: [{ role: 'bob', kind: 'settings', description: 'work_mem' }],
  })
  const reader = [
    Grant.schemaUsage('sales', { direct: true }),
    Grant.privilege(Target.allTables('sales'), ['SELECT', 'INSERT'], { direct: true }),
  ]
  const made = plan(before, [
    { role: 'alice', grants: [Grant.login(), Grant.roleMembership('misspelt'), ...reader] },
    { role: 'analyst', grants: [...reader, Grant.schemaUsage('hr')] },
    { role: 'bob', grants: [Grant.tableSelect('sales', 'nowhere')] },
    { role: 'fdw', grants: [Grant.tableSelect('sales', /nothing/)] },
    { role: 'old', grants: [Grant.login()] },
  ])

  test('counts and groups what each role gains and loses, warnings first', () => {
    expect(operationsOf(made).length).toBeGreaterThan(1200)
    expect(renderSummary(made).split('\n')).toEqual([
      'pgsr syncs roles "alice", "analyst" and 3 more: 1280 operations, run as "postgres"',
      'WARNING: role "bob" loses LOGIN, and ownership of 1 table',
      'WARNING: role "misspelt" is created, because role "alice" is to be a member of it',
      'creates roles "alice", "misspelt"',
      'creates 1 role of pgsr’s own',
      'role "alice"',
      '  + LOGIN',
      '  + membership in role "misspelt"',
      '  + USAGE on schema "sales"',
      '  + SELECT, INSERT on 210 tables of schema "sales"',
      'role "analyst"',
      '  + USAGE on schema "sales"',
      '  + SELECT, INSERT on 210 tables of schema "sales"',
      '  ~ 1 privilege that the role keeps, held in another way',
      'role "bob"',
      '  - LOGIN, its password',
      '  - ownership of table "hr"."staff" to role "postgres"',
      '  - USAGE on schema "sales"',
      'role "old"',
      '  - INSERT, UPDATE on 210 tables of schema "sales"',
      '  - SELECT on column "c" of table "sales"."t1"',
      '  - USAGE, CREATE on schema "sales"',
      '  - SELECT on future tables of role "owner" in schema "sales"',
      'not given',
      '  absent: cannot grant SELECT on table "sales"."nowhere" to role "bob": table "sales"."nowhere" does not exist',
      '  no match: cannot grant SELECT on the tables of schema "sales" that match /nothing/ to role "fdw": no table matches',
      'not taken away',
      '  acts as its owner: role "fdw" keeps ownership of foreign-data wrapper "w": only a superuser can own it; name one in reassignOwnedTo',
      'other roles',
      '  role "eve"',
      '    - USAGE on schema "sales"',
      'not managed',
      '  role "bob": settings: "work_mem"',
    ])
  })

  test('as data', () => {
    const {
      roles,
      warnings,
      hasDrift: differs,
      intermediate: own,
    } = JSON.parse(JSON.stringify(summaryOf(made))) as ReturnType<typeof summaryOf>
    expect(differs).toBe(true)
    expect(own).toEqual({ created: 1, dropped: 0 })
    expect(warnings).toHaveLength(2)
    expect(roles.find((one) => one.roles.includes('old'))).toMatchObject({
      gains: [],
      loses: [
        { kind: 'privilege', count: 420, description: 'INSERT, UPDATE on 210 tables of schema "sales"' },
        { kind: 'privilege', count: 1 },
        { kind: 'privilege', count: 2 },
        { kind: 'default privilege', count: 1 },
      ],
      rearranged: 0,
    })
  })
})

test('roles that gain and lose the same are told of once, and a long list is shortened', () => {
  const names = Array.from({ length: 40 }, (_, index) => `r${String(index).padStart(2, '0')}`)
  const schemas = Array.from({ length: 20 }, (_, index) => object('schema', [`s${index}`]))
  const grants = schemas.map(({ name }) => Grant.schemaUsage(name[0]!, { direct: true }))
  const made = plan(
    snapshot({
      objects: [
        ...schemas,
        ...Array.from({ length: 12 }, (_, index) =>
          object('database', [`d${index}`], 'owner', { [`r00/owner`]: 'c' }),
        ),
      ],
      roles: [role('r00')],
    }),
    names.map((name, index) => ({ role: name, grants: index < 3 ? [Grant.login()] : grants })),
  )
  expect(renderSummary(made).split('\n')).toEqual([
    'pgsr syncs roles "r00", "r01" and 38 more: 795 operations, run as "postgres"',
    'creates roles "r01", "r02" and 37 more',
    'role "r00"',
    '  + LOGIN',
    '  - its password',
    '  - CONNECT on 12 databases',
    'roles "r01", "r02"',
    '  + LOGIN',
    'roles "r03", "r04" and 35 more',
    '  + USAGE on 20 schemas',
  ])
})

test('a long list ends with how much more there is', () => {
  const schemas = Array.from({ length: 20 }, (_, index) => `s${String(index).padStart(2, '0')}`)
  const before = snapshot({
    objects: schemas.flatMap((schema) => [object('schema', [schema]), object('table', [schema, 't'])]),
  })
  const desired = {
    role: 'r',
    grants: schemas.map((schema) => Grant.tableSelect(schema, 't', { direct: true })),
  }
  const lines = renderSummary(plan(before, desired)).split('\n')
  expect(lines).toHaveLength(11)
  expect(lines.at(-2)).toBe('  + SELECT on table "s06"."t"')
  expect(lines.at(-1)).toBe('  … and 13 more')
})

describe('whether there is drift', () => {
  const orders = object('table', ['s', 't'], 'owner', { 'r/owner': 'r' })
  const there = snapshot({ roles: [role('r')], objects: [object('schema', ['s']), orders] })
  const select = Grant.tableSelect('s', 't', { direct: true })

  test.for([
    ['everything is as asked', [select], there, false],
    ['something has to be done', [], there, true],
    ['a pattern matches nothing', [select, Grant.tableSelect('s', /x/)], there, false],
    ['a grant names what does not exist', [select, Grant.tableSelect('s', 'x')], there, true],
    [
      'something stays that may not be taken away',
      [],
      {
        ...there,
        server: { ...there.server, actingRole: 'r2' },
        roles: [...there.roles, role('r2', { createRole: true })],
      },
      true,
    ],
  ] as const)('%s', ([, grants, before, expected]) =>
    expect(hasDrift(plan(before, { role: 'r', grants }))).toBe(expected),
  )
})

test('what a role only holds in another way is neither gained nor lost', () => {
  const before = snapshot({
    roles: [role('r'), role(intermediate)],
    memberships: [membership('r', intermediate)],
    objects: [
      object('schema', ['s']),
      object('table', ['s', 't'], 'owner', { [`${intermediate}/owner`]: 'r' }),
    ],
  })
  const made = plan(before, { role: 'r', grants: [Grant.tableSelect('s', 't', { direct: true })] })
  expect(renderSummary(made).split('\n').slice(1)).toEqual([
    'role "r"',
    '  ~ 1 privilege that the role keeps, held in another way',
  ])
})

test('an entry says which grants ask for it, also for several roles, and the role where none does', () => {
  const before = snapshot({
    roles: [role('a', { login: true }), role('eve')],
    objects: [
      object('schema', ['s'], 'a', { 'eve/a': 'U' }),
      object('table', ['s', 't']),
      object('table', ['s', 'u']),
    ],
  })
  const both = [
    Grant.schemaUsage('s', { direct: true }),
    Grant.tableSelect('s', 't', { direct: true }),
    Grant.tableSelect('s', 'u', { direct: true }),
  ]
  const { roles, others } = summaryOf(
    plan(before, [
      { role: 'a', grants: [] },
      { role: 'b', grants: both },
      { role: 'c', grants: both },
      { role: 'owner', grants: [] },
      { role: 'eve', grants: [Grant.login()] },
    ]),
  )
  const sourcesOf = (name: string) => roles.find((one) => one.roles.includes(name))
  expect(sourcesOf('a')?.loses.map(({ description, sources }) => [description, sources])).toEqual([
    ['LOGIN, its password', [{ role: 'a', grant: null }]],
    ['ownership of schema "s" to role "postgres"', [{ role: 'a', grant: null }]],
  ])
  expect(sourcesOf('b')).toMatchObject({
    roles: ['b', 'c'],
    gains: [
      {
        description: 'USAGE on schema "s"',
        sources: [
          { role: 'b', grant: both[0] },
          { role: 'c', grant: both[0] },
        ],
      },
      {
        description: 'SELECT on tables "s"."t", "s"."u"',
        sources: [
          { role: 'b', grant: both[1] },
          { role: 'b', grant: both[2] },
          { role: 'c', grant: both[1] },
          { role: 'c', grant: both[2] },
        ],
      },
    ],
  })
  expect(others).toEqual([])
})

describe('what others lose', () => {
  const functions = [0, 1, 2].map((number) => `f${number}`)
  const before = snapshot({
    roles: [role('bob')],
    objects: [
      object('schema', ['s'], 'owner', { 'bob/owner': 'U*', 'eve/bob': 'U' }),
      object('table', ['s', 't'], 'owner', { 'public/owner': 'rw' }),
      ...functions.map((name) => object('function', ['s', name], 'owner', { 'public/owner': 'X' })),
    ],
  })
  const none = functions.map((name) => Grant.privilege(Target.function('s', name, []), [], { direct: true }))
  const select = Grant.privilege(Target.table('s', 't'), ['SELECT'])
  const made = plan(before, { role: 'bob', grants: [] }, { public: [select, ...none] })

  test('PUBLIC, and so every role, is apart from other roles, and a warning', () => {
    const { public: everybody, others, warnings } = summaryOf(made)
    expect(warnings).toEqual(['PUBLIC loses EXECUTE on 3 functions, and UPDATE on 1 table'])
    expect(everybody?.loses.map(({ description }) => description)).toEqual([
      'EXECUTE on functions "s"."f0"(), "s"."f1"(), "s"."f2"()',
      'UPDATE on table "s"."t"',
    ])
    expect(others).toMatchObject([{ roles: ['eve'], loses: [{ sources: [{ role: 'bob', grant: null }] }] }])
    expect(renderSummary(made)).toContain('\n  PUBLIC\n    - EXECUTE on functions')
  })

  test('nothing is said of PUBLIC if it loses nothing', () => {
    expect(summaryOf(plan(before, { role: 'bob', grants: [] })).public).toBeNull()
  })
})

test('a schema that is created is warned of, since its name may be misspelt', () =>
  expect(
    renderSummary(
      plan(snapshot({ objects: [object('schema', ['sales'])] }), {
        role: 'r',
        grants: [Grant.schemaOwnership('sals')],
      }),
    ).split('\n'),
  ).toEqual([
    'pgsr syncs role "r": 2 operations, run as "postgres"',
    'WARNING: schema "sals" is created, because role "r" is to own it',
    'creates role "r"',
    'role "r"',
    '  + ownership of schema "sals"',
  ]))
