import { Grant, plan, renderSql, Target } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'
import { roleT } from '../support/plan-script.ts'

const before = snapshot({
  roles: [role('t', { login: true }), role('b', { login: true })],
  objects: [
    object('schema', ['s'], 't'),
    object('table', ['s', 'one'], 't'),
    object('table', ['s', 'two'], 't'),
    object('operator family', ['s', 'f', 'btree'], 't'),
    object('table', ['s', 'other']),
  ],
})

/** The first lines of a script, before its statements. */
const firstLines = (...desired: Parameters<typeof roleT>[0][]): readonly string[] => {
  const [ofT = [], ofB] = desired
  const roles = [roleT(ofT), ...(ofB === undefined ? [] : [{ role: 'b', grants: ofB }])]
  const script = renderSql(plan(before, roles, { seed: 'seed' }))
  return script.slice(0, script.indexOf('BEGIN')).trim().split('\n').slice(1)
}

test('a script says first which roles lose LOGIN or ownership', () =>
  expect(firstLines([], [Grant.tableOwnership('s', 'other')])).toEqual([
    '-- WARNING: role "owner" loses ownership of 1 table',
    '-- WARNING: role "t" loses LOGIN, and ownership of 1 operator family, 1 schema, 2 tables',
    '-- WARNING: role "b" loses LOGIN',
    '-- effect: role "owner" loses ownership of table "s"."other" to role "b"',
    expect.stringMatching(
      /^-- effect: role "t" loses ownership of operator family .* to role "_pgsr_caretaker_/,
    ),
    '-- effect: role "t" loses ownership of schema "s" to role "postgres"',
    '-- effect: role "t" loses ownership of table "s"."one" to role "postgres"',
    '-- effect: role "t" loses ownership of table "s"."two" to role "postgres"',
    '-- effect: role "b" loses LOGIN',
    '-- effect: role "t" loses LOGIN',
  ]))

test('a script that takes neither has no warning', () =>
  expect(
    firstLines([
      Grant.login(),
      Grant.schemaOwnership('s'),
      Grant.tableOwnership('s', 'one'),
      Grant.tableOwnership('s', 'two'),
      { kind: 'ownership', object: { kind: 'operator family', name: ['s', 'f', 'btree'] } },
    ]),
  ).toEqual([]))

test('a script says first which roles lose an attribute that others may rely on, and which become superusers', () => {
  const roles = [
    role('t', { superuser: true, createRole: true, createDb: true, replication: true, bypassRls: true }),
    role('b'),
  ]
  const script = renderSql(
    plan(
      snapshot({ roles }),
      [roleT([Grant.attribute('REPLICATION')]), { role: 'b', grants: [Grant.attribute('SUPERUSER')] }],
      { seed: 'seed', allowSuperuser: true },
    ),
  )
  expect(script.split('\n').filter((line) => line.includes('WARNING'))).toEqual([
    '-- WARNING: role "t" loses SUPERUSER, CREATEROLE, BYPASSRLS',
    '-- WARNING: role "b" gains SUPERUSER',
  ])
})

test('a script says that PUBLIC loses only what a new owner does not grant to it again', () => {
  const acl = { 'public/old': 'X' }
  const [kept, taken] = [['s', 'kept', 'integer'] as const, ['s', 'taken', 'integer'] as const]
  const made = plan(
    snapshot({
      roles: [role('old'), role('t')],
      objects: [
        object('schema', ['s']),
        object('function', kept, 'old', acl),
        object('function', taken, 'old', acl),
      ],
    }),
    roleT([kept, taken].map((name) => ({ kind: 'ownership', object: { kind: 'function', name } }))),
    {
      seed: 'seed',
      public: [
        Grant.privilege(Target.function('s', 'kept', ['integer']), ['EXECUTE']),
        Grant.privilege(Target.function('s', 'taken', ['integer']), []),
      ],
    },
  )
  expect(made.effects.filter((one) => one.role === 'public' && one.change === 'loses')).toHaveLength(2)
  expect(
    renderSql(made)
      .split('\n')
      .filter((line) => line.includes('WARNING')),
  ).toEqual([
    '-- WARNING: role "old" loses ownership of 2 functions',
    '-- WARNING: PUBLIC loses EXECUTE on 1 function',
  ])
})
