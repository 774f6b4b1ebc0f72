import { expect, test } from 'vitest'
import { inWorkplaces, sample } from '../../harness/command/in-each.ts'

inWorkplaces((place) => {
  const may = async (role: string, table: string): Promise<unknown> =>
    (await place().sql(`select has_table_privilege('${role}', '${table}', 'SELECT')`))[0]?.[0]

  test('a saved plan is executed as it was shown, wherever the policy has gone, or not at all', async () => {
    const { write, read, pgsr, sql, name } = place()
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
    expect(refused.stderr).toContain('nothing was changed; plan and review again\n')
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
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('no longer in its ')
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
