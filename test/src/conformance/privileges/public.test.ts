import { Grant, InvalidGrantError, type PublicGrant, renderSql, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** Everything that PUBLIC has, but on what belongs to PostgreSQL. */
const ofPublic = async (box: Sandbox): Promise<readonly string[]> =>
  [...(await box.holdings([]))].flatMap((line) => (line.startsWith('PUBLIC: ') ? [line.slice(8)] : [])).sort()

/** Makes a schema in which PUBLIC has something on everything, and gives back its name. */
const openToAll = async (box: Sandbox): Promise<string> => {
  const schema = box.name('s')
  await box.run(`
    create schema ${schema}; grant usage, create on schema ${schema} to public;
    create table ${schema}.t (a int, b int); create table ${schema}.u (a int); create sequence ${schema}.q;
    create function ${schema}.f() returns int language sql as 'select 1';
    create function ${schema}.g() returns int language sql as 'select 1';
    create type ${schema}.mood as enum ('fine'); create type ${schema}.kind as enum ('one');
    grant select, insert on ${schema}.t, ${schema}.u to public; grant update (a, b) on ${schema}.t to public;
    grant usage on sequence ${schema}.q to public`)
  return schema
}

conformanceAround16('public', (sandbox) => {
  test('PUBLIC has exactly what is listed where it is named, and everything else as before', async () => {
    const box = sandbox()
    const [schema, role] = [await openToAll(box), box.name('r')]
    const listed: readonly PublicGrant[] = [
      Grant.privilege(Target.schema(schema), []),
      Grant.schemaUsage(schema),
      Grant.privilege(Target.table(schema, 't'), ['SELECT', 'DELETE']),
      Grant.privilege(Target.table(schema, 't', { columns: ['b'] }), []),
      // Nobody has revoked what PostgreSQL gives.
      Grant.privilege(Target.function(schema, 'f'), []),
      Grant.privilege(Target.type(schema, 'mood'), []),
      Grant.privilege(Target.allSequences(schema), []),
      Grant.privilege(Target.database(box.database), ['CONNECT']),
    ]
    const before = await ofPublic(box)
    await box.sync({ role, grants: [] }, { public: listed })
    const after = await ofPublic(box)

    const by = `by ${box.actor}`
    expect(before.filter((line) => !after.includes(line))).toEqual(
      [
        `create on schema ${schema} ${by}`,
        `execute on function ${schema}.f() ${by}`,
        `insert on table ${schema}.t ${by}`,
        `temporary on database ${box.database} ${by}`,
        `update on column ${schema}.t.b ${by}`,
        `usage on sequence ${schema}.q ${by}`,
        `usage on type ${schema}.mood ${by}`,
      ].sort(),
    )
    expect(after.filter((line) => !before.includes(line))).toEqual([`delete on table ${schema}.t ${by}`])
    const [mays] = await box.admin(`
      select has_function_privilege('${role}', '${schema}.f()', 'EXECUTE'), has_function_privilege('${role}', '${schema}.g()', 'EXECUTE'),
        has_column_privilege('${role}', '${schema}.t', 'a', 'UPDATE'), has_column_privilege('${role}', '${schema}.t', 'b', 'UPDATE')`)
    expect(mays).toEqual([false, true, true, false])
  })

  test('what PUBLIC has is revoked whoever granted it, and a column keeps what goes with its table', async () => {
    const box = sandbox()
    const [schema, grantor] = [await openToAll(box), box.name('g')]
    await box.run(`
      create role ${grantor}; grant usage on schema ${schema} to ${grantor};
      grant select on ${schema}.u to ${grantor} with grant option; grant select (a) on ${schema}.u to public`)
    await box.admin(`set role ${grantor}; grant select on ${schema}.u to public; reset role`)
    const options = { public: [Grant.privilege(Target.table(schema, 'u'), [])] }
    const { plan } = await box.sync([], options)
    expect((await ofPublic(box)).filter((line) => line.includes(`${schema}.u`))).toEqual([
      `select on column ${schema}.u.a by ${box.actor}`,
    ])
    expect(renderSql(plan)).toContain(
      `-- effect: PUBLIC, and so every role, loses INSERT on table "${schema}"."u", granted by "${box.actor}"`,
    )
    expect((await box.pool.syncRoles([], options)).changed).toBe(false)
  })

  test('PUBLIC has exactly what is listed of future objects', async () => {
    const box = sandbox()
    const [schema, owner] = [await openToAll(box), box.name('o')]
    await box.run(`create role ${owner}; grant all on schema ${schema} to ${owner}`)
    await box.admin(
      `alter default privileges for role ${owner} in schema ${schema} grant insert on tables to public`,
    )
    const future = (on: 'tables' | 'functions', privileges: never[], where = {}): PublicGrant =>
      Grant.defaultPrivilege({ owner, on, ...where }, privileges)
    const { plan } = await box.sync([], {
      public: [future('functions', []), future('tables', ['SELECT' as never], { schema })],
    })
    expect(plan.effects.map(({ role, change }) => [role, change])).toEqual([
      ['public', 'loses'],
      ['public', 'loses'],
      ['public', 'gains'],
    ])
    await box.admin(`set role ${owner}; create table ${schema}.new (); create type ${schema}.new_type as enum ();
      create function ${schema}.new() returns int language sql as 'select 1'; reset role`)
    const has = (await ofPublic(box)).filter((line) => line.includes(`${schema}.new`))
    expect(has).toEqual([
      `select on table ${schema}.new by ${owner}`,
      ...(has.some((line) => line.includes('type')) ? [`usage on type ${schema}.new_type by ${owner}`] : []),
    ])
    await box.sync([], {
      public: [future('functions', ['EXECUTE' as never]), future('tables', [], { schema })],
    })
    expect((await ofPublic(box)).filter((line) => line.includes(` of ${owner}`))).toEqual([])
  })

  test('what does not exist is skipped, and what PUBLIC cannot have is refused', async () => {
    const box = sandbox()
    const { plan } = await box.sync([], { public: [Grant.privilege(Target.table('nowhere', 't'), [])] })
    expect(plan.skipped.map(({ role, reason, message }) => [role, reason, message])).toEqual([
      [
        'public',
        'absent',
        'cannot grant no privilege on table "nowhere"."t" directly to PUBLIC: schema "nowhere" does not exist',
      ],
    ])
    for (const grant of [
      Grant.roleMembership('g'),
      Grant.privilege(Target.table('s', 't'), ['SELECT'], { direct: true, grantable: true }),
    ])
      await expect(box.pool.syncRoles([], { public: [grant as never] })).rejects.toBeInstanceOf(
        InvalidGrantError,
      )
  })
})
