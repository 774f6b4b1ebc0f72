import { type DesiredRole, Grant, InvalidGrantError, plan, type PlanOptions, Target } from '@pgsr/planner'
import { requestOf } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { snapshot } from '../support/build-snapshot.ts'

type Input = DesiredRole | readonly DesiredRole[]

/** The error for some input. It can be of any type: JavaScript does not check that. */
const refusal = (desired: () => unknown, options: unknown = {}): InvalidGrantError => {
  try {
    plan(snapshot(), desired() as Input, { seed: '', ...(options as PlanOptions) })
  } catch (error) {
    if (error instanceof InvalidGrantError) return error
    throw error
  }
  throw new Error('it was accepted')
}

const asked = (...grants: readonly unknown[]) => ({ role: 'r', grants })
const byHand = (object: unknown, direct: unknown = false) => ({
  kind: 'privilege',
  privileges: ['SELECT'],
  object,
  direct,
  grantable: false,
})
const unprintable: unknown = Object.create(null)

describe('a request is refused, with what is wrong', () => {
  test.for<[string, () => unknown, string, string]>([
    [
      'a limit',
      () => ({ role: 'r', grants: [], connectionLimit: -2 }),
      'connectionLimit',
      'from -1 to 2147483647',
    ],
    ['an inherit', () => ({ role: 'r', grants: [], inherit: 'no' }), 'inherit', 'must be true or false'],
    [
      'a comment',
      () => ({ role: 'r', grants: [], comment: 'a\0' }),
      'comment',
      'a text without NUL, or null',
    ],
    ['settings in a list', () => ({ role: 'r', grants: [], settings: [] }), 'settings', 'not an object'],
    [
      'a setting',
      () => ({ role: 'r', grants: [], settings: { 'a;b': 1 } }),
      'parameter',
      'not the name of a configuration parameter',
    ],
    [
      'a value',
      () => ({ role: 'r', grants: [], settings: { work_mem: null } }),
      'work_mem',
      'setting "work_mem": its value must be',
    ],
    [
      'a list',
      () => ({ role: 'r', grants: [], settings: { work_mem: ['a'] } }),
      'work_mem',
      'it is not a list of names',
    ],
    [
      'a setting twice',
      () => ({ role: 'r', grants: [], settings: { a: 1, A: 2 } }),
      'A',
      'it is there twice',
    ],
    [
      'settings of a database',
      () => ({ role: 'r', grants: [], settingsIn: { '': {} } }),
      'settingsIn',
      'cannot be empty',
    ],
    ['an empty name', () => asked(Grant.schemaUsage('')), 'schema', 'the name "" cannot be empty'],
    ['NUL', () => asked(Grant.tableSelect('s', 'a\0b')), 'table', 'the name "a\\u0000b" cannot contain NUL'],
    [
      'a lone surrogate',
      () => asked(Grant.roleMembership('\ud800')),
      'role',
      'cannot contain a lone surrogate',
    ],
    ['a name of 64 bytes', () => asked(Grant.schemaOwnership('é'.repeat(32))), 'schema', 'is 64 bytes long'],
    ['a role name of 64 bytes', () => ({ role: 'x'.repeat(64), grants: [] }), 'role', 'is 64 bytes long'],
    ['public', () => ({ role: 'public', grants: [] }), 'role', 'its name is reserved'],
    ['none', () => ({ role: 'none', grants: [] }), 'role', 'its name is reserved'],
    ['pg_…', () => ({ role: 'pg_monitor', grants: [] }), 'role', 'the prefix "pg_" is PostgreSQL’s own'],
    [
      'an intermediate role to sync',
      () => ({ role: '_pgsr_global_x_0123abcd', grants: [] }),
      'role',
      'an intermediate role',
    ],
    [
      'membership in an intermediate role',
      () => asked(Grant.roleMembership('_pgsr_local_1_x_0123abcd')),
      'role',
      'is an intermediate role',
    ],
    ['membership in itself', () => asked(Grant.roleMembership('r')), 'role', 'a member of itself'],
    ['membership in public', () => asked(Grant.roleMembership('public')), 'role', 'is reserved'],
    [
      'pg_database_owner',
      () => asked(Grant.roleMembership('pg_database_owner')),
      'role',
      'cannot have explicit members',
    ],
    ['a role named twice', () => [asked(), asked()], 'role', 'it is named twice'],
    [
      'two logins',
      () => asked(Grant.login(), Grant.login({ validUntil: 'infinity' })),
      'login',
      'it is asked for 2 times',
    ],
    [
      'ownership of a system schema',
      () => asked(Grant.schemaOwnership('pg_x')),
      'schema',
      'the prefix "pg_" is reserved',
    ],
    [
      'an invalid date',
      () => asked(Grant.login({ validUntil: new Date('never') })),
      'validUntil',
      'is not a date',
    ],
    [
      'tomorrow',
      () => asked(Grant.login({ validUntil: 'tomorrow' })),
      'validUntil',
      'is not a date with a time zone',
    ],
    [
      '30 February',
      () => asked(Grant.login({ validUntil: '2027-02-30T00:00:00Z' })),
      'validUntil',
      'is not a date',
    ],
    [
      'a date without a time zone',
      () => asked(Grant.login({ validUntil: '2027-02-03T00:00:00' })),
      'validUntil',
      'is not a date',
    ],
    ['an empty password', () => asked(Grant.login({ password: '' })), 'password', 'the password is empty'],
    [
      'an undefined password',
      () => asked(Grant.login({ password: undefined as never })),
      'password',
      'leave the key out',
    ],
    [
      'an empty initial password',
      () => asked(Grant.login({ initialPassword: '' })),
      'password',
      'the password is empty',
    ],
    [
      'a password beside an initial one',
      () => asked(Grant.login({ password: 'x', initialPassword: 'x' })),
      'initialPassword',
      'it has both password and initialPassword',
    ],
    [
      'an unknown initial',
      () => asked({ ...Grant.login({ password: 'x' }), initial: 'yes' as never }),
      'initial',
      'initial can only be true',
    ],
    [
      'an unknown hashedBy',
      () => asked(Grant.login({ password: 'x', hashedBy: 'client' as never })),
      'hashedBy',
      "hashedBy can only be 'server'",
    ],
    [
      'a redacted password',
      () => JSON.parse(JSON.stringify(asked(Grant.login({ password: 'x' })))),
      'password',
      'build the grant with Grant.login',
    ],
    ['the flag g', () => asked(Grant.tableSelect('s', /x/g)), 'pattern', 'the flags g and y'],
    [
      'the flag y',
      () => asked(Grant.tableSelect('s', { source: 'x', flags: 'iy' })),
      'pattern',
      'the flags g and y',
    ],
    [
      'an invalid pattern',
      () => asked(Grant.tableSelect('s', { source: '(' })),
      'pattern',
      'invalid regular expression',
    ],
    [
      'a pattern in pg_catalog',
      () => asked(Grant.tableSelect('pg_catalog', /x/)),
      'schema',
      'patterns do not reach',
    ],
    [
      'a list of tables',
      () => asked(Grant.tableSelect('s', ['t'] as never)),
      'table',
      'must be a text, not object',
    ],
    [
      'an object that is not a pattern',
      () => asked(Grant.tableSelect('s', { name: 't' } as never)),
      'table',
      'must be a text',
    ],
    [
      'a missing table',
      () => asked(Grant.tableSelect('s', undefined as never)),
      'table',
      'must be a text, not undefined',
    ],
    [
      'a pattern whose source is not text',
      () => asked(Grant.tableSelect('s', { source: undefined } as never)),
      'pattern',
      'a pattern is a RegExp',
    ],
    [
      'a pattern that is text',
      () => asked(byHand({ kind: 'table', schema: 's', pattern: '^t$' })),
      'pattern',
      'a pattern is a RegExp',
    ],
    [
      'a pattern of databases',
      () =>
        asked({
          ...byHand({ kind: 'database', schema: 's', pattern: { source: '.' } }),
          privileges: ['CONNECT'],
        }),
      'pattern',
      'a database cannot be asked for by a pattern',
    ],
    [
      'all databases of a schema',
      () => asked({ ...byHand({ kind: 'database', schema: 's', all: true }), privileges: ['CONNECT'] }),
      'all',
      'the databases of a schema cannot be asked for at once',
    ],
    [
      'all columns of a schema',
      () => asked(byHand({ kind: 'column', schema: 's', all: true })),
      'all',
      'the columns of a schema cannot be asked for at once',
    ],
    [
      'all as a text',
      () => asked(byHand({ kind: 'table', schema: 's', all: 'false' })),
      'all',
      'all must be true',
    ],
    [
      'all tables of a schema without a name',
      () => asked(Grant.privilege(Target.allTables(undefined as never), ['SELECT'])),
      'schema',
      'must be a text, not undefined',
    ],
    [
      'all tables of pg_catalog',
      () => asked(Grant.privilege(Target.allTables('pg_catalog'), ['SELECT'])),
      'schema',
      'the tables of pg_catalog cannot be asked for at once; name them',
    ],
    [
      'ownership of all tables of a system schema',
      () => asked(Grant.ownership(Target.allTables('pg_toast'))),
      'schema',
      'the prefix "pg_" is reserved',
    ],
    [
      'ownership of all tables of a schema by two roles',
      () => [
        asked(Grant.ownership(Target.allTables('s'))),
        { ...asked(Grant.ownership(Target.allTables('s'))), role: 'q' },
      ],
      'object',
      'cannot grant ownership of all tables in schema "s" to role "q": role "r" is to own all tables in schema "s"',
    ],
    [
      'ownership of a table among all that another role is to own',
      () => [
        asked(Grant.ownership(Target.allTables('s'))),
        { ...asked(Grant.tableOwnership('s', 't')), role: 'a' },
      ],
      'object',
      'cannot grant ownership of table "s"."t" to role "a": role "r" is to own all tables in schema "s"',
    ],
    [
      'a privilege that tables do not have',
      () => asked(Grant.privilege(Target.table('s', 't'), ['USAGE' as never])),
      'privileges',
      'there is no privilege USAGE on a table; expected one of SELECT, INSERT, ',
    ],
    [
      'an empty list of privileges',
      () => asked(Grant.privilege(Target.table('s', 't'), [])),
      'privileges',
      'the privileges must be an array of at least one',
    ],
    [
      'a privilege on a kind of object that has none',
      () => asked(Grant.privilege(Target.collation('s', 'c') as never, ['USAGE' as never])),
      'object',
      'there are no privileges on a collation',
    ],
    [
      'an unknown kind of object',
      () => asked(byHand({ kind: 'view', name: ['s', 'v'] })),
      'object',
      'no such kind of object',
    ],
    [
      'a grant option through an intermediate role',
      () => asked(Grant.privilege(Target.table('s', 't'), ['SELECT'], { grantable: true } as never)),
      'grantable',
      'only what is held directly can be passed on; set direct too',
    ],
    [
      'an empty list of columns',
      () => asked(Grant.privilege(Target.table('s', 't', { columns: [] }), ['SELECT'])),
      'columns',
      'the columns must be an array of at least one',
    ],
    [
      'an invalid name of a type',
      () => asked(Grant.privilege(Target.function('s', 'f', ['integer; --']), ['EXECUTE'])),
      'argument type',
      '"integer; --" is not the name of a type',
    ],
    [
      'an invalid name of an operator',
      () => asked(Grant.ownership(Target.operator('s', '--', 'integer', 'integer'))),
      'operator',
      '"--" is not the name of an operator',
    ],
    [
      'an invalid oid of a large object',
      () => asked(Grant.privilege(Target.largeObject('0x10'), ['SELECT'])),
      'oid',
      '"0x10" is not the oid of a large object',
    ],
    [
      'an invalid name of a parameter',
      () => asked(Grant.privilege(Target.parameter('work mem'), ['SET'])),
      'parameter',
      '"work mem" is not the name of a configuration parameter',
    ],
    [
      'ownership of a parameter',
      () => asked(Grant.ownership(Target.parameter('work_mem') as never)),
      'object',
      'a parameter has no owner of its own',
    ],
    [
      'ownership of a column',
      () => asked(Grant.ownership(Target.table('s', 't', { columns: ['c'] }) as never)),
      'object',
      'a column has no owner of its own',
    ],
    [
      'ownership by a pattern',
      () => asked(Grant.ownership(Target.table('s', /./))),
      'object',
      'ownership cannot be asked for by a pattern; name the object, or ask for all of a schema, as Target.allTables does',
    ],
    ['an unknown attribute', () => asked(Grant.attribute('ADMIN' as never)), 'attribute', 'ADMIN'],
    ['INHERIT', () => asked(Grant.attribute('INHERIT' as never)), 'attribute', 'INHERIT'],
    [
      'a membership without INHERIT and without SET',
      () => asked(Grant.roleMembership('a', { inherit: false, set: false })),
      'inherit',
      'inherit and set cannot both be false',
    ],
    [
      'the same membership with and without an option',
      () => asked(Grant.roleMembership('a', { set: false }), Grant.roleMembership('a', { set: true })),
      'role',
      'it is asked for with different options',
    ],
    [
      'a membership option that is not true or false',
      () => asked(Grant.roleMembership('a', { admin: 'yes' as never })),
      'admin',
      'admin must be true or false',
    ],
    [
      'default privileges on databases',
      () => asked(Grant.defaultPrivilege({ owner: 'o', on: 'databases' as never }, ['CONNECT' as never])),
      'on',
      '"databases" is not one of tables, sequences, functions, types, schemas, large objects',
    ],
    [
      'default privileges on schemas in a schema',
      () => asked(Grant.defaultPrivilege({ owner: 'o', schema: 's', on: 'schemas' }, ['USAGE'])),
      'schema',
      'schemas are in no schema',
    ],
    [
      'a default privilege that functions do not have',
      () => asked(Grant.defaultPrivilege({ owner: 'o', on: 'functions' }, ['SELECT' as never])),
      'privileges',
      'there is no privilege SELECT on functions; expected one of EXECUTE',
    ],
    [
      'direct as text',
      () => asked(byHand({ kind: 'table', name: ['s', 't'] }, 'false')),
      'direct',
      'must be true or false',
    ],
    [
      'too few parts of a name',
      () => asked(byHand({ kind: 'table', name: ['t'] })),
      'name',
      'has the parts schema, table',
    ],
    ['a constructor that was not called', () => asked(Grant.login), 'kind', 'it is not a grant'],
    [
      'a hole in the array of grants',
      () => ({ role: 'r', grants: Object.assign([], { length: 1 }) }),
      'kind',
      'it is not a grant',
    ],
    [
      'a name that cannot be printed',
      () => asked(Grant.schemaUsage(unprintable as string)),
      'schema',
      'must be a text, not object',
    ],
    [
      'a role that cannot be printed',
      () => ({ role: unprintable, grants: [] }),
      'role',
      'must be a text, not object',
    ],
    [
      'grants that are not an array',
      () => ({ role: 'r', grants: 'all' }),
      'grants',
      'its grants are not an array',
    ],
    [
      'an unknown key of a desired role',
      () => ({ role: 'r', grants: [], grant: [] }),
      'grant',
      'expected one of role, grants, preserveExistingGrantsInSchemas',
    ],
    ['something that is not a desired role', () => 'r', 'desired', 'is not a desired role'],
    [
      'a misspelt option of a grant',
      () => asked(Grant.login({ pasword: 'x' } as object)),
      'pasword',
      'unknown option "pasword"; expected one of password, initialPassword, hashedBy, validUntil',
    ],
    [
      'two owners of the same table',
      () => [
        { role: 'a', grants: [Grant.tableOwnership('s', 't')] },
        { role: 'b', grants: [Grant.tableOwnership('s', 't')] },
      ],
      'object',
      'role "a" is to own it',
    ],
    [
      'a cycle of memberships',
      () => [
        { role: 'a', grants: [Grant.roleMembership('b')] },
        { role: 'b', grants: [Grant.roleMembership('a')] },
      ],
      'role',
      'it would make a cycle: ',
    ],
  ])('%s', ([, desired, field, message]) => {
    const error = refusal(desired)
    expect([error.field, error.message]).toEqual([field, expect.stringContaining(message)])
    expect(error.message).toMatch(/^cannot /)
  })

  test.for<[string, object, string]>([
    ['text instead of a boolean', { allowSuperuser: 'false' }, 'allowSuperuser'],
    ['PUBLIC as a new owner', { reassignOwnedTo: 'public' }, 'reassignOwnedTo'],
    ['a new owner that is synced too', { reassignOwnedTo: 'r' }, 'reassignOwnedTo'],
    ['a new owner that does not exist', { reassignOwnedTo: 'nobody' }, 'reassignOwnedTo'],
    ['a seed that is not text', { seed: 1 }, 'seed'],
    ['an unknown scope', { scope: 'schema' }, 'scope'],
    ['keepDependents as text', { keepDependents: 'yes' }, 'keepDependents'],
  ])('%s', ([, options, field]) => expect(refusal(() => asked(), options).field).toBe(field))

  test('a new owner that is synced too is told how it gets what others lose', () =>
    expect(refusal(() => asked(), { reassignOwnedTo: 'r' }).message).toBe(
      'cannot reassign ownership to a role: the name "r" is that of a role that is synced too, and so owns what it asks for (owns in a policy, Grant.ownership in code); let it ask for these objects, or name a role that is not synced',
    ))
})

