import { access } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** Runs statements as a role, and commits. */
const runAs = ({ admin }: Sandbox, role: string, text: string): Promise<unknown> =>
  admin(`set role ${role}; ${text}; reset role`)

/** A migrator that owns a schema with something of every kind in it, on which PUBLIC has nothing. */
const makeSchema = async (box: Sandbox) => {
  const [migrator, schema] = [box.name('migrator'), box.name('s')]
  const owner = { role: migrator, grants: access.owner(schema) }
  await box.sync(owner)
  await box.admin(`alter default privileges for role ${migrator} revoke execute on functions from public`)
  const make = (suffix: string): Promise<unknown> =>
    runAs(
      box,
      migrator,
      `create table ${schema}.t${suffix} (id serial, note text); create view ${schema}.v${suffix} as select 1 as id;
       create sequence ${schema}.q${suffix}; create function ${schema}.f${suffix} () returns int language sql as 'select 1'
       ${box.server.version >= 110000 ? `; create procedure ${schema}.p${suffix} () language sql as 'select 1'` : ''}`,
    )
  await make('1')
  return { migrator, schema, owner, make }
}

/** What a role can do with what {@link makeSchema} makes, by doing it. */
const deedsOf = async (box: Sandbox, role: string, schema: string, suffix: string): Promise<string[]> => {
  const statements: Readonly<Record<string, string>> = {
    'reads the table': `select from ${schema}.t${suffix}`,
    'reads the view': `select from ${schema}.v${suffix}`,
    inserts: `insert into ${schema}.t${suffix} (note) values ('x')`,
    updates: `update ${schema}.t${suffix} set note = 'y' where id = 1`,
    deletes: `delete from ${schema}.t${suffix} where id = 1`,
    truncates: `truncate ${schema}.t${suffix}`,
    'reads the sequence': `select last_value from ${schema}.q${suffix}`,
    'takes a number': `select nextval('${schema}.q${suffix}')`,
    'sets the number': `select setval('${schema}.q${suffix}', 1)`,
    'calls the function': `select ${schema}.f${suffix}()`,
    ...(box.server.version >= 110000 && { 'calls the procedure': `call ${schema}.p${suffix}()` }),
    creates: `create table ${schema}.of_${role} ()`,
  }
  const done: string[] = []
  for (const [what, statement] of Object.entries(statements))
    await box.as(role, statement).then(
      () => done.push(what),
      (error: Error) => expect(error.message).toMatch(/permission denied/),
    )
  return done
}

const reads = ['reads the table', 'reads the view', 'reads the sequence']

const writes = (version: number): readonly string[] => [
  'reads the table',
  'reads the view',
  'inserts',
  'updates',
  'deletes',
  'reads the sequence',
  'takes a number',
  'calls the function',
  ...(version >= 110000 ? ['calls the procedure'] : []),
]

conformanceAround16('access level', (sandbox) => {
  test('an application reads and writes what its migrator has created and will create, without drift', async () => {
    const box = sandbox()
    const { migrator, schema, owner, make } = await makeSchema(box)
    const app = box.name('app')
    const desired = [owner, { role: app, grants: access.readWrite(schema, { future: migrator }) }]
    await box.sync(desired)
    await make('2')
    const { changed, plan } = await box.sync(desired)
    expect([changed, plan.skipped, plan.effects]).toEqual([false, [], []])
    for (const suffix of ['1', '2'])
      expect(await deedsOf(box, app, schema, suffix)).toEqual(writes(box.server.version))

    await box.sync({ role: app, grants: [] })
    await make('3')
    for (const suffix of ['1', '2', '3']) expect(await deedsOf(box, app, schema, suffix)).toEqual([])
    await box.run(`drop role ${app}`)
    expect((await box.sync(owner)).changed).toBe(false)
  })

  test('a group reads what exists and what will be created, directly or through intermediate roles', async () => {
    const box = sandbox()
    const { migrator, schema, owner, make } = await makeSchema(box)
    const [group, others] = [box.name('g'), box.name('others')]
    const desired = [
      owner,
      { role: group, grants: access.readOnly(schema, { future: [migrator] }) },
      { role: others, grants: access.readOnly(schema, { future: [migrator], direct: false }) },
    ]
    await box.sync(desired)
    await make('2')
    for (const role of [group, others])
      for (const suffix of ['1', '2']) expect(await deedsOf(box, role, schema, suffix)).toEqual(reads)
    await box.sync(desired)

    // One of them is taken away, and the other stays.
    await box.sync([owner, { role: others, grants: [] }])
    expect(await deedsOf(box, group, schema, '2')).toEqual(reads)
    expect(await deedsOf(box, others, schema, '2')).toEqual([])
    await box.run(`drop role ${others}`)
  })

  test('an access level of one’s own gives what it says', async () => {
    const box = sandbox()
    const { migrator, schema, make } = await makeSchema(box)
    const role = box.name('r')
    const append = access.level({ schema: ['USAGE', 'CREATE'], tables: ['INSERT'], sequences: ['USAGE'] })
    await box.sync({ role, grants: append(schema, { future: migrator }) })
    await make('2')
    for (const suffix of ['1', '2'])
      expect(await deedsOf(box, role, schema, suffix)).toEqual(['inserts', 'takes a number', 'creates'])
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
  })

  test('an access level takes away what goes beyond it, whoever granted that', async () => {
    const box = sandbox()
    const { migrator, schema, owner } = await makeSchema(box)
    const [role, friend] = [box.name('r'), box.name('friend')]
    await box.run(`create role ${role}; create role ${friend}`)
    await box.admin(`
      grant usage on schema ${schema} to ${friend};
      grant select on ${schema}.t1 to ${friend} with grant option;
      grant truncate, insert on ${schema}.t1 to ${role};
      grant update on ${schema}.q1 to ${role};
      alter default privileges for role ${migrator} in schema ${schema} grant delete on tables to ${role};
      set role ${friend}; grant select on ${schema}.t1 to ${role}; reset role`)
    const { plan } = await box.sync([owner, { role, grants: access.readOnly(schema) }])
    expect(plan.effects).toEqual([])
    expect(await deedsOf(box, role, schema, '1')).toEqual(reads)
    await box.as(friend, `select from ${schema}.t1`)
    await box.sync({ role, grants: [] })
    expect(await deedsOf(box, role, schema, '1')).toEqual([])
    await box.as(friend, `select from ${schema}.t1`)
    await box.run(`drop role ${role}`)
  })
})
