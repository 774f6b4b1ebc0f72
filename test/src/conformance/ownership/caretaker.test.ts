import { Grant } from '@pgsr/node-postgres'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import { createFileServer } from '../../../harness/sandbox/foreign-table.ts'
import { ownerOf } from '../../../harness/sandbox/owner-of.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'

/** What the tables below are made with. */
const code = (schema: string): string => `
  create function ${schema}.f(int) returns int language sql immutable as 'select $1';
  create function ${schema}.trigger() returns trigger language plpgsql as 'begin return new; end';
  create table ${schema}.parent (id int primary key);
  create type ${schema}.mood as enum ('ok');
  create type ${schema}.pair as (a int, b int);
  create domain ${schema}.positive as int check (value > 0);
  create function ${schema}.diff(int, int) returns float8 language sql immutable as 'select 1.0::float8';
  create type ${schema}.range as range (subtype = int, subtype_diff = ${schema}.diff);
`

type Maker = readonly [what: string, since: number, create: (name: string, schema: string) => string]

/** That a role, which owns something, can do nothing with it: nobody can log in as it, and it has no rights of others. */
const expectToDoNothing = async ({ admin, actor }: Sandbox, role: unknown): Promise<void> => {
  expect(role).not.toBe(actor)
  const attributes = await admin(`
    select rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls
      or exists (select from pg_auth_members where member = r.oid)
      or exists (select from pg_roles as m where m.oid <> r.oid and not m.rolsuper and pg_has_role(m.oid, r.oid, 'USAGE'))
    from pg_roles as r where rolname = '${String(role)}'`)
  expect(attributes).toEqual([[false]])
}