describe('a text in place of a list is not divided into its letters', () => {
  const text = 'id' as never
  const table = Target.table('s', 't')
  const pattern = { kind: 'column', schema: 's', pattern: { source: '.' } }

  test.for<[string, () => unknown, string, string]>([
    ['the roles', () => text, 'desired', '"id" is not a desired role; give an object with role and grants'],
    ['the grants', () => ({ role: 'r', grants: text }), 'grants', 'its grants are not an array'],
    [
      'the preserved schemas',
      () => ({ ...asked(), preserveExistingGrantsInSchemas: text }),
      'preserveExistingGrantsInSchemas',
      'preserveExistingGrantsInSchemas is not an array',
    ],
    [
      'the types of a function’s arguments',
      () => Target.function('s', 'f', text),
      'argumentTypes',
      "argumentTypes must be an array of texts, such as ['integer', 'text']",
    ],
    [
      'the types of a procedure’s arguments',
      () => Target.procedure('s', 'p', text),
      'argumentTypes',
      "argumentTypes must be an array of texts, such as ['integer', 'text']",
    ],
    [
      'the columns of a table',
      () => Target.table('s', 't', { columns: text }),
      'columns',
      "columns must be an array of texts, such as ['id']",
    ],
    [
      'the columns of tables that a pattern matches',
      () => Target.table('s', /./, { columns: text }),
      'columns',
      "columns must be an array of texts, such as ['id']",
    ],
    [
      'the columns in a pattern by hand',
      () => asked(byHand({ ...pattern, columns: text })),
      'columns',
      'the columns must be an array of at least one',
    ],
    [
      'the name of an object by hand',
      () => asked(byHand({ kind: 'table', name: text })),
      'name',
      'the name of a table has the parts schema, table',
    ],
    [
      'the name of a column by hand',
      () => asked(byHand({ kind: 'column', name: 'stc' })),
      'name',
      'the name of a column has the parts schema, table, column',
    ],
    [
      'the privileges',
      () => asked(Grant.privilege(table, text)),
      'privileges',
      'the privileges must be an array of at least one',
    ],
    [
      'the default privileges',
      () => asked(Grant.defaultPrivilege({ owner: 'o', on: 'tables' }, text)),
      'privileges',
      'the privileges must be an array of at least one',
    ],
  ])('%s', ([, given, field, message]) => {
    const error = refusal(given)
    expect([error.field, error.message]).toEqual([field, expect.stringContaining(message)])
  })
})

