import { isIntermediateName } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { inWorkplacesApart, sample } from '../../harness/command/in-each.ts'

inWorkplacesApart((place) => {
  test('from nothing to a policy that a database is held to', async () => {
    const { pgsr, sql, write, read, name, database } = place()
    const [reporting, erin, analyst] = [name('reporting'), name('erin'), name('analyst')]
    const may = async (role: string, table: string): Promise<unknown> =>
      (await sql(`select has_table_privilege('${role}', '${table}', 'SELECT')`))[0]?.[0]
    await sql(`${sample}
      create role ${reporting}; create role ${erin} login; grant ${reporting} to ${erin};
      grant usage on schema sales to ${reporting};
      grant select on all tables in schema sales to ${reporting};
      grant update on sales.customers to ${erin}`)

    expect(await pgsr(['init'])).toMatchObject({ code: 0, stdout: 'wrote pgsr.yaml\n' })
    expect(await pgsr(['plan'])).toMatchObject({ code: 0 })

    const roles = ['--role', reporting, '--role', erin]
    expect(await pgsr(['import', ...roles, '--out', 'pgsr.yaml'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--force writes over it') as string,
    })
    const imported = await pgsr(['import', ...roles, '--out', 'pgsr.yaml', '--force'])
    expect(imported).toMatchObject({
      code: 0,
      stdout: `wrote pgsr.yaml: 2 roles of database "${database}"\n`,
      stderr: expect.stringContaining('a plan for it finds nothing to do\n') as string,
    })
    const described = await read('pgsr.yaml')
    expect(described).toContain(`  ${reporting}:\n    access: { sales: readOnly }\n`)
    expect((await pgsr(['import', ...roles, '--quiet'])).stdout).toBe(described)

    expect(await pgsr(['plan', '--quiet'])).toEqual({
      code: 0,
      stdout: `database "${database}": nothing to do\n\nin sync: nothing differs\n`,
      stderr: '',
    })

    await write(
      'pgsr.yaml',
      `${described.trimEnd()}\n\n  ${analyst}:\n    memberOf: [${reporting}]\n    grants:\n      - { privileges: [SELECT], tables: employees, schema: hr }\n`,
    )
    const lines = (await read('pgsr.yaml')).split('\n')
    const at = (text: string): string => `pgsr.yaml:${lines.findIndex((line) => line.includes(text)) + 1}`
    const planned = await pgsr(['plan'])
    expect(planned.code).toBe(2)
    expect(planned.stdout).toContain(
      `role "${analyst}"\n  + membership in role "${reporting}"  ${at(`memberOf: [${reporting}]`)}\n` +
        `  + SELECT on table "hr"."employees"  ${at('tables: employees')}\n`,
    )
    expect(await sql(`select from pg_roles where rolname = '${analyst}'`)).toEqual([])

    const applied = await pgsr(['apply', '--yes'])
    expect(applied.code).toBe(0)
    expect(applied.stdout).toMatch(/\ndone: \d+ operations in database /)
    expect(applied.stderr).toContain('proved: the catalogs say what the plan predicts\ncommitted\n')
    expect(await may(analyst, 'hr.employees')).toBe(true)
    expect(await may(analyst, 'sales.orders_2026')).toBe(true)

    expect((await pgsr(['check'])).code).toBe(0)
    await sql(`grant delete on sales.customers to ${reporting}; revoke ${reporting} from ${erin}`)
    const checked = await pgsr(['check'])
    expect(checked.code).toBe(2)
    expect(checked.stdout).toContain(
      `role "${reporting}"\n  - DELETE on table "sales"."customers"  ${at(`  ${reporting}:`)}\n`,
    )
    expect(checked.stdout).toContain(`  + membership in role "${reporting}"`)

    expect((await pgsr(['apply', '--yes', '--quiet'])).code).toBe(0)
    expect((await pgsr(['check'])).code).toBe(0)

    const owned = async (): Promise<readonly string[]> =>
      (
        await sql(`select rolname::text from pg_roles as r where exists (
        select from pg_auth_members as m join pg_roles as a on a.oid = m.member
        where m.roleid = r.oid and a.rolname = '${analyst}')`)
      )
        .map(([role]) => role as string)
        .filter(isIntermediateName)
    const intermediate = await owned()
    expect(intermediate).toHaveLength(1)
    await write('pgsr.yaml', `pgsr: 1\nroles:\n  ${analyst}: {}\n`)
    expect((await pgsr(['apply', '--yes'])).code).toBe(0)
    expect(await may(analyst, 'hr.employees')).toBe(false)
    const pruned = await pgsr(['prune', '--yes'])
    expect(pruned).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`- role "${intermediate[0]}"\n`) as string,
    })
    expect(await sql(`select from pg_roles where rolname = '${intermediate[0]}'`)).toEqual([])
    expect((await pgsr(['check'])).code).toBe(0)
  })
  test('what is imported means no more than what is there, and says where it would', async () => {
    const { pgsr, sql, write, read, name, database } = place()
    const [one, several] = [name('one'), name('several')]
    const roles = ['--role', one, '--role', several]
    await sql(`revoke create on schema public from public;
      create schema single; create table single.only ();
      create schema many; create table many.first (); create table many.second ();
      create role ${one}; create role ${several};
      grant usage on schema single to ${one}; grant select, insert on single.only to ${one};
      grant usage on schema many to ${several}; grant select on all tables in schema many to ${several}`)
    const first = await pgsr(['import', ...roles])
    expect(first.stdout).toContain(
      `  ${one}:\n    grants:\n` +
        '      - { privileges: USAGE, schemas: single, direct: true }\n' +
        '      - { privileges: [ SELECT, INSERT ], tables: only, schema: single, direct: true }\n',
    )
    expect(first.stdout).toContain('# A profile in access, and all, stand for everything in the schema')
    expect(first.stdout).toContain(`  ${several}:\n    access: { many: readOnly }\n`)
    expect(`${first.stdout}${first.stderr}`).not.toContain('PUBLIC')
    expect((await pgsr(['import', '--role', one])).stdout).not.toContain('A profile in access')

    await sql(`
      grant usage on schema many to public; grant select on many.first to public; grant insert on many.second to public;
      grant select on single.only to public; grant create on schema public to public;
      grant create on database ${database} to public; create function many.f() returns int language sql as 'select 1'`)
    const second = await pgsr(['import', ...roles, '--out', 'public.yaml'])
    expect(second.stderr).toContain('PUBLIC, and so every role, has more than a new database')
    expect(second.stderr).toContain('a plan for it finds nothing to do\n')
    const commented = await read('public.yaml')
    const block =
      /# public:\n(?:#  .*\n)+/.exec(commented)?.[0].replaceAll(/^# /gm, '') ?? 'there is no such comment'
    expect(block).toBe(`public:
  schemas: { many: [ USAGE ], public: [ USAGE, CREATE ] }
  grants:
    - { privileges: [ CREATE, CONNECT, TEMPORARY ], databases: ${database} }
    - { privileges: [ SELECT ], tables: first, schema: many }
    - { privileges: [ INSERT ], tables: second, schema: many }
    - { privileges: [ SELECT ], tables: only, schema: single }
`)
    await write('public.yaml', `${commented}\n${block}`)
    expect(await pgsr(['check', 'public.yaml', '--quiet'])).toMatchObject({ code: 0 })
    await write(
      'public.yaml',
      `${commented}\n${block.replace('[ SELECT ], tables: only', '[], tables: only')}`,
    )
    const planned = await pgsr(['plan', 'public.yaml', '--quiet'])
    const line = (await read('public.yaml')).split('\n').indexOf('public:') + 1
    expect(planned).toMatchObject({ code: 2 })
    expect(planned.stdout).toContain(
      `PUBLIC, and so every role\n  - SELECT on table "single"."only"  public.yaml:${line}\n`,
    )
  })
  test('roles with LOGIN or SUPERUSER that the policy does not name are said', async () => {
    const { pgsr, sql, write, name } = place()
    const [alice, bob, eve, group] = [name('alice'), name('bob'), name('eve'), name('group')]
    await sql(`create role ${alice} login; create role ${group}`)
    const others = await sql(
      `select rolname::text from pg_roles where rolcanlogin and oid <> 10 and rolname <> '${alice}'`,
    )
    for (const [other] of others) await sql(`alter role ${String(other)} nologin`)
    await write('named.yaml', `pgsr: 1\nroles: { ${alice}: { login: true } }\n`)
    const all = await pgsr(['check', 'named.yaml'])
    expect(all.code).toBe(0)
    expect(all.stderr).not.toContain('note: ')

    await sql(`create role ${bob} login; create role ${eve} superuser`)
    const note = `note: 2 roles with LOGIN or SUPERUSER are not in the policy, and are compared with nothing: "${eve}" (superuser), "${bob}"\n`
    for (const command of ['check', 'plan']) {
      const told = await pgsr([command, 'named.yaml'])
      expect(told.code).toBe(0)
      expect(told.stderr.endsWith(note)).toBe(true)
      expect(told.stdout).not.toContain(eve)
    }
    await write('named.yaml', `pgsr: 1\nroles: { ${alice}: { login: true } }\nabsent: [${bob}]\n`)
    expect((await pgsr(['check', 'named.yaml'])).stderr).toContain(
      `note: 1 role with LOGIN or SUPERUSER is not in the policy, and is compared with nothing: "${eve}" (superuser)\n`,
    )
    expect((await pgsr(['check', 'named.yaml', '--quiet'])).stderr).toBe('')
    await write('named.yaml', `pgsr: 1\nmanages: { schemas: [public] }\nroles: { ${alice}: {} }\n`)
    expect((await pgsr(['check', 'named.yaml'])).stderr).not.toContain('note: ')
  })
})
