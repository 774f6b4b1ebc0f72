import { Grant } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const may = async ({ admin }: Sandbox, role: string, table: string, privilege: string): Promise<unknown> =>
  (await admin(`select has_table_privilege('${role}', '${table}'::regclass, '${privilege}')`))[0]?.[0]

const rows = ({ admin }: Sandbox, owner: string) =>
  admin(`select defaclobjtype from pg_default_acl where defaclrole = '${owner}'::regrole`)

/** An owner that makes tables in a schema, and a role that may read what it makes. */
const setScene = async (box: Sandbox) => {
  const [role, owner, schema] = [box.name('r'), box.name('o'), box.name('s')]
  await box.run(`create role ${owner}; create schema ${schema}`)
  await box.admin(`grant usage, create on schema ${schema} to ${owner}`)
  const make = (table: string) =>
    box.admin(`set role ${owner}; create table ${schema}.${table} (id int); reset role`)
  return { role, owner, schema, make }
}

conformanceInTurn('default-privileges', (sandbox) => {
  test('default privileges are granted in one schema and in all, and the role gets what they give on new objects', async () => {
    const box = sandbox()
    const { role, owner, schema, make } = await setScene(box)
    const grants = [
      Grant.defaultPrivilege({ owner, schema, on: 'tables' }, ['SELECT']),
      Grant.defaultPrivilege({ owner, on: 'tables' }, ['INSERT'], { grantable: true }),
      Grant.defaultPrivilege({ owner, on: 'functions' }, ['EXECUTE']),
    ]
    await make('before')
    await box.sync({ role, grants })
    await make('after')
    expect(await may(box, role, `${schema}.before`, 'SELECT')).toBe(false)
    for (const privilege of ['SELECT', 'INSERT', 'INSERT WITH GRANT OPTION'])
      expect(await may(box, role, `${schema}.after`, privilege)).toBe(true)
    expect((await box.sync({ role, grants })).changed).toBe(false)
    expect((await box.sync({ role, grants: grants.slice(0, 1) })).plan.residue).toEqual([])
    expect(await may(box, role, `${schema}.after`, 'SELECT')).toBe(true)
    expect(await may(box, role, `${schema}.after`, 'INSERT')).toBe(false)
    await make('later')
    expect(await may(box, role, `${schema}.later`, 'SELECT')).toBe(true)
    expect(await may(box, role, `${schema}.later`, 'INSERT')).toBe(false)
    await box.sync({ role, grants: [] })
    await make('last')
    for (const table of ['after', 'later', 'last'])
      expect(await may(box, role, `${schema}.${table}`, 'SELECT')).toBe(false)
    expect(await rows(box, owner)).toEqual([])
    await box.run(`drop role ${role}`)
  })

  test('default privileges that were granted by hand are revoked', async () => {
    const box = sandbox()
    const { role, owner, schema, make } = await setScene(box)
    await box.run(`create role ${role}`)
    await box.admin(`
      alter default privileges for role ${owner} in schema ${schema} grant all on tables to ${role} with grant option;
      alter default privileges for role ${owner} grant usage on types to ${role};
      alter default privileges for role ${owner} revoke execute on functions from public`)
    await box.sync({ role, grants: [] })
    await make('t')
    expect(await may(box, role, `${schema}.t`, 'SELECT')).toBe(false)
    expect(await rows(box, owner)).toEqual([['f']])
    await box.run(`drop role ${role}`)
  })

  test('default privileges on future objects of a role without grants stay if another desired role asks for them', async () => {
    const box = sandbox()
    const { role, owner } = await setScene(box)
    const desired = [
      { role: owner, grants: [] },
      { role, grants: [Grant.defaultPrivilege({ owner, on: 'tables' }, ['SELECT'])] },
    ]
    const { plan } = await box.sync(desired)
    expect(plan.unmanaged.map(({ role: of, kind }) => [of, kind])).toEqual([[owner, 'default privileges']])
    await box.sync(desired.map((one) => ({ ...one, grants: [] })))
    await box.run(`drop role ${role}`)
    await box.admin(`drop role ${owner}`)
  })

  test('default privileges that a role has set itself are undone only if the role asks for nothing', async () => {
    const box = sandbox()
    const { role, owner, schema } = await setScene(box)
    await box.run(`create role ${role}`)
    await box.admin(`
      alter default privileges for role ${owner} grant select on tables to ${role} with grant option;
      alter default privileges for role ${owner} in schema ${schema} grant usage on sequences to public;
      alter default privileges for role ${owner} revoke execute on functions from public`)
    const kept = await box.sync({
      role: owner,
      grants: [Grant.schemaCreate(schema), Grant.schemaUsage(schema)],
    })
    expect(kept.plan.unmanaged.filter(({ kind }) => kind === 'default privileges')).toHaveLength(3)
    const { plan } = await box.sync({ role: owner, grants: [] })
    expect(plan.effects.map((effect) => `${effect.role} ${effect.change}`).sort()).toEqual([
      'public gains',
      'public loses',
      `${role} loses`,
    ])
    expect(await rows(box, owner)).toEqual([])
    await box.run(`drop role ${owner}`)
  })
})
