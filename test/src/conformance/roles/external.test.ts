import { type DesiredRole, Grant, MissingObjectError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { intermediateRolesOf } from '../../../harness/sandbox/intermediate-roles.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const exists = async ({ admin }: Sandbox, role: string): Promise<boolean> =>
  (await admin(`select from pg_roles where rolname = '${role}'`)).length > 0

conformanceAround16('external', (sandbox) => {
  test('an external role keeps its attributes and its password, and has exactly what is asked for else', async () => {
    const box = sandbox()
    const [role, group, schema] = [box.name('r'), box.name('g'), box.name('s')]
    await box.run(`
      create role ${group}; create role ${role} login createrole password 'secret' valid until '2030-01-01';
      create schema ${schema}; grant ${group} to ${role}; grant create on schema ${schema} to ${role}`)
    const attributes = () => box.admin(`select * from pg_authid where rolname = '${role}'`)
    const before = await attributes()
    await box.sync({ role, external: true, grants: [Grant.schemaUsage(schema)] })
    expect(await attributes()).toEqual(before)
    const mays = await box.admin(`
      select has_schema_privilege('${role}', '${schema}', 'USAGE'), has_schema_privilege('${role}', '${schema}', 'CREATE'),
        pg_has_role('${role}', '${group}', 'MEMBER')`)
    expect(mays).toEqual([[true, false, false]])
  })

  test('an external role is not created, and nobody becomes a member of it', async () => {
    const box = sandbox()
    const [absent, member, schema] = [box.name('r'), box.name('m'), box.name('s')]
    await box.run(`create schema ${schema}`)
    const desired: readonly DesiredRole[] = [
      { role: absent, external: true, grants: [Grant.schemaUsage(schema)] },
      { role: member, grants: [Grant.roleMembership(absent)] },
    ]
    await expect(box.pool.syncRoles(desired, { onMissing: 'error' })).rejects.toBeInstanceOf(
      MissingObjectError,
    )
    const { plan } = await box.sync(desired)
    expect([await exists(box, absent), await exists(box, member)]).toEqual([false, true])
    expect(plan.skipped.map(({ role, reason, message }) => [role, reason, message])).toEqual([
      [absent, 'absent', `cannot create role "${absent}": it does not exist, and is external`],
      [
        member,
        'absent',
        `cannot grant membership in role "${absent}" to role "${member}": role "${absent}" does not exist`,
      ],
    ])
  })

  test('with createRoles: false, only roles of pgsr’s own are created', async () => {
    const box = sandbox()
    const [role, absent, group, schema] = [box.name('r'), box.name('a'), box.name('g'), box.name('s')]
    await box.run(`create role ${role}; create schema ${schema}; create table ${schema}.t ()`)
    await box.admin(`alter table ${schema}.t owner to ${role}; create view ${schema}.v as select;
      alter view ${schema}.v owner to ${role}`)
    const desired: readonly DesiredRole[] = [
      { role, grants: [Grant.schemaUsage(schema), Grant.roleMembership(group)] },
      { role: absent, grants: [Grant.schemaUsage(schema)] },
    ]
    const { plan } = await box.sync(desired, { createRoles: false })
    expect([await exists(box, absent), await exists(box, group)]).toEqual([false, false])
    expect(await intermediateRolesOf(box, role)).toHaveLength(1)
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['absent', 'absent'])
    await expect(
      box.pool.syncRoles(desired, { createRoles: false, onMissing: 'error' }),
    ).rejects.toBeInstanceOf(MissingObjectError)
  })

  test('with onMissing: "error", a membership in a role that does not exist is refused', async () => {
    const box = sandbox()
    const [role, group] = [box.name('r'), box.name('g')]
    const member: DesiredRole = { role, grants: [Grant.roleMembership(group)] }
    await expect(box.pool.syncRoles(member, { onMissing: 'error' })).rejects.toMatchObject({
      _tag: 'MissingObjectError',
      skipped: [{ role, reason: 'absent' }],
      message: `cannot grant membership in role "${group}" to role "${role}": role "${group}" does not exist`,
    })
    expect(await exists(box, group)).toBe(false)
    // One that is synced too is created for its own sake.
    await box.sync([member, { role: group, grants: [] }], { onMissing: 'error' })
    expect(await exists(box, group)).toBe(true)
  })
})