test.for<[string, unknown, string, string]>([
  ['nothing', undefined, 'snapshot', 'cannot plan: the snapshot must be an object'],
  [
    'a snapshot without a server',
    { ...snapshot(), server: undefined },
    'server',
    'cannot plan: server of the snapshot must be an object',
  ],
  [
    'a server without a version',
    { ...snapshot(), server: { ...snapshot().server, version: undefined } },
    'server.version',
    'cannot plan: server.version of the snapshot must be a number',
  ],
  [
    'a text in place of a list of roles',
    { ...snapshot(), roles: 'r' },
    'roles',
    'cannot plan: roles of the snapshot must be an array',
  ],
])('%s is refused in place of a snapshot, with what is wrong', ([, given, field, message]) =>
  expect(() => plan(given as never, [], { seed: '' })).toThrow(
    expect.objectContaining({ _tag: 'InvalidGrantError', field, message }),
  ),
)

test.for<[string, Grant]>([
  ['an attribute', Grant.login()],
  ['a membership', Grant.roleMembership('a')],
  ['a privilege on a database', Grant.databaseConnect('d')],
  ['a privilege on a parameter', Grant.privilege(Target.parameter('work_mem'), ['SET'])],
  ['ownership of a tablespace', Grant.ownership(Target.tablespace('t'))],
])('if the cluster is not managed, %s is refused', ([, grant]) => {
  const { field, message } = refusal(() => asked(grant), { manages: { cluster: false } })
  expect(field).toBe('manages')
  expect(message).toContain('it belongs to the whole cluster, which this call does not manage')
})

