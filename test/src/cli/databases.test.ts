import { expect, test } from 'vitest'
import { inWorkplacesApart } from '../../harness/command/in-each.ts'

inWorkplacesApart((place) => {
  test(
    'several databases have a plan each, and are changed one after another',
    { timeout: 180_000 },
    async () => {
      const { write, pgsr, sql, name, database } = place()
      const [reader, leaver, second] = [name('reader'), name('leaver'), name('second')]
      await sql(`create database ${second}`, 'postgres')
      try {
        await sql(`create role ${leaver} login`)
        for (const each of [database, second])
          await sql(
            `create schema s; create table s.t (x int); grant usage on schema s to ${leaver}; grant select on s.t to ${leaver}`,
            each,
          )
        await write(
          'pgsr.yaml',
          `pgsr: 1\ndatabases: [${database}, ${second}]\nroles:\n  ${reader}:\n    login: true\n    in:\n      ${database}:\n        access: { s: readOnly }\n      ${second}:\n        grants: [{ privileges: [INSERT], tables: t, schema: s, direct: true }]\nabsent:\n  ${leaver}: {}\n`,
        )
        const planned = await pgsr(['plan', '--out', 'plan.json'])
        const titles = planned.stdout.match(/^database ".*(?=: \d+ operations?, run as "postgres"$)/gm)
        expect(titles).toEqual([
          `database "${database}"`,
          `database "${second}"`,
          `database "${second}", at last`,
          `database "${database}", at last`,
        ])
        expect(planned.stdout).not.toContain('which the policy does not name')
        expect(planned.code).toBe(2)

        // The second database refuses to grant. What is done in the first one stays done.
        await sql(
          `create function public.refuse() returns event_trigger language plpgsql as 'begin raise exception ''not today''; end';
         create event trigger refuse on ddl_command_end when tag in ('GRANT') execute procedure public.refuse()`,
          second,
        )
        const failed = await pgsr(['apply', '--yes'])
        expect(failed.code).toBe(1)
        expect(failed.stdout).toMatch(new RegExp(`^done: \\d+ operations in database "${database}"$`, 'm'))
        expect(failed.stdout).toContain(`failed: database "${second}"\nnot begun: database "${second}"\n`)
        expect(failed.stderr).toContain(`in database "${second}":\nerror: cannot `)
        expect(failed.stderr).toContain('not today')
        expect(failed.stderr).toContain('nothing was changed in this database')
        expect(await sql(`select rolcanlogin from pg_roles where rolname = '${reader}'`)).toEqual([[true]])
        expect(await sql(`select from pg_roles where rolname = '${leaver}'`)).toHaveLength(1)
        await sql('drop event trigger refuse', second)

        const applied = await pgsr(['apply', '--yes'])
        expect(applied.code).toBe(0)
        // The first database had nothing left to do.
        expect(applied.stdout).toMatch(new RegExp(`^done: \\d+ operations? in database "${second}"$`, 'm'))
        expect(applied.stdout).not.toContain('done: 0 operations')
        expect((await pgsr(['check'])).code).toBe(0)
        const may = async (privilege: string, each: string): Promise<unknown> =>
          (await sql(`select has_table_privilege('${reader}', 's.t', '${privilege}')`, each))[0]?.[0]
        expect([await may('SELECT', database), await may('INSERT', database)]).toEqual([true, false])
        expect([await may('SELECT', second), await may('INSERT', second)]).toEqual([false, true])
        expect(await sql(`select from pg_roles where rolname = '${leaver}'`)).toEqual([])
      } finally {
        await sql(`drop database ${second}`, 'postgres')
      }
    },
  )

  test('a saved plan for several databases is executed as it was shown', async () => {
    const { write, pgsr, sql, name, database } = place()
    const [role, leaver, third] = [name('role'), name('gone'), name('third')]
    await sql(`create database ${third}`, 'postgres')
    try {
      await sql(`create role ${leaver}; create schema u; grant usage on schema u to ${leaver}`)
      await sql(`create schema u; grant usage on schema u to ${leaver}`, third)
      await write(
        'two.yaml',
        `pgsr: 1\ndatabases: [${database}, ${third}]\nroles:\n  ${role}:\n    grants: [{ privileges: [USAGE], schemas: u }]\nabsent:\n  ${leaver}: {}\nassertions:\n  - { only: [${role}, postgres], can: USAGE, schemas: u, inDatabases: ${third} }\n`,
      )
      expect((await pgsr(['plan', 'two.yaml', '--out', 'two.json'])).code).toBe(2)
      const applied = await pgsr(['apply', 'two.json', '--yes'])
      expect(applied.stderr).not.toContain('error')
      expect(applied.code).toBe(0)
      expect((await pgsr(['check', 'two.yaml'])).code).toBe(0)
      for (const each of [database, third])
        expect(await sql(`select has_schema_privilege('${role}', 'u', 'USAGE')`, each)).toEqual([[true]])
      expect(await sql(`select from pg_roles where rolname = '${leaver}'`)).toEqual([])

      const other = name('other')
      await sql(`create role ${other}`)
      await sql(`grant usage on schema u to ${other}`, database)
      expect((await pgsr(['check', 'two.yaml'])).code).toBe(0)
      await sql(`grant usage on schema u to ${other}`, third)
      for (const command of ['check', 'apply']) {
        const refused = await pgsr([command, 'two.yaml'])
        expect(refused.code).toBe(1)
        expect(refused.stderr).toMatch(/assertion 1 is broken: .* role "other_\w+" has it {2}two\.yaml:9$/m)
      }
    } finally {
      await sql(`drop database ${third}`, 'postgres')
    }
  })

  test('a database that the policy does not name is refused if --url names it, and not used if PGDATABASE does', async () => {
    const { write, pgsr, name, database, env } = place()
    await write(
      'listed.yaml',
      `pgsr: 1\ndatabases: [${database}]\nroles:\n  ${name('nobody')}: { external: true }\n`,
    )
    const url = (path: string): readonly string[] => ['--url', `postgres:///${path}?host=${env.PGHOST}`]
    expect(await pgsr(['plan', 'listed.yaml', ...url('other')])).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: cannot work in database "other", which --url names: the policy is for database "${database}"\n  leave the database out of --url, or add it to databases in listed.yaml\n`,
    })
    const noted = await pgsr(['plan', 'listed.yaml', '--out', 'listed.json'], { PGDATABASE: 'other' })
    expect(noted.stderr).toContain(
      `note: PGDATABASE is "other", which is not used: the policy is for database "${database}"\n`,
    )
    expect(noted.stdout).toMatch(new RegExp(`^database "${database}": `))
    expect((await pgsr(['apply', 'listed.json', '--yes', ...url('other')])).stderr).toBe(
      `error: cannot work in database "other", which --url names: the plan is for database "${database}"\n  leave the database out of --url, or make a plan for that one\n`,
    )
    expect((await pgsr(['plan', 'listed.yaml', ...url(database)])).stderr).not.toContain('PGDATABASE')
  })
})
