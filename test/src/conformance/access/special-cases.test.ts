import { type AccessQuestion, type Explanation, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** What is there in each case: a schema with a table that belongs to an owner, and a role. */
interface Names {
  readonly role: string
  readonly other: string
  readonly owner: string
  readonly schema: string
  readonly table: string
  readonly box: Sandbox
}

interface Case {
  readonly since?: number
  readonly until?: number
  /** Run by a superuser. */
  readonly make: (names: Names) => string
  readonly ask?: (names: Names) => Omit<AccessQuestion, 'role'>
  readonly says: Partial<Pick<Explanation, 'verdict' | 'usable'>>
  /** The kinds of source of the paths, and how many memberships each has. */
  readonly paths: readonly string[]
  readonly afterSetRole?: readonly string[]
  readonly also?: (explanation: Explanation, names: Names) => void
}

const select = ({ schema, table }: Names): Omit<AccessQuestion, 'role'> => ({
  privilege: 'SELECT',
  object: Target.table(schema, table),
})

const functionIn = ({ schema }: Names): Omit<AccessQuestion, 'role'> => ({
  privilege: 'EXECUTE',
  object: Target.function(schema, 'f', []),
})

const makeFunction = ({ schema, owner }: Names): string =>
  `create function ${schema}.f() returns int language sql security definer as 'select 1'; alter function ${schema}.f() owner to ${owner}`

const conditionsOf = ({ conditions }: Explanation): readonly string[] => conditions.map(({ kind }) => kind)

const cases: Readonly<Record<string, Case>> = {
  'nothing at all': {
    make: () => '',
    says: { verdict: 'not granted', usable: false },
    paths: [],
    also: ({ give }, { schema, table, role }) =>
      expect(give?.sql).toBe(`GRANT SELECT ON TABLE "${schema}"."${table}" TO "${role}"`),
  },
  'a privilege without USAGE on the schema': {
    make: ({ schema, table, role }) => `grant select on ${schema}.${table} to ${role}`,
    says: { verdict: 'granted', usable: false },
    paths: ['privilege 0'],
    also: ({ around }) => expect(around.map(({ verdict }) => verdict)).toEqual(['granted', 'not granted']),
  },
  'a privilege without CONNECT on the database': {
    make: ({ schema, table, role, box }) =>
      `grant select on ${schema}.${table} to ${role}; grant usage on schema ${schema} to ${role}; revoke connect on database ${box.database} from public`,
    says: { verdict: 'granted', usable: false },
    paths: ['privilege 0'],
    also: ({ around }) => expect(around.map(({ verdict }) => verdict)).toEqual(['not granted', 'granted']),
  },
  'row security, which applies to the role': {
    make: ({ schema, table, role, other }) =>
      `grant select on ${schema}.${table} to ${role}; alter table ${schema}.${table} enable row level security;
       create policy mine on ${schema}.${table} for select to ${role} using (true);
       create policy theirs on ${schema}.${table} for all to ${other} using (true)`,
    says: { verdict: 'conditional' },
    paths: ['privilege 0'],
    also: ({ conditions }) =>
      expect(conditions).toMatchObject([
        { kind: 'row security', policies: [{ policy: 'mine', command: 'SELECT' }] },
      ]),
  },
  'row security, by which no row is left': {
    make: ({ schema, table, role }) =>
      `grant select on ${schema}.${table} to ${role}; alter table ${schema}.${table} enable row level security`,
    says: { verdict: 'conditional' },
    paths: ['privilege 0'],
    also: ({ conditions }) => expect(conditions).toEqual([{ kind: 'row security', policies: [] }]),
  },
  'row security, with a restrictive policy alone, by which no row is left': {
    make: ({ schema, table, role }) =>
      `grant select on ${schema}.${table} to ${role}; alter table ${schema}.${table} enable row level security;
       create policy narrow on ${schema}.${table} as restrictive for select to ${role} using (true)`,
    says: { verdict: 'conditional' },
    paths: ['privilege 0'],
    also: ({ conditions }) => expect(conditions).toEqual([{ kind: 'row security', policies: [] }]),
  },
  'a parameter by a name that it had': {
    since: 150000,
    make: ({ role }) => `grant set on parameter work_mem to ${role}`,
    ask: () => ({ privilege: 'SET', object: Target.parameter('sort_mem') }),
    says: { verdict: 'granted' },
    paths: ['privilege 0'],
  },
  'row security, and BYPASSRLS': {
    make: ({ schema, table, role }) =>
      `grant select on ${schema}.${table} to ${role}; alter table ${schema}.${table} enable row level security; alter role ${role} bypassrls`,
    says: { verdict: 'granted' },
    paths: ['privilege 0'],
  },
  'row security, for a member of the owner': {
    make: ({ schema, table, role, owner }) =>
      `grant ${owner} to ${role}; alter table ${schema}.${table} enable row level security`,
    says: { verdict: 'granted' },
    paths: ['ownership 1'],
  },
  'row security that is forced, for a member of the owner': {
    make: ({ schema, table, role, owner }) =>
      `grant ${owner} to ${role}; alter table ${schema}.${table} enable row level security, force row level security`,
    says: { verdict: 'conditional' },
    paths: ['ownership 1'],
  },
  'row security, which TRUNCATE does not care for': {
    make: ({ schema, table, role }) =>
      `grant truncate on ${schema}.${table} to ${role}; alter table ${schema}.${table} enable row level security`,
    ask: ({ schema, table }) => ({ privilege: 'TRUNCATE', object: Target.table(schema, table) }),
    says: { verdict: 'granted' },
    paths: ['privilege 0'],
  },
  'a function that PUBLIC may execute because there is no ACL': {
    make: makeFunction,
    ask: functionIn,
    says: { verdict: 'granted' },
    paths: ['PUBLIC 0'],
    also: ({ paths: [path] }) => expect(path?.source).toMatchObject({ byDefault: true }),
  },
  'the same with an ACL': {
    make: (names) =>
      `${makeFunction(names)}; grant execute on function ${names.schema}.f() to ${names.other}`,
    ask: functionIn,
    says: { verdict: 'granted' },
    paths: ['PUBLIC 0'],
    also: ({ paths: [path] }) => expect(path?.source).toMatchObject({ byDefault: false }),
  },
  'an owner that revoked its own privileges': {
    make: ({ schema, table, owner, role }) =>
      `alter table ${schema}.${table} owner to ${role}; revoke all on ${schema}.${table} from ${role}; grant select on ${schema}.${table} to ${owner}`,
    says: { verdict: 'not granted' },
    paths: [],
  },
  pg_database_owner: {
    since: 140000,
    make: ({ schema, table, role, box }) =>
      `grant select on ${schema}.${table} to pg_database_owner; alter database ${box.database} owner to ${role}`,
    says: { verdict: 'granted' },
    paths: ['privilege 1'],
    also: ({ paths: [path] }) =>
      expect(path?.memberships).toMatchObject([{ role: 'pg_database_owner', grantor: null }]),
  },
  pg_read_all_data: {
    since: 140000,
    make: ({ role }) => `grant pg_read_all_data to ${role}`,
    says: { verdict: 'granted', usable: true },
    paths: ['predefined role 1'],
  },
  'pg_read_all_data does not write': {
    since: 140000,
    make: ({ role }) => `grant pg_read_all_data to ${role}`,
    ask: ({ schema, table }) => ({ privilege: 'INSERT', object: Target.table(schema, table) }),
    says: { verdict: 'not granted' },
    paths: [],
  },
  pg_write_all_data: {
    since: 140000,
    make: ({ role }) => `grant pg_write_all_data to ${role}`,
    ask: ({ schema, table }) => ({ privilege: 'DELETE', object: Target.table(schema, table) }),
    says: { verdict: 'granted', usable: true },
    paths: ['predefined role 1'],
  },
  pg_maintain: {
    since: 170000,
    make: ({ role }) => `grant pg_maintain to ${role}`,
    ask: ({ schema, table }) => ({ privilege: 'MAINTAIN', object: Target.table(schema, table) }),
    says: { verdict: 'granted', usable: false },
    paths: ['predefined role 1'],
  },
  'NOINHERIT before 16': {
    until: 160000,
    make: ({ schema, table, role, other }) =>
      `grant select on ${schema}.${table} to ${other}; grant ${other} to ${role}; alter role ${role} noinherit`,
    says: { verdict: 'not granted' },
    paths: [],
    afterSetRole: ['privilege 1'],
  },
  'NOINHERIT of a role in the middle, before 16': {
    until: 160000,
    make: ({ schema, table, role, other, owner }) =>
      `grant select on ${schema}.${table} to ${owner}; grant ${owner} to ${other}; grant ${other} to ${role}; alter role ${other} noinherit`,
    says: { verdict: 'not granted' },
    paths: [],
    afterSetRole: ['ownership 2'],
  },
  'NOINHERIT from 16 on, after the membership was granted': {
    since: 160000,
    make: ({ schema, table, role, other }) =>
      `grant select on ${schema}.${table} to ${other}; grant ${other} to ${role}; alter role ${role} noinherit`,
    says: { verdict: 'granted' },
    paths: ['privilege 1'],
  },
  'INHERIT FALSE': {
    since: 160000,
    make: ({ schema, table, role, other }) =>
      `grant select on ${schema}.${table} to ${other}; grant ${other} to ${role} with inherit false, set true`,
    says: { verdict: 'not granted' },
    paths: [],
    afterSetRole: ['privilege 1'],
  },
  'SET FALSE': {
    since: 160000,
    make: ({ schema, table, role, other }) =>
      `grant select on ${schema}.${table} to ${other}; grant ${other} to ${role} with inherit true, set false`,
    says: { verdict: 'granted' },
    paths: ['privilege 1'],
  },
  'INHERIT FALSE and SET FALSE': {
    since: 160000,
    make: ({ schema, table, role, other }) =>
      `grant select on ${schema}.${table} to ${other}; grant ${other} to ${role} with inherit false, set false`,
    says: { verdict: 'not granted' },
    paths: [],
  },
  'a superuser': {
    make: ({ role }) => `alter role ${role} superuser`,
    says: { verdict: 'granted', usable: true },
    paths: ['superuser 0'],
  },
  'a member of a superuser, which has to SET ROLE': {
    make: ({ role, other }) => `alter role ${other} superuser; grant ${other} to ${role}`,
    says: { verdict: 'not granted' },
    paths: [],
    afterSetRole: ['superuser 1'],
  },
  'a privilege on one column': {
    make: ({ schema, table, role }) => `grant select (a) on ${schema}.${table} to ${role}`,
    says: { verdict: 'not granted' },
    paths: [],
    also: ({ columns = [] }) => expect(columns.map(({ column }) => column)).toEqual(['a']),
  },
  'a column, by its table': {
    make: ({ schema, table, role }) => `grant select on ${schema}.${table} to ${role}`,
    ask: ({ schema, table }) => ({
      privilege: 'SELECT',
      object: Target.table(schema, table, { columns: ['b'] }) as AccessQuestion['object'],
    }),
    says: { verdict: 'granted' },
    paths: ['privilege 0'],
  },
  'a view that reads with the rights of the role': {
    since: 150000,
    make: ({ schema, table, role }) =>
      `create view ${schema}.v with (security_invoker = true) as select * from ${schema}.${table}; grant select on ${schema}.v to ${role}`,
    ask: ({ schema }) => ({ privilege: 'SELECT', object: Target.table(schema, 'v') }),
    says: { verdict: 'conditional' },
    paths: ['privilege 0'],
    also: (explanation) => expect(conditionsOf(explanation)).toEqual(['security invoker']),
  },
  'a system catalog, which a grant does not open for changes': {
    make: ({ role }) => `grant insert on pg_catalog.pg_ts_config to ${role}`,
    ask: () => ({ privilege: 'INSERT', object: Target.table('pg_catalog', 'pg_ts_config') }),
    says: { verdict: 'not granted' },
    paths: [],
    also: ({ give, why }) =>
      expect([give, why]).toEqual([undefined, 'only superusers may change what is in a system catalog']),
  },
  'a privilege that two roles granted': {
    make: ({ schema, table, role, other }) =>
      `grant usage on schema ${schema} to ${other};
       grant select on ${schema}.${table} to ${role}; grant select on ${schema}.${table} to ${other} with grant option;
       set local role ${other}; grant select on ${schema}.${table} to ${role}; set local role none`,
    says: { verdict: 'granted' },
    paths: ['privilege 0', 'privilege 0'],
    also: ({ paths }, { other }) =>
      expect(paths.map(({ endings: [ending] }) => ending?.statements.map(({ as }) => as))).toEqual([
        [null],
        [other],
      ]),
  },
}

const shapeOf = ({ source, memberships }: Explanation['paths'][number]): string =>
  `${source.kind} ${memberships.length}`

/** Makes a case, asks about it, and removes everything again. */
const tryCase = async (box: Sandbox, one: Case): Promise<void> => {
  const [role, other, owner, schema] = ['role', 'other', 'owner', 's'].map((base) => box.name(base)) as [
    string,
    string,
    string,
    string,
  ]
  const names: Names = { role, other, owner, schema, table: 't', box }
  await box.admin(`create role ${role} login; create role ${other}; create role ${owner}; create schema ${schema};
    create table ${schema}.t (a int, b int); alter table ${schema}.t owner to ${owner}; ${one.make(names)}`)
  try {
    const explanation = await box.pool.explain({ role, ...(one.ask ?? select)(names) })
    expect(explanation).toMatchObject(one.says)
    expect(explanation.paths.map(shapeOf)).toEqual(one.paths)
    expect(explanation.afterSetRole.map(shapeOf)).toEqual(one.afterSetRole ?? [])
    one.also?.(explanation, names)
  } finally {
    await box.admin(`alter database ${box.database} owner to ${box.actor}; grant connect on database ${box.database} to public;
      revoke all on pg_catalog.pg_ts_config from ${role}; drop schema ${schema} cascade;
      drop owned by ${role}, ${other}, ${owner}; drop role ${role}, ${other}, ${owner}`)
  }
}

conformanceInTurn('special cases of access', (sandbox) => {
  test('each of them is explained as PostgreSQL has it', async () => {
    const box = sandbox()
    const { version } = box.server
    const wrong: Record<string, unknown> = {}
    for (const [title, one] of Object.entries(cases))
      if (version >= (one.since ?? 0) && version < (one.until ?? Infinity))
        await tryCase(box, one).catch((error: unknown) => {
          wrong[title] = error
        })
    expect(wrong).toEqual({})
  })
})
