import { Grant, InvalidGrantError, ResidueError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const isMember = async ({ run }: Sandbox, member: string, role: string): Promise<unknown> =>
  (await run(`select pg_has_role('${member}', '${role}', 'MEMBER')`))[0]?.[0]

const rowsOf = ({ run }: Sandbox, member: string) =>
  run(
    `select pg_get_userbyid(roleid)::text, admin_option from pg_auth_members where member = '${member}'::regrole order by 1`,
  )

conformanceInTurn('membership', (sandbox) => {
  test('a hierarchy of roles that do not exist yet is created in one call, in any order', async () => {
    const box = sandbox()
    const [alice, analyst, staff, company] = [box.name('a'), box.name('b'), box.name('c'), box.name('d')]
    const schema = box.name('s')
    await box.run(`create schema ${schema}; create table ${schema}.t ()`)
    const desired = [
      { role: alice, grants: [Grant.roleMembership(analyst)] },
      { role: staff, grants: [Grant.roleMembership(company), Grant.tableSelect(schema, 't')] },
      { role: analyst, grants: [Grant.roleMembership(staff), Grant.schemaUsage(schema)] },
    ]
    await box.sync(desired)
    await box.as(alice, `select from ${schema}.t`)
    expect(await isMember(box, alice, company)).toBe(true)
    expect((await box.pool.planRoles(desired.toReversed())).transactions).toEqual([])
  })

  test('memberships that are not asked for are revoked, whoever granted them', async () => {
    const box = sandbox()
    const [role, one, two, grantor] = [box.name('r'), box.name('a'), box.name('b'), box.name('g')]
    await box.run(
      `create role ${role}; create role ${one}; create role ${two}; create role ${grantor};
       grant ${one} to ${grantor} with admin option; grant ${two} to ${role}`,
    )
    await box.admin(`set role ${grantor}; grant ${one} to ${role}; reset role`)
    if (box.server.version >= 160000) await box.run(`grant ${one} to ${role}`)
    await box.sync({ role, grants: [Grant.roleMembership(two)] })
    expect(await rowsOf(box, role)).toEqual([[two, false]])
    expect(await isMember(box, grantor, one)).toBe(true)
    await box.sync({ role, grants: [] })
    expect(await rowsOf(box, role)).toEqual([])
  })

  test('a membership that two roles granted stays when one of them loses its ADMIN option', async () => {
    const box = sandbox()
    const [role, group, member] = [box.name('r'), box.name('g'), box.name('m')]
    await box.run(
      `create role ${role}; create role ${group}; create role ${member}; grant ${group} to ${role} with admin option`,
    )
    await box.admin(`set role ${role}; grant ${group} to ${member}; reset role`)
    await box.run(`grant ${group} to ${member}`)
    await box.sync({ role, grants: [] })
    expect(await isMember(box, role, group)).toBe(false)
    expect(await isMember(box, member, group)).toBe(true)
    await box.run(`drop role ${role}`)
  })

  test('a membership that a superuser granted is revoked where the acting role may do that', async () => {
    const box = sandbox()
    const [role, group] = [box.name('r'), box.name('g')]
    await box.run(`create role ${role}; create role ${group}`)
    await box.admin(`grant ${group} to ${role}`)
    if (box.isSuperuser || box.server.version < 160000) {
      await box.sync({ role, grants: [] })
      expect(await rowsOf(box, role)).toEqual([])
      return
    }
    // From 16 on it stands as granted by the bootstrap superuser, in whose name only superusers revoke.
    await expect(box.pool.syncRoles({ role, grants: [] })).rejects.toBeInstanceOf(ResidueError)
    const { plan } = await box.sync({ role, grants: [Grant.login()] }, { onResidue: 'report' })
    expect(plan.residue).toMatchObject([
      { role, reason: 'not permitted', fact: { kind: 'membership', role: group } },
    ])
    expect(await rowsOf(box, role)).toEqual([[group, false]])
    expect((await box.run(`select rolcanlogin from pg_roles where rolname = '${role}'`))[0]).toEqual([true])
    await box.admin(plan.residue[0]!.statement)
    await box.sync({ role, grants: [] })
  })

  test('the ADMIN option is revoked with the memberships granted by it, and the plan lists who loses them', async () => {
    const box = sandbox()
    const [role, group, other] = [box.name('r'), box.name('g'), box.name('o')]
    await box.run(
      `create role ${role}; create role ${group}; create role ${other}; grant ${group} to ${role} with admin option`,
    )
    await box.admin(`set role ${role}; grant ${group} to ${other}; reset role`)
    const { plan } = await box.sync({ role, grants: [Grant.roleMembership(group)] })
    expect(await rowsOf(box, role)).toEqual([[group, false]])
    // Before 16 PostgreSQL does not keep track of who granted a membership by which right.
    const dependent = box.server.version >= 160000
    expect(plan.effects.map((effect) => effect.role)).toEqual(dependent ? [other] : [])
    expect(await isMember(box, other, group)).toBe(!dependent)
  })

  test('a membership that a role with CREATEROLE has granted itself stays until it loses CREATEROLE', async () => {
    const box = sandbox()
    if (box.server.version < 160000) return // there is no such setting, nor a row that creation gives
    const [role, own, other, byHand] = [box.name('r'), box.name('own'), box.name('o'), box.name('h')]
    const desired = { role, grants: [Grant.attribute('CREATEROLE')] }
    await box.sync(desired)
    await box.admin(`
      set session authorization ${role}; set createrole_self_grant = 'set, inherit'; create role ${own};
      set createrole_self_grant = ''; create role ${byHand}; grant ${byHand} to ${role};
      reset session authorization; reset createrole_self_grant; create role ${other}`)
    const { plan } = await box.sync(desired)
    expect(plan.transactions).toEqual([])
    const said = plan.unmanaged.map(({ description }) => description)
    for (const name of [own, byHand]) {
      expect(said).toContain(`membership in role "${name}", which it has created and grants itself`)
      await box.as(role, `set role ${name}`)
    }
    // What somebody else granted is another matter, and so is what is asked for.
    await box.admin(`grant ${other} to ${role}`)
    const taken = await box.sync(
      { role, grants: [...desired.grants, Grant.roleMembership(own, { set: false })] },
      { onResidue: 'report' },
    )
    expect(await isMember(box, role, other)).toBe(!box.isSuperuser)
    expect(taken.plan.residue.map(({ fact }) => fact)).toMatchObject(
      box.isSuperuser ? [] : [{ kind: 'membership', role: other }],
    )
    expect((await box.admin(`select pg_has_role('${role}', '${own}', 'SET')`))[0]).toEqual([false])
    expect((await box.admin(`select pg_has_role('${role}', '${own}', 'USAGE')`))[0]).toEqual([true])

    const lost = await box.sync({ role, grants: [] }, { onResidue: 'report' })
    if (box.isSuperuser) expect(await rowsOf(box, role)).toEqual([])
    for (const name of [own, byHand])
      expect((await box.admin(`select pg_has_role('${role}', '${name}', 'USAGE')`))[0]).toEqual([false])
    expect(lost.plan.residue.every(({ reason }) => reason === 'not permitted')).toBe(true)
  })

  test('a membership is replaced by the reverse one', async () => {
    const box = sandbox()
    const [a, b] = [box.name('a'), box.name('b')]
    await box.sync([
      { role: a, grants: [Grant.roleMembership(b)] },
      { role: b, grants: [] },
    ])
    await box.sync([
      { role: a, grants: [] },
      { role: b, grants: [Grant.roleMembership(a)] },
    ])
    expect([await isMember(box, a, b), await isMember(box, b, a)]).toEqual([false, true])
  })

  test('a cycle through a role that is not synced is skipped with its path, and the rest is done', async () => {
    const box = sandbox()
    const [role, middle, top] = [box.name('r'), box.name('m'), box.name('t')]
    await box.run(
      `create role ${role}; create role ${middle}; create role ${top}; grant ${role} to ${middle}; grant ${middle} to ${top}`,
    )
    const { plan } = await box.sync({ role, grants: [Grant.roleMembership(top), Grant.login()] })
    expect(plan.skipped).toMatchObject([{ role, reason: 'cycle', path: [top, middle, role] }])
    expect(await isMember(box, role, top)).toBe(false)
    expect((await box.run(`select rolcanlogin from pg_roles where rolname = '${role}'`))[0]).toEqual([true])
  })

  test('a cycle among desired roles is refused', async () => {
    const box = sandbox()
    const [a, b] = [box.name('a'), box.name('b')]
    const cycle = [
      { role: a, grants: [Grant.roleMembership(b)] },
      { role: b, grants: [Grant.roleMembership(a)] },
    ]
    await expect(box.pool.syncRoles(cycle)).rejects.toBeInstanceOf(InvalidGrantError)
    expect(await box.run(`select from pg_roles where rolname in ('${a}', '${b}')`)).toEqual([])
  })

  test('a NOINHERIT role gets privileges through an intermediate role from PostgreSQL 16 on, and a skipped grant before', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role} noinherit; create schema ${schema}`)
    const { plan } = await box.sync({ role, grants: [Grant.schemaUsage(schema)] })
    const given = (await box.run(`select has_schema_privilege('${role}', '${schema}', 'USAGE')`))[0]?.[0]
    expect([given, plan.skipped.map(({ reason }) => reason)]).toEqual(
      box.server.version >= 160000 ? [true, []] : [false, ['no effect']],
    )
  })

  test('membership in predefined roles is granted', async () => {
    const box = sandbox()
    const role = box.name('r')
    const predefined = box.server.version >= 100000 ? 'pg_monitor' : 'pg_signal_backend'
    const desired = { role, grants: [Grant.roleMembership(predefined), Grant.login()] }
    if (box.isSuperuser || box.server.version < 160000) {
      await box.sync(desired)
      expect(await isMember(box, role, predefined)).toBe(true)
      await box.sync({ role, grants: [] })
    } else {
      // From 16 on only who administers a role can grant it, and these nobody created.
      await expect(box.pool.syncRoles(desired)).rejects.toBeInstanceOf(ResidueError)
      const given = await box.sync(desired, { onResidue: 'report' })
      expect(given.plan.skipped).toMatchObject([{ role, reason: 'not permitted' }])
    }
    expect(await isMember(box, role, predefined)).toBe(false)
    const { plan } = await box.sync({ role, grants: [Grant.roleMembership('pg_no_such_role')] })
    expect(plan.skipped).toMatchObject([{ reason: 'absent' }])
  })
})