const addSchema = 'is outside of what this call manages; add schema "other" to manages.schemas'

test.for<[string, Grant, string]>([
  ['another schema itself', Grant.schemaUsage('other'), `schema "other" ${addSchema}`],
  ['what is in another schema', Grant.tableSelect('other', 't'), `table "other"."t" ${addSchema}`],
  [
    'all of a kind in another schema',
    Grant.ownership(Target.allTables('other')),
    `all tables in schema "other" ${addSchema}`,
  ],
  [
    'what will be in another schema',
    Grant.defaultPrivilege({ owner: 'o', schema: 'other', on: 'tables' }, ['SELECT']),
    `schema "other" ${addSchema}`,
  ],
  [
    'what will be in any schema',
    Grant.defaultPrivilege({ owner: 'o', on: 'tables' }, ['SELECT']),
    'what is created in any schema is outside of what this call manages; name a schema of manages.schemas',
  ],
  [
    'what is in no schema',
    Grant.privilege(Target.language('c'), ['USAGE']),
    'language "c" is outside of what this call manages; it is in no schema, so leave manages.schemas out',
  ],
  [
    'what belongs to the cluster',
    Grant.login(),
    'it belongs to the whole cluster, which this call does not manage; set manages.cluster to true',
  ],
])('if only some schemas are managed, a grant of %s is refused', ([, grant, problem]) =>
  expect(refusal(() => asked(grant), { manages: { schemas: ['s'] } })).toMatchObject({
    field: 'manages',
    message: expect.stringContaining(`: ${problem}`),
  }),
)

