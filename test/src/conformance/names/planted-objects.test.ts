import { Grant, type Plan, renderJson, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { plantTraps } from '../../../harness/sandbox/traps.ts'

const saved = (plan: Plan): Plan => JSON.parse(renderJson(plan)) as Plan

const makeObjects = async ({ run, name }: Sandbox) => {
  const schema = name('s')
  await run(`
    create schema ${schema}; create table ${schema}.t (a int, b text); create sequence ${schema}.q; create domain ${schema}.d as int;
    create function ${schema}.f(int, text[], timestamptz) returns int language sql as 'select 1';
    create function ${schema}.g(${schema}.d) returns int language sql as 'select 1';
    revoke execute on all functions in schema ${schema} from public; revoke usage on type ${schema}.d from public`)
  return schema
}

/** Whatever pgsr reads and does: every kind of look-up, and every kind of statement. */
const grantsIn = ({ actor, name, database }: Sandbox, schema: string): readonly Grant[] => [
  Grant.login({ password: 'as planned', validUntil: '2031-02-03T04:05:06.789Z' }),
  Grant.databaseConnect(database),
  Grant.schemaUsage(schema),
  Grant.tableSelect(schema, 't'),
  Grant.privilege(Target.table(schema, /^t/), ['INSERT', 'DELETE']),
  Grant.privilege(Target.table(schema, 't', { columns: ['b'] }), ['UPDATE'], { direct: true }),
  Grant.privilege(Target.sequence(schema, /./), ['USAGE']),
  Grant.privilege(Target.function(schema, 'f', ['int', 'text[]', 'timestamptz']), ['EXECUTE']),
  Grant.privilege(Target.function(schema, /^g/), ['EXECUTE']),
  Grant.privilege(Target.type(schema, /^d/), ['USAGE']),
  Grant.defaultPrivilege({ owner: actor, schema, on: 'tables' }, ['SELECT']),
  Grant.roleMembership(name('group'), { admin: true }),
]

/** A session does everything there is to do; others see that it is done. */
const expectWorks = async (box: Sandbox, held: Connected): Promise<void> => {
  const [role, schema] = [box.name('r'), await makeObjects(box)]
  const grants = grantsIn(box, schema)
  const may = async (): Promise<unknown> =>
    (
      await box.admin(`
      select has_table_privilege('${role}', '${schema}.t', 'SELECT'), has_table_privilege('${role}', '${schema}.t', 'DELETE'),
        has_column_privilege('${role}', '${schema}.t', 'b', 'UPDATE'), has_sequence_privilege('${role}', '${schema}.q', 'USAGE'),
        has_function_privilege('${role}', '${schema}.f(int, text[], timestamptz)', 'EXECUTE'),
        has_function_privilege('${role}', '${schema}.g(${schema}.d)', 'EXECUTE'), has_type_privilege('${role}', '${schema}.d', 'USAGE')`)
    )[0]
  const [all, none] = [Array.from({ length: 7 }, () => true), Array.from({ length: 7 }, () => false)]

  await held.syncRoles({ role, grants })
  expect(await may()).toEqual(all)
  await held.syncRoles({ role, grants: [] })
  expect(await may()).toEqual(none)

  const plan = await held.planRoles({ role, grants })
  await held.executePlan(saved(plan), { passwords: { [role]: 'as executed' } })
  expect(await may()).toEqual(all)
  expect((await held.syncRoles({ role, grants: [] })).plan.residue).toEqual([])
  expect(await may()).toEqual(none)

  await held.planDropUnusedRoles()
  await held.dropUnusedRoles()
  const ours = `select rolname from pg_roles where rolname like
    (select concat('\\_pgsr\\_local\\_', oid, '\\_%') from pg_database where datname = current_database())`
  expect(await box.admin(ours)).toEqual([])
}

/** What an application would fall into, by what it is. */
const steps = {
  relation: 'select from pg_class',
  type: `select 'x'::text`,
  function: 'select now()',
  operator: 'select 1 = 1',
}

conformanceAtEndsInTurn('planted objects', (sandbox) => {
  test('objects are not used that somebody planted in a schema before pg_catalog in the search path', async () => {
    const box = sandbox()
    const attacker = box.name('attacker')
    const held = await box.driver.client(box.connection, box.database)
    try {
      await box.run(`create role ${attacker}`)
      await box.admin(`grant create on schema public to ${attacker}`)
      await box.admin(`set role ${attacker}; ${plantTraps('public')}; reset role`)
      await held.run('set search_path = public, pg_catalog')
      for (const [what, step] of Object.entries(steps))
        await expect(held.run(step), what).rejects.toThrow('sprung')
      await expectWorks(box, held)
    } finally {
      await held.end()
    }
  })

  test('temporary objects of the session are not used', async () => {
    const box = sandbox()
    const held = await box.driver.client(box.connection, box.database)
    try {
      await held.run(plantTraps('pg_temp'))
      for (const step of [steps.relation, steps.type]) await expect(held.run(step)).rejects.toThrow('sprung')
      await expectWorks(box, held)
    } finally {
      await held.end()
    }
  })
})
