import { Grant, InvalidGrantError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import { ownerOf } from '../../../harness/sandbox/owner-of.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const schemaOwner = async ({ run }: Sandbox, schema: string): Promise<unknown> =>
  (await run(`select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = '${schema}'`))[0]?.[0]

const aclOf = async ({ run }: Sandbox, relation: string): Promise<readonly unknown[]> =>
  (await run(`select unnest(relacl)::text from pg_class where oid = '${relation}'::regclass order by 1`)).map(
    ([item]) => item,
  )

conformanceInTurn('ownership', (sandbox) => {
  test('a schema is created for its owner, and other grants on it work in the same call', async () => {
    const box = sandbox()
    const [owner, reader, schema] = [box.name('o'), box.name('r'), box.name('s')]
    const { plan } = await box.sync([
      { role: reader, grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 'later')] },
      { role: owner, grants: [Grant.schemaOwnership(schema)] },
    ])
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['absent'])
    expect(await schemaOwner(box, schema)).toBe(owner)
    await box.as(owner, `create table ${schema}.made ()`)
    expect((await box.run(`select has_schema_privilege('${reader}', '${schema}', 'USAGE')`))[0]).toEqual([
      true,
    ])
  })

  test('a schema goes to the role that asks for it, and to the acting role if none does', async () => {
    const box = sandbox()
    const [a, b, schema] = [box.name('a'), box.name('b'), box.name('s')]
    await box.sync({ role: a, grants: [Grant.schemaOwnership(schema)] })
    await box.sync([
      { role: a, grants: [] },
      { role: b, grants: [Grant.schemaOwnership(schema)] },
    ])
    expect(await schemaOwner(box, schema)).toBe(b)
    await box.sync({ role: b, grants: [] })
    expect(await schemaOwner(box, schema)).toBe(box.actor)
    expect((await box.run(`select has_schema_privilege('${b}', '${schema}', 'USAGE')`))[0]).toEqual([false])
  })

  test('the default privileges of a new schema’s owner are an effect', async () => {
    const box = sandbox()
    if (box.server.version < 100000) return // there are none for schemas yet
    const [owner, third, schema] = [box.name('o'), box.name('t'), box.name('s')]
    await box.run(`create role ${owner}; create role ${third}`)
    await box.admin(`alter default privileges for role ${owner} grant usage on schemas to ${third}`)
    const { plan } = await box.sync({ role: owner, grants: [Grant.schemaOwnership(schema)] })
    expect(plan.effects).toMatchObject([{ role: third, change: 'gains', fact: { privilege: 'USAGE' } }])
    expect(plan.unmanaged).toMatchObject([{ role: owner, kind: 'default privileges' }])
  })

  test.for([
    ['which the owner did not have', false],
    ['which the owner had', true],
  ] as const)('a table is owned without CREATE on its schema, %s', async ([, hadCreate]) => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create schema ${schema}; create table ${schema}.t (id serial)`)
    if (hadCreate) await box.run(`grant create on schema ${schema} to ${role}`)
    await box.sync({
      role,
      grants: [
        Grant.tableOwnership(schema, 't'),
        ...(hadCreate ? [Grant.schemaCreate(schema, { direct: true })] : []),
      ],
    })
    expect(await ownerOf(box, `${schema}.t`)).toBe(role)
    expect(await ownerOf(box, `${schema}.t_id_seq`)).toBe(role)
    expect((await box.run(`select has_schema_privilege('${role}', '${schema}', 'CREATE')`))[0]).toEqual([
      hadCreate,
    ])
    await box.sync({ role, grants: [] })
    expect(await ownerOf(box, `${schema}.t`)).toBe(box.actor)
    expect(await ownerOf(box, `${schema}.t_id_seq`)).toBe(box.actor)
    await box.run(`drop role ${role}`)
  })

  test('an owner reads its table without a grant, and a grant to it changes nothing', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t ()`)
    await box.sync({
      role,
      grants: [Grant.schemaUsage(schema), Grant.tableOwnership(schema, 't'), Grant.tableSelect(schema, 't')],
    })
    await box.as(role, `select from ${schema}.t`)
    expect(await aclOf(box, `${schema}.t`)).toEqual([])
  })

  test('what the old owner granted becomes a grant of the new owner, merged with what that has granted', async () => {
    const box = sandbox()
    const [role, reader, schema] = [box.name('o'), box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create role ${reader}`)
    await box.admin(
      `create schema ${schema} authorization ${role}; create table ${schema}.t (id int, v int); alter table ${schema}.t owner to ${role};
       grant select on ${schema}.t to ${reader}; grant update (v) on ${schema}.t to ${reader}`,
    )
    const { plan } = await box.sync({ role, grants: [] })
    expect(await aclOf(box, `${schema}.t`)).toContain(`${reader}=r/${box.actor}`)
    const ofReader = plan.effects.filter((effect) => effect.role === reader)
    expect(ofReader.map(({ change }) => change).sort()).toEqual(['gains', 'gains', 'loses', 'loses'])
    expect(plan.effects.filter((effect) => effect.role === role)).toMatchObject([
      { change: 'loses', fact: { object: { kind: 'schema' } }, newOwner: box.actor },
      { change: 'loses', fact: { object: { kind: 'table' } }, newOwner: box.actor },
    ])
    await box.run(`drop role ${role}`)
  })

  test('grants on the row type of a table follow its owner too', async () => {
    const box = sandbox()
    const [role, heir, other, schema] = [box.name('o'), box.name('h'), box.name('b'), box.name('s')]
    await box.run(
      `create role ${role}; create role ${heir}; create role ${other}; create schema ${schema}; create table ${schema}.t (id int)`,
    )
    await box.admin(
      `alter table ${schema}.t owner to ${role}; grant usage on type ${schema}.t to ${other}, ${heir}`,
    )
    const { plan } = await box.sync([
      { role, grants: [] },
      { role: heir, grants: [Grant.tableOwnership(schema, 't')] },
    ])
    const ofOther = plan.effects.filter((effect) => effect.role === other)
    expect(
      ofOther.map(({ change, fact }) => [change, fact.kind === 'privilege' && fact.object.kind]),
    ).toEqual([
      ['loses', 'type'],
      ['gains', 'type'],
    ])
    await box.run(`drop role ${role}`)
  })

  test('two roles that ask for ownership of the same object are refused', async () => {
    const box = sandbox()
    const schema = box.name('s')
    const grants = [Grant.schemaOwnership(schema)]
    await expect(
      box.pool.syncRoles([
        { role: box.name('a'), grants },
        { role: box.name('b'), grants },
      ]),
    ).rejects.toBeInstanceOf(InvalidGrantError)
    expect(await schemaOwner(box, schema)).toBeUndefined()
  })
})
