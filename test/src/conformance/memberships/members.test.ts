import { Grant, MissingObjectError, type Plan, renderJson, ResidueError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** Those of some roles that are members of a role, in some way. */
const membersOf = async (
  { run }: Sandbox,
  role: string,
  among: readonly string[],
  way = 'MEMBER',
): Promise<readonly unknown[]> => {
  const rows = await run(
    `select m from unnest(array['${among.join("','")}']) as m where pg_has_role(m, '${role}', '${way}') order by 1`,
  )
  return rows.map(([member]) => member)
}

const makeRoles = async ({ run, name }: Sandbox, ...bases: readonly string[]): Promise<readonly string[]> => {
  const names = bases.map(name)
  await run(names.map((one) => `create role ${one}`).join('; '))
  return names
}

conformanceAround16('members of a role', (sandbox) => {
  test('are exactly those listed, whoever granted the membership, and can do what the role can', async () => {
    const box = sandbox()
    const [role, a, b, c, d] = (await makeRoles(box, 'r', 'a', 'b', 'c', 'd')) as [
      string,
      string,
      string,
      string,
      string,
    ]
    const schema = box.name('s')
    await box.run(
      `create schema ${schema}; create table ${schema}.t (); grant ${role} to ${b}, ${c}; grant ${role} to ${d} with admin option`,
    )
    await box.admin(`set role ${d}; grant ${role} to ${a}, ${b}; reset role`)
    const grants = [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')]
    await box.sync({ role, grants, members: [a, c] })
    expect(await membersOf(box, role, [a, b, c, d])).toEqual([a, c])
    await box.as(a, `select from ${schema}.t`)
    await expect(box.as(b, `select from ${schema}.t`)).rejects.toMatchObject({ code: '42501' })
    await box.sync({ role, grants, members: [] })
    expect(await membersOf(box, role, [a, b, c, d])).toEqual([])
    await box.sync({ role, grants })
    await expect(box.as(a, `select from ${schema}.t`)).rejects.toMatchObject({ code: '42501' })
  })

  test('get the options that are listed, and lose ADMIN with what they granted by it', async () => {
    const box = sandbox()
    const [role, a, b, c] = (await makeRoles(box, 'r', 'a', 'b', 'c')) as [string, string, string, string]
    await box.sync({ role, grants: [], members: [{ role: a, admin: true }, b] })
    expect(await membersOf(box, role, [a, b, c], 'MEMBER WITH ADMIN OPTION')).toEqual([a])
    await box.admin(`set role ${a}; grant ${role} to ${c}; reset role`)
    const options = { keepDependents: true }
    await box.sync({ role, grants: [], members: [a, { role: b, admin: true }] }, options)
    expect(await membersOf(box, role, [a, b, c], 'MEMBER WITH ADMIN OPTION')).toEqual([b])
    expect(await membersOf(box, role, [a, b, c])).toEqual([a, b])
    if (box.server.version < 160000) return
    await box.sync({ role, grants: [], members: [a, { role: b, set: false }] })
    expect(await membersOf(box, role, [a, b], 'SET')).toEqual([a])
    expect(await membersOf(box, role, [a, b], 'USAGE')).toEqual([a, b])
  })

  test('keep INHERIT and SET as they are where nothing is said of these, even if the grantor is no more a member', async () => {
    const box = sandbox()
    if (box.server.version < 160000) return // a membership has both, and no grantor that matters
    const [role, grantor, a, b] = (await makeRoles(box, 'r', 'g', 'a', 'b')) as [
      string,
      string,
      string,
      string,
    ]
    await box.run(`grant ${role} to ${grantor} with admin option`)
    await box.admin(
      `set role ${grantor}; grant ${role} to ${a} with set false; grant ${role} to ${b} with inherit false; reset role`,
    )
    await box.sync([
      { role, grants: [], members: [{ role: a, admin: true }, b] },
      { role: b, grants: [Grant.roleMembership(role)] },
    ])
    expect(await membersOf(box, role, [grantor, a, b])).toEqual([a, b])
    expect(await membersOf(box, role, [a, b], 'SET')).toEqual([b])
    expect(await membersOf(box, role, [a, b], 'USAGE')).toEqual([a])
    // What is asked for instead leaves no choice.
    await box.sync({
      role,
      grants: [],
      members: [
        { role: a, inherit: false },
        { role: b, set: false },
      ],
    })
    expect(await membersOf(box, role, [a, b], 'SET')).toEqual([a])
    expect(await membersOf(box, role, [a, b], 'USAGE')).toEqual([b])
  })

  test('are those of a plan that was reviewed', async () => {
    const box = sandbox()
    const [role, a, b] = (await makeRoles(box, 'r', 'a', 'b')) as [string, string, string]
    await box.run(`grant ${role} to ${b}`)
    const plan = await box.plan({ role, grants: [], members: [{ role: a, inherit: true }] })
    await box.pool.executePlan(JSON.parse(renderJson(plan)) as Plan)
    expect(await membersOf(box, role, [a, b])).toEqual([a])
  })

  test('that do not exist are skipped, and created if they are desired too', async () => {
    const box = sandbox()
    const [role, member] = [box.name('r'), box.name('m')]
    const desired = { role, grants: [], members: [member] }
    const { skipped } = (await box.sync(desired)).plan
    expect(skipped).toMatchObject([{ role: member, reason: 'absent' }])
    expect(await box.roles()).not.toContain(member)
    await expect(box.pool.syncRoles(desired, { onMissing: 'error' })).rejects.toThrow(MissingObjectError)
    await box.sync([desired, { role: member, grants: [] }])
    expect(await membersOf(box, role, [member])).toEqual([member])
  })

  test('that the call may not remove stay, and are a residue', async () => {
    const box = sandbox()
    const [role, member] = (await makeRoles(box, 'r', 'm')) as [string, string]
    await box.admin(`grant ${role} to ${member}`)
    const desired = { role, grants: [], members: [] }
    if (box.isSuperuser || box.server.version < 160000) await box.sync(desired, { onResidue: 'error' })
    else await expect(box.pool.syncRoles(desired, { onResidue: 'error' })).rejects.toThrow(ResidueError)
    expect(await membersOf(box, role, [member])).toHaveLength(
      box.isSuperuser || box.server.version < 160000 ? 0 : 1,
    )
  })

  test('who syncs, its creator and superusers stay members', async () => {
    const box = sandbox()
    const [role, root] = (await makeRoles(box, 'r', 's')) as [string, string]
    await box.admin(`alter role ${root} superuser; grant ${role} to ${root}, ${box.actor}`)
    await box.sync({ role, grants: [], members: [] })
    const rows = await box.admin(
      `select distinct member::regrole::text from pg_auth_members where roleid = '${role}'::regrole order by 1`,
    )
    expect(rows.flat()).toEqual([box.actor, root].sort())
    await box.admin(`drop role ${root}`)
  })
})
