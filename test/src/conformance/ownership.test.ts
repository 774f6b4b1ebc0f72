import { Grant, InvalidGrantError, ResidueError } from '@pgsr/node-postgres'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../harness/conformance.ts'
import { createFileServer } from '../../harness/foreign-table.ts'
import { ownerOf } from '../../harness/owner-of.ts'
import type { Sandbox } from '../../harness/sandbox.ts'
import { connectionTo } from '../../harness/servers.ts'

const schemaOwner = async ({ run }: Sandbox, schema: string): Promise<unknown> =>
  (await run(`select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = '${schema}'`))[0]?.[0]

const aclOf = async ({ run }: Sandbox, relation: string): Promise<readonly unknown[]> =>
  (await run(`select unnest(relacl)::text from pg_class where oid = '${relation}'::regclass order by 1`)).map(
    ([item]) => item,
  )

const code = (schema: string): string => `
  create function ${schema}.f(int) returns int language sql immutable as 'select $1';
  create function ${schema}.trigger() returns trigger language plpgsql as 'begin return new; end';
  create table ${schema}.parent (id int primary key);
`
const actor = (index: number): string => `actor_${String(index).padStart(2, '0')}`

conformanceInTurn('ownership', (sandbox) => {
  test('a schema is made for its owner, and other grants on it in the same call work', async () => {
    const box = sandbox()
    const [owner, reader, schema] = [box.name('o'), box.name('r'), box.name('s')]
    const { plan } = await box.sync([
      { role: reader, grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 'later')] },
      { role: owner, grants: [Grant.schemaOwnership(schema)] },
    ])
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['absent'])
    expect(await schemaOwner(box, schema)).toBe(owner)
    await box.as(owner, `create table ${schema}.made ()`)
    expect((await box.run(`select has_schema_privilege('${reader}', '${schema}', 'USAGE')`))[0]).toEqual([
      true,
    ])
  })

  test('a schema goes to whoever is to own it, and to the role that syncs when nobody is', async () => {
    const box = sandbox()
    const [a, b, schema] = [box.name('a'), box.name('b'), box.name('s')]
    await box.sync({ role: a, grants: [Grant.schemaOwnership(schema)] })
    await box.sync([
      { role: a, grants: [] },
      { role: b, grants: [Grant.schemaOwnership(schema)] },
    ])
    expect(await schemaOwner(box, schema)).toBe(b)
    await box.sync({ role: b, grants: [] })
    expect(await schemaOwner(box, schema)).toBe(box.actor)
    expect((await box.run(`select has_schema_privilege('${b}', '${schema}', 'USAGE')`))[0]).toEqual([false])
  })

  test('the default privileges of a new schema’s owner are an effect', async () => {
    const box = sandbox()
    if (box.server.version < 100000) return // there are none for schemas yet
    const [owner, third, schema] = [box.name('o'), box.name('t'), box.name('s')]
    await box.run(`create role ${owner}; create role ${third}`)
    await box.admin(`alter default privileges for role ${owner} grant usage on schemas to ${third}`)
    const { plan } = await box.sync({ role: owner, grants: [Grant.schemaOwnership(schema)] })
    expect(plan.effects).toMatchObject([{ role: third, change: 'gains', fact: { privilege: 'USAGE' } }])
    expect(plan.unmanaged).toMatchObject([{ role: owner, kind: 'default privileges' }])
  })

  test.for([
    ['which it had not', false],
    ['which it had', true],
  ] as const)('a table is owned without lasting CREATE on its schema, %s', async ([, hadCreate]) => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create schema ${schema}; create table ${schema}.t (id serial)`)
    if (hadCreate) await box.run(`grant create on schema ${schema} to ${role}`)
    await box.sync({
      role,
      grants: [
        Grant.tableOwnership(schema, 't'),
        ...(hadCreate ? [Grant.schemaCreate(schema, { direct: true })] : []),
      ],
    })
    expect(await ownerOf(box, `${schema}.t`)).toBe(role)
    expect(await ownerOf(box, `${schema}.t_id_seq`)).toBe(role)
    expect((await box.run(`select has_schema_privilege('${role}', '${schema}', 'CREATE')`))[0]).toEqual([
      hadCreate,
    ])
    await box.sync({ role, grants: [] })
    expect(await ownerOf(box, `${schema}.t`)).toBe(box.actor)
    expect(await ownerOf(box, `${schema}.t_id_seq`)).toBe(box.actor)
    await box.run(`drop role ${role}`)
  })

  test('the owner reads its table without a grant of its own, and asks for one in vain', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t ()`)
    await box.sync({
      role,
      grants: [Grant.schemaUsage(schema), Grant.tableOwnership(schema, 't'), Grant.tableSelect(schema, 't')],
    })
    await box.as(role, `select from ${schema}.t`)
    expect(await aclOf(box, `${schema}.t`)).toEqual([])
  })

  test('what the old owner had granted is the new owner’s, merged with what that had', async () => {
    const box = sandbox()
    const [role, reader, schema] = [box.name('o'), box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create role ${reader}`)
    await box.admin(
      `create schema ${schema} authorization ${role}; create table ${schema}.t (id int, v int); alter table ${schema}.t owner to ${role};
       grant select on ${schema}.t to ${reader}; grant update (v) on ${schema}.t to ${reader}`,
    )
    const { plan } = await box.sync({ role, grants: [] })
    expect(await aclOf(box, `${schema}.t`)).toContain(`${reader}=r/${box.actor}`)
    expect(plan.effects.map(({ change }) => change).sort()).toEqual(['gains', 'gains', 'loses', 'loses'])
    await box.run(`drop role ${role}`)
  })

  test('what was granted on the type of a table’s rows follows its owner too', async () => {
    const box = sandbox()
    const [role, heir, other, schema] = [box.name('o'), box.name('h'), box.name('b'), box.name('s')]
    await box.run(
      `create role ${role}; create role ${heir}; create role ${other}; create schema ${schema}; create table ${schema}.t (id int)`,
    )
    await box.admin(
      `alter table ${schema}.t owner to ${role}; grant usage on type ${schema}.t to ${other}, ${heir}`,
    )
    const { plan } = await box.sync([
      { role, grants: [] },
      { role: heir, grants: [Grant.tableOwnership(schema, 't')] },
    ])
    const ofOther = plan.effects.filter((effect) => effect.role === other)
    expect(
      ofOther.map(({ change, fact }) => [change, fact.kind === 'privilege' && fact.object.kind]),
    ).toEqual([
      ['loses', 'type'],
      ['gains', 'type'],
    ])
    await box.run(`drop role ${role}`)
  })

  test('two roles that are to own one thing are refused', async () => {
    const box = sandbox()
    const schema = box.name('s')
    const grants = [Grant.schemaOwnership(schema)]
    await expect(
      box.pool.syncRoles([
        { role: box.name('a'), grants },
        { role: box.name('b'), grants },
      ]),
    ).rejects.toBeInstanceOf(InvalidGrantError)
    expect(await schemaOwner(box, schema)).toBeUndefined()
  })

  test('a view that would read with the rights of whoever syncs stays with its author', async () => {
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

    await expect(box.pool.syncRoles({ role: author, grants })).rejects.toBeInstanceOf(ResidueError)
    const { plan } = await box.sync({ role: author, grants }, { onResidue: 'report' })
    expect(plan.residue).toMatchObject([{ role: author, reason: 'acts as its owner' }])
    expect(plan.residue[0]?.message).toContain(`it would run as "${box.actor}"`)
    expect(await ownerOf(box, `${schema}.peek`)).toBe(author)
    await expect(peek()).rejects.toThrow('permission denied')

    const keeper = box.name('k')
    await box.run(`create role ${keeper}`)
    await box.sync({ role: author, grants }, { reassignOwnedTo: keeper })
    expect(await ownerOf(box, `${schema}.peek`)).toBe(keeper)
    await expect(peek()).rejects.toThrow('permission denied')
  })

  const actors: readonly (readonly [string, number, (name: string, schema: string) => string])[] = [
    ['a view', 90600, (name) => `create view ${name} as select 1 as x`],
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
      'a table with an index expression of its own code',
      90600,
      (name, schema) => `create table ${name} (x int); create index on ${name} (${schema}.f(x))`,
    ],
    [
      'a table with an index predicate of its own code',
      90600,
      (name, schema) => `create table ${name} (x int); create index on ${name} (x) where ${schema}.f(x) > 1`,
    ],
    [
      'a table with statistics on its own code',
      140000,
      (name, schema) =>
        `create table ${name} (x int); create statistics ${name}_stats on (${schema}.f(x)), x from ${name}`,
    ],
    [
      'a table with a foreign key with an action',
      90600,
      (name, schema) =>
        `create table ${name} (x int references ${schema}.parent on delete cascade check (${schema}.f(x) > 0))`,
    ],
    [
      'a table with a foreign key on a type of its own',
      90600,
      (name, schema) => `create type ${schema}.key as enum ('a');
        create function ${schema}.cast(${schema}.key) returns int language sql immutable as 'select 1';
        create cast (${schema}.key as int) with function ${schema}.cast(${schema}.key) as implicit;
        create table ${name} (x ${schema}.key references ${schema}.parent)`,
    ],
    [
      'a table that such a foreign key refers to',
      90600,
      (name, schema) => `create table ${name} (id int primary key);
        create table ${schema}.referring (x ${schema}.key references ${name})`,
    ],
    [
      'a table that others may refer to',
      90600,
      (name) => `create table ${name} (id int primary key); grant references (id) on ${name} to public`,
    ],
    [
      'a table with a trigger that fires for replication',
      90600,
      (name, schema) => `create table ${name} (x int);
        create trigger t before insert on ${name} for each row execute procedure ${schema}.trigger();
        alter table ${name} enable always trigger t`,
    ],
    [
      'a table that a subscription changes',
      160000,
      (name, schema) => `create table ${name} (x int check (${schema}.f(x) > 0));
        create subscription ${schema}_sub connection 'dbname=nowhere' publication p with (connect = false, slot_name = none);
        insert into pg_subscription_rel (srsubid, srrelid, srsubstate)
        select oid, '${name}'::regclass, 'i' from pg_subscription where subname = '${schema}_sub'`,
    ],
    [
      'a table with a column of a range type of its own',
      90600,
      (
        name,
        schema,
      ) => `create function ${schema}.diff(int, int) returns float8 language sql immutable as 'select 1.0::float8';
        create type ${schema}.range as range (subtype = int, subtype_diff = ${schema}.diff);
        create table ${name} (x ${schema}.range)`,
    ],
    [
      'a table whose index reaches into an array of such a type',
      90600,
      (name, schema) => `create table ${name} (x ${schema}.range[]); create index on ${name} ((x[1]))`,
    ],
  ]

  test('what acts with its owner’s rights stays, each of its kinds', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    const made = actors.filter(([, since]) => box.server.version >= since)
    await box.run(`create role ${role}; create schema ${schema}; ${code(schema)}`)
    for (const [index, [, , create]] of made.entries()) {
      const name = `${schema}.${actor(index)}`
      await box.admin(create(name, schema))
      await box.admin(`alter table ${name} owner to ${role}`)
    }
    const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
    const stayed = plan.residue.map(({ fact }) => (fact.kind === 'ownership' ? fact.object.name[1] : ''))
    const expected = made.map((_, index) => actor(index))
    expect(stayed.map((name) => made[Number(name?.split('_')[1])]?.[0])).toEqual(made.map(([what]) => what))
    expect(stayed).toEqual(expected)
    for (const name of expected) expect(await ownerOf(box, `${schema}.${name}`)).toBe(role)
    await box.sync({ role, grants: [] }, { reassignOwnedTo: box.actor })
    await box.run(`drop role ${role}`)
  })

  test('what does not act with its owner’s rights is moved', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    const harmless = [
      `create table ${schema}.harmless_1 (x int primary key, y text)`,
      `create table ${schema}.harmless_2 (x text); create index on ${schema}.harmless_2 (lower(x)) where x > 'a'`,
      `create table ${schema}.harmless_3 (x int references ${schema}.parent);
       create trigger t before insert on ${schema}.harmless_3 for each row execute procedure ${schema}.trigger()`,
      `create type ${schema}.mood as enum ('ok'); create table ${schema}.harmless_4 (x ${schema}.mood, y ${schema}.mood[])`,
      ...(box.server.version >= 150000
        ? [`create view ${schema}.harmless_5 with (security_invoker) as select 1 as x`]
        : []),
    ]
    await box.run(`create role ${role}; create schema ${schema}; ${code(schema)}`)
    for (const [index, create] of harmless.entries()) {
      await box.run(create)
      await box.admin(`alter table ${schema}.harmless_${index + 1} owner to ${role}`)
    }
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
  })

  test('what becomes dangerous between the look and the move is moved back', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create schema ${schema}; create table ${schema}.t (id int)`)
    await box.admin(`alter table ${schema}.t owner to ${role}`)
    const owner = new pg.Client(connectionTo(box.server, box.database))
    await owner.connect()
    try {
      await owner.query(`begin; select from ${schema}.t`)
      const syncing = box.pool.syncRoles({ role, grants: [] }).catch((error: unknown) => error)
      const goesOn = async () => (await Promise.race([syncing, sleep(10, 'goes on')])) === 'goes on'
      const waiting = `select from pg_locks where relation = '${schema}.t'::regclass and not granted`
      while (await goesOn()) if ((await box.run(waiting)).length > 0) break
      await owner.query(`create rule r as on insert to ${schema}.t do also select 1; commit`)
      expect(await syncing).toBeInstanceOf(ResidueError)
    } finally {
      await owner.end()
    }
    expect(await ownerOf(box, `${schema}.t`)).toBe(role)
  })
})
