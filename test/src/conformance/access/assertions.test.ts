import { type Assertion, AssertionsError, type OnlyAssertion, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

interface Names {
  readonly box: Sandbox
  readonly schema: string
  readonly bob: string
  readonly payroll: string
}

const makeNames = async (box: Sandbox): Promise<Names> => {
  const [schema, bob, payroll] = [box.name('s'), box.name('bob'), box.name('payroll')]
  await box.admin(`create role ${bob} login; create role ${payroll}; create schema ${schema};
    create table ${schema}.t (a int, b int); create table ${schema}.other (b int);
    create function ${schema}.f(a int) returns int language sql as 'select 1'; revoke execute on function ${schema}.f from public;
    grant usage on schema ${schema} to ${bob}`)
  return { box, schema, bob, payroll }
}

const onlyIn = (
  { payroll }: Names,
  on: OnlyAssertion['on'],
  can: 'SELECT' | 'UPDATE' | 'EXECUTE' = 'SELECT',
): Assertion => ({
  only: [payroll],
  can,
  on,
})

/** What a sync that does nothing says of an assertion. */
const errorOf = (box: Sandbox, assertion: Assertion): Promise<unknown> =>
  box.pool.syncRoles([], { assertions: [assertion] }).then(
    () => 'it holds',
    (error: unknown) => error,
  )

const namesBreaking = async (box: Sandbox, assertion: Assertion): Promise<readonly string[]> => {
  const error = await errorOf(box, assertion)
  return error instanceof AssertionsError
    ? error.broken.flatMap(({ roles }) => roles.map(({ role }) => role))
    : []
}

/** Each lets bob read, or run, what only payroll may. */
const broken: Readonly<
  Record<
    string,
    { make: (names: Names) => string; assert: (names: Names) => Assertion; query: (names: Names) => string }
  >
> = {
  'a table, by the privileges on its columns': {
    make: ({ schema, bob }) => `grant select (a, b) on ${schema}.t to ${bob}`,
    assert: (names) => onlyIn(names, Target.table(names.schema, 't')),
    query: ({ schema }) => `select * from ${schema}.t`,
  },
  'all tables, by the privilege on a column': {
    make: ({ schema, bob }) => `grant update (b) on ${schema}.t to ${bob}`,
    assert: (names) => onlyIn(names, Target.allTables(names.schema), 'UPDATE'),
    query: ({ schema }) => `update ${schema}.t set b = 1`,
  },
  'several columns, by their own privileges': {
    make: ({ schema, bob }) => `grant select (b) on ${schema}.t to ${bob}`,
    assert: (names) => onlyIn(names, Target.table(names.schema, 't', { columns: ['a', 'b'] })),
    query: ({ schema }) => `select b from ${schema}.t`,
  },
  'columns of the tables that a pattern matches, by the privilege on the table': {
    make: ({ schema, bob }) => `grant select on ${schema}.t to ${bob}`,
    assert: (names) => onlyIn(names, Target.table(names.schema, /^t$/, { columns: ['a'] })),
    query: ({ schema }) => `select a from ${schema}.t`,
  },
  'a column, by what PUBLIC has on the table': {
    make: ({ schema }) => `grant select on ${schema}.t to public`,
    assert: (names) => onlyIn(names, Target.table(names.schema, 't', { columns: ['a'] })),
    query: ({ schema }) => `select a from ${schema}.t`,
  },
  'what PostgreSQL brings along, by name': {
    make: () => '',
    assert: (names) => onlyIn(names, Target.table('information_schema', 'tables')),
    query: () => 'select from information_schema.tables',
  },
  'a function, with its types in another spelling': {
    make: ({ schema, bob }) => `grant execute on function ${schema}.f to ${bob}`,
    assert: (names) => onlyIn(names, Target.function(names.schema, 'f', ['int4']), 'EXECUTE'),
    query: ({ schema }) => `select ${schema}.f(1)`,
  },
}

/** Of each, it is said why it cannot be right. */
const refused: Readonly<Record<string, { assert: (names: Names) => Assertion; says: string }>> = {
  'a schema that does not exist, with all its tables': {
    assert: (names) => onlyIn(names, Target.allTables('billling')),
    says: 'cannot check assertion 1: schema "billling" does not exist',
  },
  'a schema that does not exist, with a pattern': {
    assert: (names) => onlyIn(names, Target.table('billling', /x/)),
    says: 'cannot check assertion 1: schema "billling" does not exist',
  },
  'a table that does not exist': {
    assert: (names) => onlyIn(names, Target.table(names.schema, 'tt')),
    says: '"tt" does not exist',
  },
  'a column that does not exist': {
    assert: (names) => onlyIn(names, Target.table(names.schema, 't', { columns: ['a', 'aa'] })),
    says: 'cannot check assertion 1: column "aa" of table ',
  },
  'a column of a table that does not exist': {
    assert: (names) => onlyIn(names, Target.table(names.schema, 'tt', { columns: ['a'] })),
    says: 'does not exist',
  },
  'a function that does not exist': {
    assert: (names) => onlyIn(names, Target.function(names.schema, 'f', ['text']), 'EXECUTE'),
    says: 'does not exist',
  },
  'all tables of a schema of PostgreSQL’s own': {
    assert: (names) => onlyIn(names, Target.allTables('information_schema')),
    says: 'assertion 1 cannot be checked: schema "information_schema" is read only in part; name the tables',
  },
  'PUBLIC in a schema of PostgreSQL’s own': {
    assert: () => ({ public: 'nothing', in: 'information_schema' }),
    says: 'is read only in part',
  },
}

conformanceAtEndsInTurn('what is asserted', (sandbox) => {
  test.for(Object.entries(broken))('is not so of %s', async ([, { make, assert, query }]) => {
    const names = await makeNames(sandbox())
    const { box, bob } = names
    await box.admin(make(names))
    await box.as(bob, query(names))
    const error = await errorOf(box, assert(names))
    expect(error).toBeInstanceOf(AssertionsError)
    const { broken: found } = error as AssertionsError
    expect(found.every(({ unknown }) => unknown !== true)).toBe(true)
    expect(
      found.flatMap(({ roles, everybody }) => [
        ...roles.map(({ role }) => role),
        ...(everybody.length > 0 ? [bob] : []),
      ]),
    ).toContain(bob)
  })

  test('is so of columns that nobody else has, also where a table has none of them', async () => {
    const names = await makeNames(sandbox())
    const { box, schema, payroll, bob } = names
    await box.admin(
      `grant select (a) on ${schema}.t to ${payroll}; grant select (b) on ${schema}.t to ${bob}`,
    )
    for (const on of [
      Target.table(schema, 't', { columns: ['a'] }),
      Target.table(schema, /^(t|other)$/, { columns: ['a'] }),
      Target.table(schema, /^other$/, { columns: ['b'] }),
    ]) {
      const error = await errorOf(box, onlyIn(names, on))
      // Roles of other tests, and who owns the table, may read it.
      const found = error instanceof AssertionsError ? error.broken : []
      expect(error === 'it holds' || error instanceof AssertionsError).toBe(true)
      expect(found.flatMap(({ roles }) => roles.map(({ role }) => role))).not.toContain(bob)
      expect(found.filter(({ unknown }) => unknown)).toEqual([])
    }
    expect(await namesBreaking(box, onlyIn(names, Target.table(schema, 't', { columns: ['b'] })))).toContain(
      bob,
    )
  })

  test.for(Object.entries(refused))('is refused of %s', async ([, { assert, says }]) => {
    const names = await makeNames(sandbox())
    const error = await errorOf(names.box, assert(names))
    expect(error).toMatchObject({ message: expect.stringContaining(says) as string })
    if (says.startsWith('cannot')) expect(error).toMatchObject({ field: 'assertions[0]' })
  })
})
