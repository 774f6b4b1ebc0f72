import { Grant, InvalidGrantError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { ownerOf } from '../../../harness/sandbox/owner-of.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const privilegesOf = async (box: Sandbox, role: string, relation: string): Promise<readonly unknown[]> =>
  (
    await box.admin(
      `select privilege_type || case when is_grantable then '*' else '' end
       from pg_class cross join aclexplode(relacl) where pg_class.oid = '${relation}'::regclass and grantee = '${role}'::regrole order by 1`,
    )
  ).map(([privilege]) => privilege)

conformanceAround16('preserve', (sandbox) => {
  test('everything that a role has inside a preserved schema stays; what it has on the schema itself is managed', async () => {
    const box = sandbox()
    const [role, kept, lost] = [box.name('r'), box.name('kept'), box.name('lost')]
    await box.run(`create role ${role}`)
    for (const schema of [kept, lost])
      await box.run(
        `create schema ${schema}; create table ${schema}.own (); create table ${schema}.direct (id int); create table ${schema}.indirect ();
         grant insert, update on ${schema}.direct to ${role}; grant select (id) on ${schema}.direct to ${role};
         grant delete on ${schema}.direct to ${role} with grant option;
         grant usage, create on schema ${schema} to ${role}`,
      )
    for (const schema of [kept, lost]) await box.admin(`alter table ${schema}.own owner to ${role}`)
    const indirect = [kept, lost].map((schema) => Grant.tableSelect(schema, 'indirect'))
    const preserved = { role, preserveExistingGrantsInSchemas: [kept, lost] }
    await box.sync({ ...preserved, grants: indirect })

    await box.sync({ role, grants: [Grant.schemaUsage(kept)], preserveExistingGrantsInSchemas: [kept] })
    expect(await ownerOf(box, `${kept}.own`)).toBe(role)
    expect(await privilegesOf(box, role, `${kept}.direct`)).toEqual(['DELETE*', 'INSERT', 'UPDATE'])
    await box.as(role, `select id from ${kept}.direct; select from ${kept}.indirect`)
    expect(await ownerOf(box, `${lost}.own`)).toBe(box.actor)
    expect(await privilegesOf(box, role, `${lost}.direct`)).toEqual([])
    const has = await box.run(
      `select has_schema_privilege('${role}', '${kept}', 'USAGE'), has_schema_privilege('${role}', '${kept}', 'CREATE'),
              has_table_privilege('${role}', '${lost}.indirect', 'SELECT'), has_column_privilege('${role}', '${lost}.direct', 'id', 'SELECT')`,
    )
    expect(has).toEqual([[true, false, false, false]])

    await box.sync({ role, grants: [] })
    expect(await ownerOf(box, `${kept}.own`)).toBe(box.actor)
    expect(await privilegesOf(box, role, `${kept}.direct`)).toEqual([])
    await box.run(`drop role ${role}`)
  })

  test('a change of owner elsewhere in the plan takes away nothing that is preserved', async () => {
    const box = sandbox()
    const [keeper, owner, heir, schema] = [box.name('k'), box.name('o'), box.name('h'), box.name('s')]
    await box.run(
      `create role ${keeper}; create role ${owner}; create role ${heir}; create schema ${schema};
       create table ${schema}.moved (); create table ${schema}.lost (); create table ${schema}.own ();
       grant insert on ${schema}.moved, ${schema}.lost to ${keeper}`,
    )
    await box.admin(
      `alter table ${schema}.lost owner to ${owner}; alter table ${schema}.own owner to ${keeper};
       grant usage on schema ${schema} to ${owner}; set role ${owner}; grant update on ${schema}.lost to ${keeper}; reset role`,
    )
    await box.sync([
      { role: keeper, grants: [], preserveExistingGrantsInSchemas: [schema] },
      { role: owner, grants: [] },
      { role: heir, grants: [Grant.tableOwnership(schema, 'moved'), Grant.schemaOwnership(schema)] },
    ])
    expect(await ownerOf(box, `${schema}.moved`)).toBe(heir)
    expect(await ownerOf(box, `${schema}.lost`)).toBe(box.actor)
    expect(await ownerOf(box, `${schema}.own`)).toBe(keeper)
    expect(await privilegesOf(box, keeper, `${schema}.moved`)).toEqual(['INSERT'])
    expect(await privilegesOf(box, keeper, `${schema}.lost`)).toEqual(['INSERT', 'UPDATE'])
  })

  test('another role cannot get ownership of what is preserved', async () => {
    const box = sandbox()
    const [keeper, heir, schema] = [box.name('k'), box.name('h'), box.name('s')]
    await box.run(
      `create role ${keeper}; create role ${heir}; create schema ${schema}; create table ${schema}.t ()`,
    )
    await box.admin(`alter table ${schema}.t owner to ${keeper}`)
    const desired = [
      { role: keeper, grants: [], preserveExistingGrantsInSchemas: [schema] },
      { role: heir, grants: [Grant.tableOwnership(schema, 't')] },
    ]
    await expect(box.pool.syncRoles(desired)).rejects.toBeInstanceOf(InvalidGrantError)
    expect(await ownerOf(box, `${schema}.t`)).toBe(keeper)
  })

  test('a preserved schema has to exist, unless the same request creates it', async () => {
    const box = sandbox()
    const [role, schema, fresh] = [box.name('r'), box.name('s'), box.name('s')]
    await box.run(
      `create role ${role}; create schema ${schema}; create table ${schema}.t (); grant insert on ${schema}.t to ${role}`,
    )
    const misspelt = { role, grants: [], preserveExistingGrantsInSchemas: [`${schema}x`] }
    await expect(box.pool.syncRoles(misspelt)).rejects.toMatchObject({
      _tag: 'InvalidGrantError',
      role,
      field: 'preserveExistingGrantsInSchemas',
      message: `cannot preserve what role "${role}" has in schema "${schema}x": it does not exist`,
    })
    expect(await privilegesOf(box, role, `${schema}.t`)).toEqual(['INSERT'])
    await box.sync({
      role,
      grants: [Grant.schemaOwnership(fresh)],
      preserveExistingGrantsInSchemas: [schema, fresh],
    })
    expect(await privilegesOf(box, role, `${schema}.t`)).toEqual(['INSERT'])
    await box.sync({ role, grants: [] })
  })
})
