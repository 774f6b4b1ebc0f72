import pg from 'pg'
import { expect, test } from 'vitest'
import { inWorkplaces, sample } from '../../harness/command/in-each.ts'
import { createOwner } from '../../harness/sandbox/actor.ts'
import { connectionTo } from '../../harness/servers/servers.ts'
import { openWorkplace } from '../../harness/command/workplace.ts'

/** A grant of a role, as a line of a policy. */
const select = (tables: string, schema = 'sales'): string =>
  `      - { privileges: [SELECT], tables: ${tables}, schema: ${schema}, direct: true }\n`

inWorkplaces((place, server) => {
  let roles = 0

  const newRole = (): string => place().name(`r${++roles}`)

  test('there are the sample tables', async () => {
    await place().sql(sample)
  })

  test('what is skipped ends with 3, also once the rest is done; a pattern that matches nothing does not', async () => {
    const { write, pgsr } = place()
    const [one, other] = [newRole(), newRole()]
    await write(
      'skips.yaml',
      `pgsr: 1\nroles:\n  ${one}:\n    grants:\n${select('nowhere')}${select('customers')}`,
    )
    const planned = await pgsr(['plan', 'skips.yaml'])
    expect(planned.code).toBe(3)
    expect(planned.stdout).toContain(
      `asked for, and not given\n  ! cannot grant SELECT on table "sales"."nowhere" directly to role "${one}": table "sales"."nowhere" does not exist  skips.yaml:5\n      to do: create it, or correct its name in the file\n`,
    )
    const strict = await pgsr(['apply', 'skips.yaml', '--yes', '--strict'])
    expect(strict.code).toBe(1)
    expect(strict.stderr).toContain('--strict forbids that')
    expect((await pgsr(['plan', 'skips.yaml'])).stdout).toBe(planned.stdout)
    expect((await pgsr(['apply', 'skips.yaml', '--yes'])).code).toBe(3)
    const checked = await pgsr(['check', 'skips.yaml'])
    expect(checked.code).toBe(3)
    expect(checked.stdout).toContain('nothing can be done, and something is skipped or stays\n')

    await write('matches.yaml', `pgsr: 1\nroles:\n  ${other}:\n    grants:\n${select('/nowhere_/')}`)
    expect((await pgsr(['apply', 'matches.yaml', '--yes'])).code).toBe(0)
    expect((await pgsr(['check', 'matches.yaml'])).code).toBe(0)
  })

  test('what stays ends with 3, and says who could end it', async () => {
    const own = await openWorkplace(server)
    const { sql, write, pgsr, name, database } = own
    const [role, owner] = [name('kept'), name('owner')]
    try {
      await sql(`${sample} create role ${role}; grant select on sales.customers to ${role}`)
      const { user, password } = await createOwner({ query: (text) => sql(text) }, server, database, owner)
      if (server.version >= 160000) await sql(`grant ${role} to ${owner} with admin option`)
      await write('stays.yaml', `pgsr: 1\nroles:\n  ${role}: {}\n`)
      const as = { PGUSER: user, ...(password !== undefined && { PGPASSWORD: password }) }
      const { code, stdout } = await pgsr(['plan', 'stays.yaml'], as)
      expect(stdout).toContain(
        `should go, and stays\n  ! role "${role}" keeps SELECT on table "sales"."customers"`,
      )
      expect(stdout).toContain(`to end it: REVOKE SELECT ON TABLE "sales"."customers" FROM "${role}"`)
      expect(stdout).toContain(`by: the owner, "postgres"`)
      expect(code).toBe(3)
    } finally {
      await own.leave()
    }
  })

  test('without a terminal it executes only with --yes', async () => {
    const { write, pgsr, sql } = place()
    const role = newRole()
    await write('asks.yaml', `pgsr: 1\nroles:\n  ${role}: {}\n`)
    const { code, stdout, stderr } = await pgsr(['apply', 'asks.yaml'])
    expect(code).toBe(1)
    expect(stdout).toContain('+ role')
    expect(stderr).toContain(
      'error: nothing was changed: there is no terminal to ask on\n  pgsr apply --yes executes without asking\n',
    )
    expect(await sql(`select from pg_roles where rolname = '${role}'`)).toEqual([])
  })

  test('losses come first: ownerships, logins, and what PUBLIC loses', async () => {
    const { write, pgsr, sql, database } = place()
    const [leaver, heir] = [newRole(), newRole()]
    await sql(`create role ${leaver} login; create role ${heir};
      create table hr.desks (); alter table hr.desks owner to ${leaver};
      grant select on hr.employees to public`)
    await write(
      'grave.yaml',
      `pgsr: 1\npublic:\n  grants:\n    - { privileges: [], tables: employees, schema: hr }\nroles:\n  ${leaver}: {}\nreassignOwnedTo: ${heir}\n`,
    )
    const { stdout } = await pgsr(['plan', 'grave.yaml', '--sql'])
    const [first, ...lines] = stdout.split('\n')
    expect(first).toMatch(new RegExp(`^database "${database}": \\d+ operations, run as "postgres"$`))
    expect(lines.slice(0, 6)).toEqual([
      `  ! role "${leaver}" loses LOGIN, and ownership of 1 table`,
      '  ! PUBLIC loses SELECT on 1 table',
      '',
      'PUBLIC, and so every role',
      '  - SELECT on table "hr"."employees"  grave.yaml:2',
      '',
    ])
    expect(stdout).toContain('\nREVOKE SELECT ON TABLE "hr"."employees" FROM PUBLIC;')
    expect((await pgsr(['apply', 'grave.yaml', '--yes'])).code).toBe(0)
    expect(await sql(`select rolcanlogin from pg_roles where rolname = '${leaver}'`)).toEqual([[false]])
  })

  test('what PUBLIC keeps by another grantor is no loss, and a schema that is created is said first', async () => {
    const { write, pgsr, sql } = place()
    const [old, heir] = [newRole(), newRole()]
    await sql(`create role ${old}; create function hr.pay() returns int language sql as 'select 1';
      revoke execute on function hr.pay() from public; alter function hr.pay() owner to ${old};
      grant execute on function hr.pay() to public`)
    await write(
      'heir.yaml',
      `pgsr: 1\nroles:\n  ${heir}:\n    owns: [{ functions: pay(), schema: hr }, { schemas: sals }]\n`,
    )
    const { stdout } = await pgsr(['plan', 'heir.yaml'])
    expect(stdout.split('\n').filter((line) => line.startsWith('  !'))).toEqual([
      `  ! role "${old}" loses ownership of 1 function`,
      `  ! schema "sals" is created, because role "${heir}" is to own it`,
    ])
    expect(stdout).toContain(
      'PUBLIC, and so every role\n  ~ 1 privilege that it keeps, held in another way\n',
    )
    expect((await pgsr(['apply', 'heir.yaml', '--yes'])).code).toBe(0)
    expect(await sql("select has_function_privilege('public', 'hr.pay()', 'EXECUTE')")).toEqual([[true]])
  })

  test('each format, of a plan and of what was done', async () => {
    const { write, pgsr, sql, database } = place()
    const role = newRole()
    await write('one.yaml', `pgsr: 1\nroles:\n  ${role}:\n    grants:\n${select('customers')}`)

    const asSql = await pgsr(['plan', 'one.yaml', '--format', 'sql', '--quiet'])
    expect(asSql).toMatchObject({ code: 2, stderr: '' })
    expect(asSql.stdout).toMatch(/^-- pgsr syncs /)
    expect(asSql.stdout).toContain(`GRANT SELECT ON TABLE "sales"."customers" TO "${role}";`)

    const asJson = await pgsr(['plan', 'one.yaml', '--format', 'json'])
    const json = JSON.parse(asJson.stdout) as { readonly databases: readonly { readonly database: string }[] }
    expect(json).toMatchObject({ pgsr: 'plan', format: 1, policy: 'one.yaml', state: 'differs' })
    expect(json.databases.map((one) => one.database)).toEqual([database])

    const asMarkdown = await pgsr(['plan', 'one.yaml', '--format', 'markdown'])
    expect(asMarkdown.stdout).toContain('### pgsr: 2 operations to do\n')
    expect(asMarkdown.stdout).toContain(`+ SELECT on table "sales"."customers"  # one.yaml:5\n`)
    expect(asMarkdown.stdout).toContain('<details><summary>SQL</summary>\n\n```sql\n')

    const done = await pgsr(['apply', 'one.yaml', '--yes', '--format', 'json'])
    expect(done.code).toBe(0)
    expect(JSON.parse(done.stdout)).toMatchObject({
      pgsr: 'result',
      changed: true,
      databases: [{ database, state: 'done', changed: true }],
    })
    const again = await pgsr(['apply', 'one.yaml', '--yes', '--format', 'json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false })
    expect(await sql(`select has_table_privilege('${role}', 'sales.customers', 'SELECT')`)).toEqual([[true]])
  })

  test('Markdown shows names as they are, whatever they look like', async () => {
    const { write, pgsr } = place()
    const role = `${newRole()}\`</summary>\n\`\`\`\n@all`
    await write('odd.json', JSON.stringify({ pgsr: 1, roles: { [role]: {} } }))
    const { stdout } = await pgsr(['plan', 'odd.json', '--format', 'markdown'])
    const fences = [...stdout.matchAll(/^(`{3,})(\w*)$/gm)].map(
      ([, fence, language]) => `${fence}${language}`,
    )
    // What is between a fence and the next line of the same length is code.
    expect(fences.filter((one) => one.endsWith('diff') || one.endsWith('sql'))).toHaveLength(2)
    const outside = stdout.replaceAll(/^(`{3,})\w+\n[\s\S]*?^\1$/gm, '')
    expect(outside).not.toContain('@all')

    const quoted = `${newRole()}\`\`<img>\`@all`
    const login = { password: { env: 'NOT_SET' } }
    await write('quoted.json', JSON.stringify({ pgsr: 1, roles: { [quoted]: { login } } }))
    const noted = (await pgsr(['plan', 'quoted.json', '--format', 'markdown'])).stdout
    expect(noted).toContain(`* \`\`\`the password of role "${quoted}" is not `)
  })

  test('an error that names an option of the library says what the command calls it', async () => {
    const { write, pgsr, sql, database } = place()
    const role = newRole()
    await sql(`create role ${role} superuser`)
    await write('super.yaml', `pgsr: 1\nroles: { ${role}: {} }\n`)
    expect(await pgsr(['plan', 'super.yaml', '--quiet'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: cannot sync role "${role}": it is a superuser; set allowSuperuser to allow that\n  in the policy file: allow: [superusers]\n`,
    })
    await write('late.yaml', `pgsr: 1\nroles: { ${newRole()}: {} }\n`)
    const other = new pg.Client(connectionTo(server, database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    try {
      const { code, stderr } = await pgsr(['apply', 'late.yaml', '--yes', '--lock-timeout', '0.1'])
      expect(stderr).toMatch(
        /error: cannot .*: session \d+ of role "postgres" holds it \(lockTimeout is 100 milliseconds\)\n/,
      )
      expect(stderr).toContain(
        '  --lock-timeout SECONDS waits for longer\n  nothing was changed in this database\n',
      )
      expect(code).toBe(1)
    } finally {
      await other.end()
    }
  })

  test('import leaves alone what a policy cannot say', async () => {
    const { read, pgsr, sql, database } = place()
    const [expired, set] = [newRole(), newRole()]
    await sql(`create role ${expired} login valid until '-infinity'; create role ${set}`)
    await sql(`alter role ${set} set "größe.x" = '1'`)
    for (const file of ['odd.yaml', 'odd.mjs']) {
      const imported = await pgsr(['import', '--role', expired, '--role', set, '--out', file])
      expect(imported.stderr).toContain(
        'what a policy cannot say, or would change:\n' +
          `  role "${expired}" has VALID UNTIL -infinity, which no grant can ask for; it is described as external, so that its attributes stay as they are\n` +
          `  role "${set}" has setting "größe.x", and no desired role can have a setting of this name; its settings are left out, and stay as they are\n` +
          'a plan for it finds nothing to do\n',
      )
      expect(imported.code).toBe(0)
    }
    expect(await read('odd.yaml')).toContain(`  ${expired}:\n    external: true\n`)
    const planned = await pgsr(['plan', 'odd.yaml'])
    expect(planned.stdout).toBe(
      `database "${database}": nothing to do\n\nnot managed by pgsr\n  role "${set}": settings: "größe.x"\n\nin sync: nothing differs\n`,
    )
  })

  test('import describes a superuser that is named, and allows that', async () => {
    const { read, pgsr, sql } = place()
    const role = newRole()
    await sql(`create role ${role} superuser`)
    for (const file of ['super-1.yaml', 'super-1.mjs']) {
      const imported = await pgsr(['import', '--role', role, '--out', file])
      expect(imported.stderr).toContain(
        'it has allow: [superusers], without which a plan for these roles is refused\na plan for it finds nothing to do\n',
      )
      expect(imported.code).toBe(0)
      expect((await pgsr(['check', file])).code).toBe(0)
    }
    expect(await read('super-1.yaml')).toContain('\nallow: [ superusers ]\n')
  })

  test('300 operations take few lines', async () => {
    const { write, pgsr, sql } = place()
    const names = Array.from({ length: 10 }, () => newRole())
    await sql(
      `create schema large; ${Array.from({ length: 30 }, (_, index) => `create table large.t${index} ();`).join('')}`,
    )
    await write(
      'large.yaml',
      `pgsr: 1\nroles:\n${names.map((role) => `  ${role}:\n    grants:\n${select('/^t/', 'large')}`).join('')}`,
    )
    const { code, stdout } = await pgsr(['plan', 'large.yaml'])
    expect(code).toBe(2)
    expect(stdout).toContain('310 operations')
    expect(stdout).toContain('+ SELECT on 30 tables of schema "large"  large.yaml:5, 8, 11, …')
    expect(stdout.split('\n').length).toBeLessThan(20)
  })
})