test('the cluster can be managed besides some schemas', () => {
  const desired = { role: 'r', grants: [Grant.schemaUsage('s'), Grant.roleMembership('a'), Grant.login()] }
  expect(
    requestOf(desired, { manages: { schemas: ['s', 's'], cluster: true }, seed: '' }).options.manages,
  ).toEqual({ schemas: ['s'], cluster: true })
})

test.for<[object, string]>([
  [{ schemas: [] }, 'manages leaves nothing to manage; name schemas, or set manages.cluster to true'],
  [{ schemas: 's' }, 'manages.schemas is not an array'],
  [{ schemas: [''] }, 'the name "" in manages.schemas cannot be empty'],
  [{ cluster: 'no' }, 'manages.cluster must be true or false'],
  [{ schema: ['s'] }, 'manages: unknown option "schema"; expected one of schemas, cluster'],
])('%j is refused in place of what is managed', ([manages, problem]) =>
  expect(refusal(() => asked(), { manages })).toMatchObject({ message: `cannot sync roles: ${problem}` }),
)

test.for<[string, Grant]>([
  ['LOGIN', Grant.login()],
  ['an attribute', Grant.attribute('CREATEDB')],
])('a grant of %s to an external role is refused', ([, grant]) =>
  expect(refusal(() => ({ ...asked(grant), external: true }))).toMatchObject({
    field: 'external',
    message: expect.stringContaining(
      'the role is external, so its attributes stay as they are; leave the grant out',
    ),
  }),
)

