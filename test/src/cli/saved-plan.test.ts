import { expect, test } from 'vitest'
import { inWorkplacesApart, sample } from '../../harness/command/in-each.ts'

inWorkplacesApart((place) => {
  const may = async (role: string, table: string): Promise<unknown> =>
    (await place().sql(`select has_table_privilege('${role}', '${table}', 'SELECT')`))[0]?.[0]

  test('a saved plan is executed as it was shown, wherever the policy has gone, or not at all', async () => {
    const { write, read, pgsr, sql, name, database } = place()
    const role = name('saved')
    await sql(sample)
    await write(
      'pgsr.yaml',
      `pgsr: 1\nroles:\n  ${role}:\n    grants:\n      - { privileges: [SELECT], tables: /^orders_/, schema: sales, direct: true }\n`,
    )
    const planned = await pgsr(['plan', '--out', 'plan.json'])
    expect(planned.code).toBe(2)
    expect(planned.stderr).toContain('saved the plan: pgsr apply plan.json executes exactly this\n')
    const saved = await read('plan.json')

    // One more table that the pattern matches: what would be done is no longer what was shown.
    await sql('create table sales.orders_2027 (id int)')
    const refused = await pgsr(['apply', 'plan.json', '--yes'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('error: cannot execute the plan: made again now, it is different\n')
    expect(refused.stderr).toContain('new in its ')
    expect(refused.stderr).toContain('"sales"."orders_2027"')
    expect(refused.stderr).toContain('\n  plan and review again\n  nothing was changed in this database\n')
    expect(await sql(`select from pg_roles where rolname = '${role}'`)).toEqual([])

    await sql('drop table sales.orders_2027')
    await write('pgsr.yaml', 'pgsr: 1\nroles: {}\n')
    const applied = await pgsr(['apply', 'plan.json', '--yes'])
    expect(applied.code).toBe(0)
    // It is shown with the lines that it was saved with.
    expect(applied.stdout).toContain(
      '+ SELECT on tables "sales"."orders_2025", "sales"."orders_2026"  pgsr.yaml:5\n',
    )
    expect(await may(role, 'sales.orders_2025')).toBe(true)
    expect(await read('plan.json')).toBe(saved)

    const again = await pgsr(['apply', 'plan.json', '--yes'])
    expect(again.code).toBe(0)
    expect(again.stdout).toMatch(
      new RegExp(
        `\\ndone already: database "${database}" is as the plan leaves it, and nothing was changed\\n$`,
      ),
    )
    expect(again.stderr).not.toContain('no longer in its ')
    const json = await pgsr(['apply', 'plan.json', '--yes', '--format', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      changed: false,
      databases: [{ database, state: 'done', changed: false }],
    })

    // It has to be done as a whole, and with nothing else.
    await sql(`revoke select on sales.orders_2025 from ${role}`)
    const half = await pgsr(['apply', 'plan.json', '--yes', '--quiet'])
    expect(half.code).toBe(1)
    expect(half.stderr).toContain('  no longer in its operations: ')
    await sql(`grant select, insert on sales.orders_2025 to ${role}`)
    const more = await pgsr(['apply', 'plan.json', '--yes', '--quiet'])
    expect(more.code).toBe(1)
    expect(more.stderr).toContain('  new in its operations: ')
    const lines = more.stderr.trimEnd().split('\n')
    expect(new Set(lines).size).toBe(lines.length)

    for (const command of ['plan', 'check', 'validate'])
      expect(await pgsr([command, 'plan.json'])).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'error: cannot read plan.json as a policy: it is a saved plan\n  pgsr apply plan.json shows it, and executes it\n',
      })
  })

  test('a saved plan that has nothing to do is made again all the same', async () => {
    const { write, pgsr, sql, name } = place()
    const [role, other] = [name('settled'), name('other')]
    await sql(`create schema quiet; create table quiet.t (); create role ${role}; create role ${other}`)
    const policy = (table: string): string =>
      `pgsr: 1\nroles:\n  ${role}: { grants: [{ privileges: [SELECT], tables: ${table}, schema: quiet, direct: true }] }\nassertions:\n  - { only: [${role}], can: SELECT, tables: t, schema: quiet }\n`
    await write('settled.yaml', policy('t'))
    expect((await pgsr(['apply', 'settled.yaml', '--yes'])).code).toBe(0)
    await write('skipped.yaml', policy('[t, nowhere]'))
    const plans = [
      ['settled', 0, 'in sync: nothing differs'],
      ['skipped', 3, 'nothing can be done, and something is skipped or stays'],
    ] as const
    for (const [file, code, verdict] of plans) {
      expect((await pgsr(['plan', `${file}.yaml`, '--out', `${file}.json`])).code).toBe(code)
      // There is nothing to ask.
      const applied = await pgsr(['apply', `${file}.json`])
      expect(applied.code).toBe(code)
      expect(applied.stdout).toMatch(new RegExp(`\\nnothing to do when the plan was made\\n${verdict}\\n$`))
    }
    const json = await pgsr(['apply', 'settled.json', '--format', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ changed: false, databases: [{ state: 'done' }] })
    expect((await pgsr(['apply', 'settled.json', '--format', 'markdown'])).stdout).toContain(
      '### pgsr: in sync: nothing differs\n',
    )

    const fails = async (problem: string): Promise<void> => {
      for (const [file, , verdict] of plans)
        for (const format of ['text', 'markdown']) {
          const { code, stdout, stderr } = await pgsr(['apply', `${file}.json`, '--format', format])
          expect(code).toBe(1)
          expect(stdout).not.toContain(verdict)
          expect(stdout).toMatch(/failed: database /)
          expect(stderr).toContain(problem)
        }
    }
    await sql(`grant insert on quiet.t to ${role}`)
    await fails('error: cannot execute the plan: made again now, it is different\n')
    await sql(`revoke insert on quiet.t from ${role}; grant select on quiet.t to ${other}`)
    await fails('assertion')
  })

  test('a saved plan is done already only with its passwords, and if its assertions hold', async () => {
    const { write, pgsr, sql, name } = place()
    const [role, other] = [name('again'), name('intruder')]
    await sql(`create schema again; create table again.t (); create role ${other}`)
    await write(
      'again.yaml',
      `pgsr: 1\nroles:\n  ${role}:\n    login: { password: { env: AGAIN } }\n    grants: [{ privileges: [SELECT], tables: t, schema: again, direct: true }]\nassertions:\n  - { only: [${role}], can: SELECT, tables: t, schema: again }\n`,
    )
    const env = { AGAIN: 'hush' }
    expect((await pgsr(['plan', 'again.yaml', '--out', 'again.json'], env)).code).toBe(2)
    const apply = (more = env) => pgsr(['apply', 'again.json', '--yes', '--quiet'], more)
    expect((await apply()).code).toBe(0)
    const again = await apply()
    expect(again.stdout).toContain('done already: ')
    expect(again.code).toBe(0)
    const otherPassword = await apply({ AGAIN: 'hushed' })
    expect(otherPassword.stdout).not.toContain('done already')
    expect(otherPassword.code).toBe(1)
    await sql(`grant select on again.t to ${other}`)
    const broken = await apply()
    expect(broken.stderr).toContain('error: an assertion would not hold\n')
    expect(broken.code).toBe(1)
  })

  test.for([
    ['{ "pgsr": "plan" }', 'it has format undefined, and this version of pgsr reads 1; plan again'],
    ['{ "pgsr": "plan", "format": 1 }', 'it has no databases'],
    [
      '{ "pgsr": "plan", "format": 1, "databases": [{ "plan": {} }] }',
      'the name of a database is not a text',
    ],
    [
      '{ "pgsr": "plan", "format": 1, "databases": [{ "database": "d", "plan": { "format": 1, "transactions": [] } }] }',
      'it has format 1, and this version of pgsr reads 2; plan again',
    ],
  ] as const)('%s is no plan', async ([text, problem]) => {
    const { write, pgsr } = place()
    await write('broken.json', text)
    const { code, stderr } = await pgsr(['apply', 'broken.json', '--yes'])
    expect(stderr).toContain(problem)
    expect(stderr).toContain('broken.json')
    expect(code).toBe(1)
  })
})
