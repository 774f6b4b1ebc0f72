import { type DirectOption, Grant, ResidueError, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import { createForeignTable } from '../../../harness/sandbox/foreign-table.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const may = async (
  { run }: Sandbox,
  kind: 'database' | 'schema' | 'table',
  role: string,
  object: string,
  privilege: string,
): Promise<unknown> =>
  (await run(`select has_${kind}_privilege('${role}', '${object}', '${privilege}')`))[0]?.[0]

/** How many roles an object’s own ACL names, its owner and PUBLIC apart. */
const grantees = async ({ run }: Sandbox, catalog: string, where: string): Promise<readonly unknown[]> => {
  const [owner, acl] = catalog === 'pg_namespace' ? ['nspowner', 'nspacl'] : ['datdba', 'datacl']
  const rows = await run(
    `select pg_get_userbyid(i.grantee)::text from ${catalog} as o, aclexplode(o.${acl}) as i
     where ${where} and i.grantee not in (0, o.${owner}) order by 1`,
  )
  return rows.map(([name]) => name)
}

const ways: readonly (readonly [string, DirectOption])[] = [
  ['through an intermediate role', {}],
  ['directly', { direct: true }],
]

const setUpTables = async (box: Sandbox, schema: string): Promise<void> => {
  await box.run(`
    create schema ${schema};
    create table ${schema}.plain (id int, secret text);
    create view ${schema}.seen as select 1 as x;
    create materialized view ${schema}.stored as select 1 as x;
    ${box.server.version >= 100000 ? `create table ${schema}.parted (id int) partition by list (id)` : `create table ${schema}.parted (id int)`};
  `)
  await createForeignTable(box, `${schema}.distant`)
}

