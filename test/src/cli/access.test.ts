import { expect, test } from 'vitest'
import { inWorkplacesApart, sample } from '../../harness/command/in-each.ts'

inWorkplacesApart((place) => {
  let names: { readonly alice: string; readonly readers: string; readonly stranger: string }

  test('there are roles and tables', async () => {
    const { sql, name } = place()
    names = { alice: name('alice'), readers: name('readers'), stranger: name('stranger') }
    const { alice, readers, stranger } = names
    await sql(`${sample}
      create role ${readers}; create role ${alice} login; create role ${stranger} login;
      grant ${readers} to ${alice};
      grant usage on schema sales to ${readers};
      grant select on sales.customers to ${readers};
      grant select on sales.orders_2025 to public;
      create table sales."odd.name" ("a.b" int);
      grant select ("a.b") on sales."odd.name" to ${readers};
      create function sales.total(a int, b text) returns int language sql as 'select 1'`)
  })

  test('explain says yes with the ways and what ends them, and exits with 0; or no with what is missing, and exits with 4', async () => {
    const { pgsr, sql } = place()
    const { alice, readers, stranger } = names
    const yes = await pgsr(['explain', alice, 'select', 'sales.customers', '--quiet'])
    expect(yes).toMatchObject({ code: 0, stderr: '' })
    expect(yes.stdout).toContain(`role "${alice}" has SELECT on table "sales"."customers"\n`)
    expect(yes.stdout).toContain(
      `role "${alice}" is a member of role "${readers}", granted by "postgres"; role "${readers}" has SELECT on table "sales"."customers", granted by "postgres"`,
    )
    const no = await pgsr(['explain', stranger, 'SELECT', 'sales.customers'])
    expect(no.code).toBe(4)
    expect(no.stdout).toContain(`to give it: GRANT SELECT ON TABLE "sales"."customers" TO "${stranger}"`)
    expect(
      await sql(
        `select has_table_privilege('${alice}', 'sales.customers', 'SELECT'), has_table_privilege('${stranger}', 'sales.customers', 'SELECT')`,
      ),
    ).toEqual([[true, false]])
    // It has the privilege by PUBLIC, and cannot use it: it lacks USAGE on the schema.
    const useless = await pgsr(['explain', stranger, 'SELECT', 'sales.orders_2025'])
    expect(useless.code).toBe(4)
    expect(useless.stdout).toContain('but lacks USAGE on schema "sales"')
  })

  test('objects of all sorts, as help says that they are written', async () => {
    const { pgsr, database } = place()
    const { alice } = names
    const questions: readonly (readonly [privilege: string, object: string, code: number])[] = [
      ['USAGE', 'schema:sales', 0],
      ['CONNECT', `database:${database}`, 0],
      ['temp', `database:${database}`, 0],
      ['EXECUTE', 'function:sales.total(int, text)', 0],
      ['SELECT', 'column:sales."odd.name"."a.b"', 0],
      ['SELECT', 'sales."odd.name"', 4],
      ['USAGE', 'language:plpgsql', 0],
      ['SELECT', 'view:pg_catalog.pg_roles', 0],
    ]
    for (const [privilege, object, code] of questions) {
      const ended = await pgsr(['explain', alice, privilege, object])
      expect([object, ended.code, ended.stderr.includes('error')]).toEqual([object, code, false])
    }
  })

  test('what is not written right is said before anything is read', async () => {
    const { pgsr } = place()
    const wrong: readonly (readonly [args: readonly string[], message: string])[] = [
      [['explain', 'alice', 'SELECT'], 'error: OBJECT is missing: it is pgsr explain ROLE PRIVILEGE OBJECT'],
      [['who-can'], 'error: PRIVILEGE and OBJECT are missing: it is pgsr who-can PRIVILEGE OBJECT'],
      [
        ['explain', 'a', 'SELECT', 'orders'],
        'error: "orders" does not name a table\n  it is written SCHEMA.TABLE;',
      ],
      [['explain', 'a', 'SELECT', 'tabel:a.b'], 'error: "tabel" is not a kind of object'],
      [['who-can', 'READ', 'a.b'], 'error: there is no privilege "READ" on a table\n  there are SELECT,'],
      [
        ['who-can', 'EXECUTE', 'function:a.f'],
        'error: "function:a.f" does not name a function\n  it is written function:SCHEMA.FUNCTION(TYPE, …);',
      ],
      [['access', 'a', 'b'], 'error: pgsr access takes one argument, not "b" too'],
      [
        ['access', 'a', '--format', 'dot'],
        'error: pgsr access does not write dot\n  it writes text and json',
      ],
      [['plan', '--format', 'dot'], 'error: pgsr plan does not write dot'],
    ]
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await pgsr(args, { PGHOST: '/nowhere' })
      expect(stderr).toContain(message)
      expect([code, stdout]).toEqual([1, ''])
    }
    const absent = await pgsr(['explain', 'nobody_is_called_so', 'SELECT', 'sales.customers'])
    expect(absent).toMatchObject({ code: 1 })
    expect(absent.stderr).toContain('role "nobody_is_called_so" does not exist')
  })

  test('with a policy file, explain says which line asks for what', async () => {
    const { pgsr, write } = place()
    const { alice, readers } = names
    await write(
      'asks.yaml',
      `pgsr: 1\nroles:\n  ${readers}:\n    grants:\n      - { privileges: SELECT, tables: /^cust/, schema: sales, direct: true }\n`,
    )
    const { stdout } = await pgsr(['explain', alice, 'SELECT', 'sales.customers', '--policy', 'asks.yaml'])
    const [, asked = ''] = stdout.split('what asks.yaml asks for of it\n')
    expect(asked.split('\n')).toEqual(
      expect.arrayContaining([
        `  SELECT on table "sales"."customers" to "${readers}": asks.yaml:5`,
        `  USAGE on schema "sales" to "${readers}": nothing asks for it`,
        `  membership of "${alice}" in role "${readers}": nothing asks for it, since role "${alice}" is not in the file`,
      ]),
    )
    const json = await pgsr([
      'explain',
      alice,
      'SELECT',
      'sales.customers',
      '--policy',
      'asks.yaml',
      '--format',
      'json',
    ])
    const { verdict, policy } = JSON.parse(json.stdout) as {
      readonly verdict: string
      readonly policy: { readonly links: readonly object[] }
    }
    expect(verdict).toBe('granted')
    expect(policy.links).toContainEqual({
      what: `SELECT on table "sales"."customers" to "${readers}"`,
      role: readers,
      isAsked: true,
      isNamed: true,
      at: { file: 'asks.yaml', line: 5, column: expect.any(Number) as number },
    })
  })

  test('who-can and access, in all formats', async () => {
    const { pgsr } = place()
    const { alice, readers, stranger } = names
    const text = await pgsr(['who-can', 'SELECT', 'sales.customers'])
    expect(text.code).toBe(0)
    expect(text.stdout).toContain(`role "${alice}", which may log in`)
    expect(text.stdout).not.toContain(stranger)
    expect(text.stdout).not.toContain('cannot use it')
    const json = await pgsr(['who-can', 'SELECT', 'sales.customers', '--format', 'json'])
    const { roles } = JSON.parse(json.stdout) as { readonly roles: readonly { readonly role: string }[] }
    expect(roles.map(({ role }) => role)).toEqual(expect.arrayContaining([alice, readers]))
    expect((await pgsr(['who-can', 'SELECT', 'sales.customers', '--format', 'mermaid'])).stdout).toMatch(
      /^flowchart LR\n/,
    )
    expect((await pgsr(['explain', alice, 'SELECT', 'sales.customers', '--format', 'dot'])).stdout).toMatch(
      /^digraph access \{\n/,
    )
    const access = await pgsr(['access', alice])
    expect(access.stdout).toMatch(/─ table "sales"."customers"\n +└─ SELECT: /)
    expect(access.stdout).not.toContain('orders_2025')
    expect((await pgsr(['access', alice, '--public'])).stdout).toContain('table "sales"."orders_2025"')
  })

  test('who-can says who lacks USAGE on the schema', async () => {
    const { pgsr, sql } = place()
    const { stranger } = names
    await sql(`grant select on sales.customers to ${stranger}`)
    const asked = ['who-can', 'SELECT', 'sales.customers', '--quiet']
    expect((await pgsr(asked)).stdout.split('\n').slice(-4)).toEqual([
      '',
      'cannot use it, without USAGE on schema "sales"',
      `  role "${stranger}"`,
      '',
    ])
    const json = async (table: string): Promise<unknown> =>
      JSON.parse((await pgsr(['who-can', 'SELECT', table, '--quiet', '--format', 'json'])).stdout)
    const schema = { kind: 'schema', name: ['sales'] }
    expect(await json('sales.customers')).toMatchObject({
      withoutUsage: { schema, roles: [stranger], everybody: false },
    })
    expect(await json('sales.orders_2025')).toMatchObject({
      withoutUsage: { schema, everybody: true },
    })
    expect((await pgsr(['who-can', 'SELECT', 'sales.orders_2025', '--quiet'])).stdout).toContain(
      'cannot use it, without USAGE on schema "sales"\n  every role that has it only by PUBLIC, unless it has that USAGE\n',
    )
    await sql(`revoke select on sales.customers from ${stranger}`)
    expect(await json('sales.customers')).not.toHaveProperty('withoutUsage')
  })

  test('report writes one file, and not over another', async () => {
    const { pgsr, read } = place()
    const ended = await pgsr(['report', '--out', 'access.html'])
    expect(ended).toMatchObject({ code: 0, stdout: 'wrote access.html: open it in a browser\n' })
    const html = await read('access.html')
    expect(html).toMatch(/^<!doctype html>\n/)
    expect(html).toContain(names.alice)
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
    const again = await pgsr(['report', '--out', 'access.html'])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('--force writes over it')
    expect((await pgsr(['report', '--out', 'access.html', '--force'])).code).toBe(0)
    expect((await pgsr(['report', '--quiet'])).stdout).toMatch(/^<!doctype html>\n/)
  })

  test('an assertion that a plan would break stops plan, check and apply, with the ways', async () => {
    const { pgsr, write, sql, name } = place()
    const { alice, readers } = names
    const intern = name('intern')
    const policy = (assertions: string): string =>
      `pgsr: 1\nroles:\n  ${intern}:\n    login: true\n    memberOf: [${readers}]\nassertions:\n${assertions}`
    await write(
      'breaks.yaml',
      policy(
        `  - { only: [${alice}], can: SELECT, tables: customers, schema: sales }\n  - { public: nothing, in: hr }\n`,
      ),
    )
    for (const command of ['plan', 'check', 'apply']) {
      const { code, stdout, stderr } = await pgsr([
        command,
        'breaks.yaml',
        ...(command === 'apply' ? ['--yes'] : []),
      ])
      expect([command, code, stdout]).toEqual([command, 1, ''])
      expect(stderr).toContain('error: an assertion would not hold\n')
      expect(stderr).toContain(`may have SELECT on table "sales"."customers"`)
      expect(stderr).toContain('breaks.yaml:7\n')
      expect(stderr).toContain(`    role "${intern}" is a member of role "${readers}", granted by `)
    }
    expect(await sql(`select from pg_roles where rolname = '${intern}'`)).toEqual([])
    await write(
      'holds.yaml',
      policy(
        `  - { only: [${readers}, postgres], can: SELECT, tables: customers, schema: sales }\n  - { public: nothing, in: hr }\n`,
      ),
    )
    expect((await pgsr(['plan', 'holds.yaml', '--out', 'plan.json'])).code).toBe(2)
    // A saved plan keeps its assertions: what somebody granted meanwhile is seen.
    await sql(`grant usage on schema hr to public`)
    const late = await pgsr(['apply', 'plan.json', '--yes'])
    expect(late.code).toBe(1)
    expect(late.stderr).toContain('PUBLIC may have nothing in schema "hr", and has USAGE on schema "hr"')
    expect(late.stderr).toContain('holds.yaml:8\n')
    expect(await sql(`select from pg_roles where rolname = '${intern}'`)).toEqual([])
    await sql(`revoke usage on schema hr from public`)
    expect((await pgsr(['apply', 'plan.json', '--yes'])).code).toBe(0)
    expect(await sql(`select has_table_privilege('${intern}', 'sales.customers', 'SELECT')`)).toEqual([
      [true],
    ])
  })
})