conformanceInTurn('caretaker', (sandbox) => {
  test('a view goes to a caretaker, and can no longer read anything', async () => {
    const box = sandbox()
    const [author, schema] = [box.name('a'), box.name('s')]
    await box.run(
      `create role ${author}; create schema ${schema}; create table ${schema}.secret as select 42 as answer;
       grant all on schema ${schema} to ${author}`,
    )
    await box.admin(
      `set role ${author}; create view ${schema}.peek as select answer from ${schema}.secret; grant select on ${schema}.peek to public; reset role`,
    )
    const peek = () => box.as(author, `select * from ${schema}.peek`)
    const grants = [Grant.schemaUsage(schema)]
    await expect(peek()).rejects.toThrow('permission denied')

    const { plan } = await box.sync({ role: author, grants })
    expect(plan.residue).toEqual([])
    const caretaker = await ownerOf(box, `${schema}.peek`)
    expect(plan.effects[0]).toEqual({
      role: author,
      change: 'loses',
      fact: { kind: 'ownership', object: { kind: 'table', name: [schema, 'peek'] }, owner: author },
      newOwner: caretaker,
      actsAsNewOwner: true,
    })
    await expectToDoNothing(box, caretaker)
    await expect(peek()).rejects.toThrow('permission denied')
    await box.run(`drop role ${author}`)

    const heir = box.name('h')
    await box.run(`create role ${heir}`)
    const { plan: given } = await box.sync({
      role: heir,
      grants: [Grant.schemaUsage(schema), Grant.tableOwnership(schema, 'peek')],
    })
    expect(given.effects[0]).toMatchObject({ role: caretaker, newOwner: heir, actsAsNewOwner: true })
    expect(await ownerOf(box, `${schema}.peek`)).toBe(heir)
  })

  test('what may hold code goes to the role named in reassignOwnedTo, and the plan says that its code runs as that role', async () => {
    const box = sandbox()
    const [role, heir, schema] = [box.name('r'), box.name('h'), box.name('s')]
    await box.run(`create role ${role}; create role ${heir}; create schema ${schema}`)
    await box.admin(`create view ${schema}.v as select 1 as x; alter view ${schema}.v owner to ${role}`)
    const { plan } = await box.sync({ role, grants: [] }, { reassignOwnedTo: heir })
    expect(plan.effects).toMatchObject([{ role, newOwner: heir, actsAsNewOwner: true }])
    expect(await ownerOf(box, `${schema}.v`)).toBe(heir)
  })

  const withCode: readonly Maker[] = [
    ['a view', 90600, (name) => `create view ${name} as select 1 as x`],
    [
      'a view that says security_invoker',
      150000,
      (name) => `create view ${name} with (security_invoker) as select 1 as x`,
    ],
    ['a materialized view', 90600, (name) => `create materialized view ${name} as select 1 as x`],
    [
      'a foreign table',
      90600,
      (name) => `create extension if not exists file_fdw;
        ${createFileServer};
        create foreign table ${name} (x text) server files options (filename '/dev/null')`,
    ],
    [
      'a table with rules',
      90600,
      (name) => `create table ${name} (x int); create rule r as on insert to ${name} do also select 1`,
    ],
    [
      'a table with a trigger',
      90600,
      (name, schema) => `create table ${name} (x int);
        create trigger t before insert on ${name} for each row execute procedure ${schema}.trigger()`,
    ],
    [
      'a table with a policy',
      90600,
      (name) => `create table ${name} (x int); create policy p on ${name} using (x > 0)`,
    ],
    [
      'a table with row security',
      90600,
      (name) => `create table ${name} (x int); alter table ${name} enable row level security`,
    ],
    ['a table with a check', 90600, (name) => `create table ${name} (x int check (x > 0))`],
    [
      'a table with a default that calls a function',
      90600,
      (name, schema) => `create table ${name} (x int default ${schema}.f(1))`,
    ],
    [
      'a table with a default that runs a query',
      90600,
      (name) => `create table ${name} (x xml default query_to_xml('select 1', false, false, ''))`,
    ],
    [
      'a table with a generated column',
      120000,
      (name) => `create table ${name} (x int, y int generated always as (x) stored)`,
    ],
    [
      'a table with an index expression',
      90600,
      (name) => `create table ${name} (x text); create index on ${name} (lower(x))`,
    ],
    [
      'a table with an index predicate',
      90600,
      (name) => `create table ${name} (x int); create index on ${name} (x) where x > 1`,
    ],
    [
      'a table with statistics on an expression',
      140000,
      (name, schema) =>
        `create table ${name} (x int); create statistics ${name}_stats on (${schema}.f(x)), x from ${name}`,
    ],
    [
      'a table with an exclusion constraint',
      90600,
      (name) => `create table ${name} (x int4range, exclude using gist (x with &&))`,
    ],
    [
      'a table with a foreign key',
      90600,
      (name, schema) => `create table ${name} (x int references ${schema}.parent)`,
    ],
    [
      'a table that a foreign key refers to',
      90600,
      (name) =>
        `create table ${name} (id int primary key); create table ${name}_2 (x int references ${name})`,
    ],
    [
      'a table that an unenforced foreign key refers to',
      180000,
      (name) => `create table ${name} (id int primary key);
        create table ${name}_2 (x int references ${name} not enforced)`,
    ],
    [
      'a table that others may refer to',
      90600,
      (name) => `create table ${name} (id int primary key); grant references (id) on ${name} to public`,
    ],
    [
      'a table to which others may attach triggers',
      90600,
      (name) => `create table ${name} (id int); grant trigger on ${name} to public`,
    ],
    [
      'a table with a column of an enumeration',
      90600,
      (name, schema) => `create table ${name} (x ${schema}.mood)`,
    ],
    [
      'a table with a column of a composite type',
      90600,
      (name, schema) => `create table ${name} (x ${schema}.pair)`,
    ],
    [
      'a table with a column of a domain',
      90600,
      (name, schema) => `create table ${name} (x ${schema}.positive)`,
    ],
    [
      'a table with a column of a domain of PostgreSQL’s own',
      90600,
      (name) => `create table ${name} (x information_schema.cardinal_number)`,
    ],
    [
      'a table with a column of a range of its own',
      90600,
      (name, schema) => `create table ${name} (x ${schema}.range)`,
    ],
    [
      'a table with a column of an array of these',
      90600,
      (name, schema) => `create table ${name} (x ${schema}.range[])`,
    ],
    ['a typed table', 90600, (name, schema) => `create table ${name} of ${schema}.pair`],
    [
      'a table that others inherit from',
      90600,
      (name) => `create table ${name} (x int); create table ${name}_2 () inherits (${name})`,
    ],
    ['a table that inherits', 90600, (name, schema) => `create table ${name} () inherits (${schema}.parent)`],
    ['a partitioned table', 100000, (name) => `create table ${name} (x int) partition by list (x)`],
    [
      'a partition',
      100000,
      (name) => `create table ${name}_2 (x int) partition by list (x);
        create table ${name} partition of ${name}_2 for values in (1)`,
    ],
    [
      'a table that is published with a row filter',
      150000,
      (name) =>
        `create table ${name} (x int); create publication ${name.replace('.', '_')} for table ${name} where (x > 1)`,
    ],
  ]

  const plain: readonly Maker[] = [
    ['a table', 90600, (name) => `create table ${name} (x int primary key, y text not null, unique (y))`],
    [
      'with columns of many types',
      90600,
      (name) =>
        `create table ${name} (a varchar(10), b numeric(10, 2)[], c timestamptz, d jsonb, e tstzrange, f text collate "C")`,
    ],
    [
      'with ordinary defaults',
      90600,
      (name) =>
        `create table ${name} (a serial, b bigserial, c timestamptz default now(), d date default current_date, e text default 'x', f varchar(9) default 'y', g int default 1)`,
    ],
    ['with an identity', 100000, (name) => `create table ${name} (a int generated always as identity)`],
    ['unlogged', 90600, (name) => `create unlogged table ${name} (x int)`],
    [
      'with an index',
      90600,
      (name) => `create table ${name} (x int, y text); create index on ${name} (y desc, x)`,
    ],
    [
      'with statistics',
      100000,
      (name) => `create table ${name} (x int, y int); create statistics ${name}_stats on x, y from ${name}`,
    ],
    [
      'published',
      100000,
      (name) =>
        `create table ${name} (x int); create publication ${name.replace('.', '_')} for table ${name}`,
    ],
    [
      'that others read',
      90600,
      (name) =>
        `create table ${name} (x int); create view ${name}_2 as select x from ${name}; grant select, insert on ${name} to public`,
    ],
    [
      'that had a rule and a trigger',
      90600,
      (name, schema) => `create table ${name} (x int);
        create trigger t before insert on ${name} for each row execute procedure ${schema}.trigger();
        drop trigger t on ${name}; create rule r as on insert to ${name} do also select 1; drop rule r on ${name}`,
    ],
  ]

  test.for([
    ['everything that may hold code goes to a caretaker', withCode, true],
    ['a plain table goes to the acting role, and no caretaker is created', plain, false],
  ] as const)('%s', async ([, makers, areKept]) => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    const made = makers.filter(([, since]) => box.server.version >= since)
    await box.run(`create role ${role}; create schema ${schema}; ${code(schema)}`)
    await box.admin(`grant usage, create on schema ${schema} to public`)
    for (const [index, [, , create]] of made.entries()) {
      const name = `${schema}.t${index}`
      await box.admin(create(name, schema))
      await box.admin(`alter table ${name} owner to ${role}`)
    }
    const { plan } = await box.sync({ role, grants: [] })
    expect(plan.residue).toEqual([])
    const owners = await Promise.all(made.map((_, index) => ownerOf(box, `${schema}.t${index}`)))
    const caretakers = new Set(owners.filter((owner) => owner !== box.actor))
    const isKept = (index: number): boolean => caretakers.has(owners[index])
    expect(made.flatMap(([what], index) => (isKept(index) ? [] : [what]))).toEqual(
      areKept ? [] : made.map(([what]) => what),
    )
    expect([...caretakers]).toHaveLength(areKept ? 1 : 0)
    for (const caretaker of caretakers) await expectToDoNothing(box, caretaker)
    await box.run(`drop role ${role}`)
  })

  test('what two roles owned goes to two caretakers', async () => {
    const box = sandbox()
    const [a, b, schema] = [box.name('a'), box.name('b'), box.name('s')]
    await box.run(`create role ${a}; create role ${b}; create schema ${schema}`)
    for (const author of [a, b])
      await box.admin(
        `create view ${schema}.v_${author} as select 1 as x; alter view ${schema}.v_${author} owner to ${author}`,
      )
    await box.sync([a, b].map((role) => ({ role, grants: [] })))
    const owners = await Promise.all([a, b].map((author) => ownerOf(box, `${schema}.v_${author}`)))
    expect(new Set([...owners, box.actor]).size).toBe(3)
  })

  test('foreign keys between tables of a caretaker and of other roles are still checked', async () => {
    const box = sandbox()
    const [role, other, schema, elsewhere] = [box.name('r'), box.name('o'), box.name('s'), box.name('z')]
    await box.run(
      `create role ${role}; create role ${other}; create schema ${schema}; create schema ${elsewhere}`,
    )
    await box.admin(`
      create table ${schema}.parent (id int primary key); create table ${schema}.child (id int);
      grant usage on schema ${schema}, ${elsewhere} to ${other}, ${role};
      alter table ${schema}.parent owner to ${role}; alter table ${schema}.child owner to ${role};
      create table ${elsewhere}.child (id int references ${schema}.parent);
      create table ${elsewhere}.parent (id int primary key); alter table ${elsewhere}.parent owner to ${other};
      alter table ${schema}.child add foreign key (id) references ${elsewhere}.parent on delete cascade;
      alter table ${elsewhere}.child owner to ${other};
      insert into ${schema}.parent values (1); insert into ${elsewhere}.parent values (1);
      insert into ${schema}.child values (1)`)
    await box.sync({ role, grants: [] })
    await box.as(other, `insert into ${elsewhere}.child values (1)`)
    await expect(box.as(other, `insert into ${elsewhere}.child values (2)`)).rejects.toThrow('foreign key')
    await box.as(other, `delete from ${elsewhere}.parent where id = 1`)
    await box.run(`drop role ${role}`)
  })

  test('a caretaker is dropped only once it owns nothing', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create schema ${schema}`)
    await box.admin(
      `create table ${schema}.t (x int check (x > 0)); alter table ${schema}.t owner to ${role}`,
    )
    await box.sync({ role, grants: [] })
    const caretaker = await ownerOf(box, `${schema}.t`)
    const isThere = async () =>
      (await box.run(`select from pg_roles where rolname = '${String(caretaker)}'`)).length
    const { plan } = await box.pool.dropUnusedRoles()
    expect(plan.residue.filter((one) => one.role === caretaker)).toEqual([])
    expect(await isThere()).toBe(1)
    await box.admin(`drop table ${schema}.t`)
    const { plan: dropped } = await box.pool.dropUnusedRoles()
    expect(dropped.residue.filter((one) => one.role === caretaker)).toEqual([])
    expect(await isThere()).toBe(0)
  })

  test('what only a superuser can own, and what acts by itself, stays with its owner unless reassignOwnedTo names a role', async () => {
    const box = sandbox()
    if (box.server.version < 100000) return // there are no subscriptions and publications yet
    const [role, name] = [box.name('r'), box.name('x')]
    await box.run(`create role ${role} login`)
    await box.admin(`
      alter role ${role} superuser;
      create subscription ${name} connection 'dbname=nowhere' publication p with (connect = false, slot_name = none);
      create publication ${name} for all tables; create foreign data wrapper ${name};
      create function ${name}() returns event_trigger language plpgsql as 'begin end';
      create event trigger ${name} on ddl_command_end when tag in ('create cast') execute procedure ${name}();
      alter subscription ${name} owner to ${role}; alter publication ${name} owner to ${role};
      alter foreign data wrapper ${name} owner to ${role}; alter event trigger ${name} owner to ${role};
      alter role ${role} nosuperuser`)
    const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
    expect(plan.residue.map(({ reason, fact }) => [reason, 'object' in fact && fact.object.kind])).toEqual([
      ['acts as its owner', 'event trigger'],
      ['acts as its owner', 'foreign-data wrapper'],
      ['acts as its owner', 'publication'],
      ['acts as its owner', 'subscription'],
    ])
    expect(await box.run(`select rolcanlogin from pg_roles where rolname = '${role}'`)).toEqual([[false]])
    if (box.isSuperuser) {
      await box.sync({ role, grants: [] }, { reassignOwnedTo: box.actor })
      await box.run(`drop role ${role}`)
    }
    await box.admin(`drop event trigger ${name}; drop subscription ${name}`)
  })

  test('a view can still read a table that its owner loses together with it', async () => {
    const box = sandbox()
    const [role, reader, schema] = [box.name('r'), box.name('x'), box.name('s')]
    await box.run(`create role ${role}; create role ${reader}; create schema ${schema}`)
    await box.admin(`
      create table ${schema}.t (id int); create view ${schema}.v as select id from ${schema}.t;
      grant usage on schema ${schema} to ${reader}; grant select on ${schema}.v to ${reader};
      alter table ${schema}.t owner to ${role}; alter view ${schema}.v owner to ${role}`)
    await box.sync({ role, grants: [] })
    await box.as(reader, `select from ${schema}.v`)
    expect(await ownerOf(box, `${schema}.t`)).toBe(await ownerOf(box, `${schema}.v`))
  })

  test('a partitioned table that runs code when it is opened stays with its owner', async () => {
    const box = sandbox()
    if (box.server.version < 110000 || box.server.version >= 130000) return // it runs none, or is not partitioned so
    const [role, heir, schema] = [box.name('r'), box.name('h'), box.name('s')]
    await box.run(`create role ${role} login; create role ${heir}; create schema ${schema}`)
    await box.admin(`
      create table ${schema}.ran (who text); grant insert on ${schema}.ran to public;
      grant usage on schema ${schema} to public;
      create function ${schema}.note() returns int language plpgsql as
        'begin insert into ${schema}.ran values (current_user); return 0; end';
      create function ${schema}.zero(int) returns int language plpgsql immutable as
        'begin return case when current_user = ''${role}'' then 0 else ${schema}.note() end; end';
      grant create on schema ${schema} to ${role}; set role ${role};
      create table ${schema}.t (id int) partition by range ((id + ${schema}.zero(0)));
      reset role; revoke create on schema ${schema} from ${role}; truncate ${schema}.ran`)
    const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
    expect(plan.residue).toMatchObject([{ role, reason: 'not permitted' }])
    expect(plan.residue[0]?.message).toContain('opening table')
    const given = await box.plan({ role: heir, grants: [Grant.tableOwnership(schema, 't')] })
    expect(given.skipped).toMatchObject([{ role: heir, reason: 'not permitted' }])
    expect(await box.admin(`select who from ${schema}.ran`)).toEqual([])
    expect(await box.run(`select rolcanlogin from pg_roles where rolname = '${role}'`)).toEqual([[false]])
  })

  test('a privilege on a column that the old owner grants during the sync is noticed, or has no effect', async () => {
    const box = sandbox()
    const [role, friend, schema] = [box.name('r'), box.name('f'), box.name('s')]
    await box.run(`create role ${role}; create role ${friend}; create schema ${schema}`)
    await box.admin(`
      create table ${schema}.t (id int primary key, x int); alter table ${schema}.t owner to ${role};
      grant usage on schema ${schema} to ${role}, ${friend}`)
    const owner = new pg.Client(connectionTo(box.server, box.database))
    await owner.connect()
    try {
      await owner.query(`set role ${role}; begin; grant references (id) on ${schema}.t to ${friend}`)
      const syncing = box.pool.syncRoles({ role, grants: [] })
      await sleep(300)
      await owner.query('commit')
      await syncing
    } finally {
      await owner.end()
    }
    const refers = `select has_column_privilege('${friend}', '${schema}.t'::regclass::oid, 'id', 'REFERENCES')`
    if ((await box.admin(refers))[0]?.[0] === true)
      await expectToDoNothing(box, await ownerOf(box, `${schema}.t`))
    expect(
      await box.admin(
        `select from pg_attribute where attrelid = '${schema}.t'::regclass and attacl::text like '%/${role}%'`,
      ),
    ).toEqual([])
  })

  test('a table that gets code after the catalogs were read goes to a caretaker', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create schema ${schema}; create table ${schema}.t (id int)`)
    await box.admin(`alter table ${schema}.t owner to ${role}`)
    const owner = new pg.Client(connectionTo(box.server, box.database))
    await owner.connect()
    try {
      await owner.query(`begin; select from ${schema}.t`)
      const syncing = box.pool.syncRoles({ role, grants: [] })
      const goesOn = async () => (await Promise.race([syncing, sleep(10, 'goes on')])) === 'goes on'
      const waiting = `select from pg_locks where relation = '${schema}.t'::regclass and not granted`
      while (await goesOn()) if ((await box.run(waiting)).length > 0) break
      await owner.query(`create rule r as on insert to ${schema}.t do also select 1; commit`)
      await syncing
    } finally {
      await owner.end()
    }
    await expectToDoNothing(box, await ownerOf(box, `${schema}.t`))
  })
})