test.for<[string, object, object]>([
  ['external', { external: 'yes' }, {}],
  ['inherit', { external: true, inherit: true }, {}],
  ['connectionLimit', { external: true, connectionLimit: 1 }, {}],
  ['createRoles', {}, { createRoles: 'no' }],
  ['mode', {}, { mode: 'strict' }],
])('%s that cannot be is refused', ([field, more, options]) =>
  expect(refusal(() => ({ ...asked(), ...more }), options).field).toBe(field),
)

test('who sets scope is told of manages', () =>
  expect(() => requestOf([], { scope: 'database', seed: '' } as never)).toThrow(
    'cannot plan: unknown option "scope"; to leave alone what belongs to the whole cluster, set manages: { cluster: false }',
  ))

test('an error says which role and which grant it is about', () =>
  expect(refusal(() => asked(Grant.schemaUsage('s'), Grant.schemaUsage('')))).toMatchObject({
    role: 'r',
    grant: 1,
    field: 'schema',
    message: 'cannot grant USAGE on schema "" to role "r": the name "" cannot be empty',
  }))

test('a password given in the wrong place is not shown', () =>
  expect(() => Grant.login('hunter2' as never)).toThrow(
    'cannot build a grant of LOGIN: the options are not an object; expected one of password, initialPassword, hashedBy, validUntil',
  ))

test('a grant by name is not taken for a similar grant by pattern of another role', () => {
  const name = ['s', 't']
  const both = byHand({ kind: 'table', name, schema: 's', pattern: { source: '.' } })
  const named = byHand({ kind: 'table', name })
  const { desired } = requestOf(
    [
      { role: 'a', grants: [both] as DesiredRole['grants'] },
      { role: 'b', grants: [named] as DesiredRole['grants'] },
    ],
    { seed: '' },
  )
  expect(
    desired.map(({ grants }) => grants.map((grant) => 'object' in grant && 'pattern' in grant.object)),
  ).toEqual([[true], [false]])
})

test('an invalid grant is refused even after a valid one that looks like it', () => {
  const column = byHand({ kind: 'column', name: ['false', 'false', '1', '1', 'x'] }, true)
  const odd = byHand({ kind: 'column\0true\0false\x001\x005', name: ['x'] })
  expect(refusal(() => [asked(column), { role: 'q', grants: [odd] }]).field).toBe('object')
})