conformanceInTurn('privilege', (sandbox) => {
  test.for(ways)('CONNECT on a database is granted and revoked %s', async ([, option]) => {
    const box = sandbox()
    const role = box.name('r')
    await box.run(`revoke connect, temporary on database ${box.database} from public`)
    await box.sync({ role, grants: [Grant.databaseConnect(box.database, option)] })
    expect(await may(box, 'database', role, box.database, 'CONNECT')).toBe(true)
    expect(await may(box, 'database', role, box.database, 'CREATE')).toBe(false)
    expect((await grantees(box, 'pg_database', `datname = '${box.database}'`)).includes(role)).toBe(
      option.direct === true,
    )
    await box.sync({ role, grants: [] })
    expect(await may(box, 'database', role, box.database, 'CONNECT')).toBe(false)
  })

  test('every privilege on the database that is not asked for is revoked', async () => {
    const box = sandbox()
    const role = box.name('r')
    await box.run(`create role ${role}; grant all on database ${box.database} to ${role} with grant option`)
    await box.sync({ role, grants: [Grant.databaseConnect(box.database, { direct: true })] })
    expect(await grantees(box, 'pg_database', `datname = '${box.database}'`)).toContain(role)
    expect(await may(box, 'database', role, box.database, 'CONNECT WITH GRANT OPTION')).toBe(false)
    expect(await may(box, 'database', role, box.database, 'CREATE')).toBe(false)
  })

  test.for(ways)('USAGE and CREATE on a schema are granted and revoked %s', async ([, option]) => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    await box.sync({
      role,
      grants: [Grant.schemaUsage(schema, option), Grant.schemaCreate(schema, option)],
    })
    await box.as(role, `create table ${schema}.made ()`)
    const named = await grantees(box, 'pg_namespace', `nspname = '${schema}'`)
    expect(named.includes(role)).toBe(option.direct === true)

    await box.sync({ role, grants: [Grant.schemaUsage(schema, option)] })
    expect(await may(box, 'schema', role, schema, 'USAGE')).toBe(true)
    await expect(box.as(role, `create table ${schema}.made ()`)).rejects.toThrow('permission denied')

    await box.sync({ role, grants: [] })
    expect(await may(box, 'schema', role, schema, 'USAGE')).toBe(false)
  })

  test('privileges on the schema public are granted and revoked', async () => {
    const box = sandbox()
    const role = box.name('r')
    await box.admin('revoke all on schema public from public')
    const grants = [Grant.schemaUsage('public'), Grant.schemaCreate('public', { direct: true })]
    if (box.isSuperuser || box.server.version >= 150000) {
      await box.sync({ role, grants })
      await box.as(role, 'create table public.made ()')
      await box.sync({ role, grants: [] })
    } else {
      // Before 15 it is not the database owner’s but the bootstrap superuser’s.
      await expect(box.pool.syncRoles({ role, grants })).rejects.toBeInstanceOf(ResidueError)
      const { plan } = await box.sync({ role, grants }, { onResidue: 'report' })
      expect(plan.skipped.map(({ reason }) => reason)).toEqual(['not permitted', 'not permitted'])
    }
    expect(await may(box, 'schema', role, 'public', 'USAGE')).toBe(false)
    await box.run(`drop role ${role}`)
  })

  test('a pattern matches no type on which PostgreSQL grants nothing', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(
      `create schema ${schema}; create type ${schema}.span as range (subtype = int); create table ${schema}.t ()`,
    )
    await box.admin(`create type ${schema}.shell`)
    const { plan } = await box.sync({
      role,
      grants: [
        Grant.privilege(Target.type(schema, /./), ['USAGE'], { direct: true }),
        Grant.privilege(Target.type(schema, '_span'), ['USAGE']),
      ],
    })
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['absent'])
    expect((await box.admin(`select has_type_privilege('${role}', '${schema}.span', 'USAGE')`))[0]).toEqual([
      true,
    ])
    await box.sync({ role, grants: [] })
  })

  test('many roles share one intermediate role', async () => {
    const box = sandbox()
    const schema = box.name('s')
    const roles = [box.name('a'), box.name('b'), box.name('c')]
    await box.run(`create schema ${schema}`)
    await box.sync(roles.slice(0, 2).map((role) => ({ role, grants: [Grant.schemaUsage(schema)] })))
    await box.sync({ role: roles[2]!, grants: [Grant.schemaUsage(schema)] })
    for (const role of roles) expect(await may(box, 'schema', role, schema, 'USAGE')).toBe(true)
    const named = await grantees(box, 'pg_namespace', `nspname = '${schema}'`)
    expect(named).toEqual([expect.stringMatching(/^_pgsr_local_\d+_schema_usage_[0-9a-f]{8}$/)])

    await box.sync({ role: roles[0]!, grants: [] })
    expect(await may(box, 'schema', roles[0]!, schema, 'USAGE')).toBe(false)
    expect(await may(box, 'schema', roles[1]!, schema, 'USAGE')).toBe(true)
  })

  test('a privilege held directly but asked for indirectly is replaced, and the reverse; asked for in both ways, it is held in both', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    const held = async (): Promise<readonly [direct: boolean, indirect: boolean]> => {
      const direct = await box.run(
        `select from pg_namespace, aclexplode(nspacl) where nspname = '${schema}' and grantee = '${role}'::regrole`,
      )
      const indirect = await box.run(`select from pg_auth_members where member = '${role}'::regrole`)
      return [direct.length > 0, indirect.length > 0]
    }
    const [direct, indirect] = [Grant.schemaUsage(schema, { direct: true }), Grant.schemaUsage(schema)]
    for (const [grants, expected] of [
      [[direct], [true, false]],
      [[indirect], [false, true]],
      [
        [direct, indirect],
        [true, true],
      ],
      [[direct], [true, false]],
    ] as const) {
      await box.sync({ role, grants })
      expect(await held()).toEqual(expected)
    }
  })

  const tables = ['plain', 'seen', 'stored', 'distant', 'parted']

  test.for(ways)('SELECT on every kind of table is granted and revoked %s', async ([, option]) => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await setUpTables(box, schema)
    await box.sync({
      role,
      grants: [Grant.schemaUsage(schema), ...tables.map((table) => Grant.tableSelect(schema, table, option))],
    })
    for (const table of tables) {
      await box.as(role, `select * from ${schema}.${table}`)
      expect(await may(box, 'table', role, `${schema}.${table}`, 'INSERT')).toBe(false)
    }
    await box.sync({
      role,
      grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 'plain', option)],
    })
    await box.as(role, `select * from ${schema}.plain`)
    for (const table of tables.slice(1))
      await expect(box.as(role, `select * from ${schema}.${table}`)).rejects.toThrow('permission denied')
  })

  test('a pattern stands for what it matches when the plan is made, also after JSON', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(
      `create schema ${schema}; create table ${schema}.orders_1 (); create table ${schema}.old_orders_2 ();
       create table ${schema}."ORDERS_3" (); create sequence ${schema}.orders_4`,
    )
    const readable = async (): Promise<readonly unknown[]> => {
      const rows = await box.run(
        `select relname::text from pg_class where relnamespace = '${schema}'::regnamespace and relkind = 'r'
         and has_table_privilege('${role}', oid, 'SELECT') order by 1`,
      )
      return rows.map(([name]) => name)
    }
    const ask = (pattern: RegExp | { source: string; flags?: string }) =>
      box.sync({ role, grants: [Grant.tableSelect(schema, pattern)] })
    await ask(/^orders_/)
    expect(await readable()).toEqual(['orders_1'])
    await ask(/orders/)
    expect(await readable()).toEqual(['old_orders_2', 'orders_1'])
    await ask({ source: '^orders', flags: 'i' })
    expect(await readable()).toEqual(['ORDERS_3', 'orders_1'])
    await box.run(`create table ${schema}.orders_5 (); alter table ${schema}.orders_1 rename to gone`)
    await ask(/^orders_/)
    expect(await readable()).toEqual(['orders_5'])
  })

  test('after two tables have swapped names, a sync grants on the table that has the name now', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.live (); create table ${schema}.next ()`)
    await box.sync({ role, grants: [Grant.tableSelect(schema, 'live')] })
    await box.run(`alter table ${schema}.live rename to old; alter table ${schema}.next rename to live`)
    await box.sync({ role, grants: [Grant.tableSelect(schema, 'live')] })
    expect(await may(box, 'table', role, `${schema}.live`, 'SELECT')).toBe(true)
    expect(await may(box, 'table', role, `${schema}.old`, 'SELECT')).toBe(false)
  })

  test('every privilege on tables and columns that is not asked for is revoked, and every grant option', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await setUpTables(box, schema)
    await box.run(
      `create role ${role}; grant all on all tables in schema ${schema} to ${role} with grant option;
       grant select (id), update (id, secret), references (secret) on ${schema}.plain to ${role} with grant option;
       grant select (x) on ${schema}.seen to ${role}; grant all on schema ${schema} to ${role}`,
    )
    await box.sync({ role, grants: [Grant.tableSelect(schema, 'plain', { direct: true })] })
    expect([...(await box.holdings([role]))].filter((thing) => thing.startsWith(`${role}: `)).sort()).toEqual(
      [`${role}: is there`, `${role}: select on table ${schema}.plain by ${box.actor}`],
    )
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
  })

  test('SELECT on a column stays when SELECT on the table is revoked, but only if it is asked for', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('o'), box.name('s')]
    await setUpTables(box, schema)
    await box.run(
      `create role ${role}; create role ${other}; grant select on ${schema}.plain to ${role}, ${other};
       grant select (id) on ${schema}.plain to ${role}, ${other}`,
    )
    await box.sync({ role, grants: [] })
    expect(await may(box, 'table', other, `${schema}.plain`, 'SELECT')).toBe(true)
    await expect(box.as(role, `select id from ${schema}.plain`)).rejects.toThrow('permission denied')
  })

  test('privileges of PUBLIC are not revoked', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(
      `create schema ${schema}; create table ${schema}.t (); grant select on ${schema}.t to public`,
    )
    await box.sync({ role, grants: [Grant.schemaUsage(schema)] })
    await box.as(role, `select from ${schema}.t`)
    await box.sync({ role, grants: [] })
    expect(await may(box, 'table', role, `${schema}.t`, 'SELECT')).toBe(true)
  })

  test('an intermediate role that holds more than its name says is not used', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    const impostor =
      '_pgsr_local_1_table_select_' +
      Math.floor(Math.random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0')
    await box.run(
      `create schema ${schema}; create table ${schema}.t (); create table ${schema}.secret (); create role ${impostor};
       grant select on ${schema}.t, ${schema}.secret to ${impostor}`,
    )
    await box.sync({ role, grants: [Grant.tableSelect(schema, 't')] })
    expect(await may(box, 'table', role, `${schema}.t`, 'SELECT')).toBe(true)
    expect(await may(box, 'table', role, `${schema}.secret`, 'SELECT')).toBe(false)
    await box.admin(`drop owned by ${impostor}; drop role ${impostor}`)
  })

  test('privileges in another database stay as they are', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    const elsewhere = `${box.database}_${schema}`
    await box.run(`create schema ${schema}`)
    await box.admin(`create database ${elsewhere} owner ${box.actor}`)
    const there = box.driver.pool(box.connection, elsewhere)
    try {
      await there.run(`create schema ${schema}`)
      const grants = [Grant.schemaUsage(schema)]
      await there.syncRoles({ role, grants })
      await box.sync({ role, grants })
      await box.sync({ role, grants: [] })
      expect(await may(box, 'schema', role, schema, 'USAGE')).toBe(false)
      expect((await there.planRoles({ role, grants })).transactions).toEqual([])
      await there.syncRoles({ role, grants: [] })
    } finally {
      await there.end()
    }
    await box.run(`drop database ${elsewhere}`)
  })
})
