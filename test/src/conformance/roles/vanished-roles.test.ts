import { Grant, ResidueError } from '@pgsr/node-postgres'
import { isVanished } from '@pgsr/planner/internal'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** Leaves of a role what catalogs say of it, as old servers and races can. Returns its oid. */
const vanish = async ({ admin }: Sandbox, role: string): Promise<string> => {
  const oid = (await admin(`select oid::text from pg_roles where rolname = '${role}'`))[0]![0] as string
  await admin(`delete from pg_authid where oid = ${oid}`)
  return oid
}

/** Takes away what is left of memberships of a role that is gone, and nothing of other tests in the cluster. */
const endMembershipsOf = async ({ admin }: Sandbox, oid: string): Promise<void> => {
  await admin(`delete from pg_auth_members where ${oid} in (roleid, member, grantor)`)
}

interface Scene {
  readonly role: string
  readonly other: string
  readonly gone: string
  readonly schema: string
}

/** A role that can log in and read two tables, and another that will be gone. */
const setScene = async (box: Sandbox): Promise<Scene> => {
  const [role, other, gone, schema] = [box.name('t'), box.name('x'), box.name('g'), box.name('s')]
  await box.run(`
    create role ${role} login; create role ${other}; create role ${gone};
    create schema ${schema}; create table ${schema}.one (a int, b int); create table ${schema}.two (a int);
    grant usage on schema ${schema} to ${role}, ${gone}; grant select on ${schema}.two to ${role};
    grant ${other} to ${role}`)
  return { role, other, gone, schema }
}

const may = async ({ admin }: Sandbox, role: string, table: string): Promise<unknown> =>
  (await admin(`select has_table_privilege('${role}', '${table}'::regclass, 'SELECT')`))[0]![0]

const logsIn = async ({ admin }: Sandbox, role: string): Promise<unknown> =>
  (await admin(`select rolcanlogin from pg_roles where rolname = '${role}'`))[0]![0]

/** Everything else goes, and the plan says of some things that they stay. */
const expectResidue = async (
  box: Sandbox,
  { role, schema }: Scene,
  facts: readonly string[],
): Promise<void> => {
  await expect(box.pool.syncRoles({ role, grants: [] })).rejects.toBeInstanceOf(ResidueError)
  const { plan } = await box.pool.syncRoles({ role, grants: [] }, { onResidue: 'report' })
  expect(plan.residue.map(({ fact }) => fact.kind).sort()).toEqual(facts)
  for (const { message, statement, reason } of plan.residue) {
    // What was granted to one goes with what lets grant it, by a statement that need not name it.
    if (reason === 'passed on') expect(statement).toMatch(/CASCADE$/)
    else {
      expect(message).toContain('not exist any more')
      expect(statement).not.toMatch(/unknown|REVOKE/)
    }
  }
  expect(await logsIn(box, role)).toBe(false)
  expect(await may(box, role, `${schema}.two`)).toBe(false)
  const again = await box.pool.syncRoles({ role, grants: [] }, { onResidue: 'report' })
  expect(again.changed).toBe(false)
}

const dropScene = async ({ admin }: Sandbox, { role, other, schema }: Scene): Promise<void> => {
  await admin(`drop schema ${schema} cascade; drop owned by ${role}; drop role ${role}; drop role ${other}`)
}

conformanceAround16('vanished roles', (sandbox) => {
  test('what a dropped role granted stays, and is residue; the rest is revoked', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, gone, schema } = scene
    await box.admin(`
      grant select on ${schema}.one to ${gone} with grant option;
      set role ${gone}; grant select on ${schema}.one to ${role}; grant select (a) on ${schema}.one to ${role}; reset role`)
    await vanish(box, gone)
    await expectResidue(box, scene, ['privilege', 'privilege'])
    await dropScene(box, scene)
  })

  test('no existing role is taken for a dropped one that PostgreSQL prints alike', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, other, gone, schema } = scene
    await box.admin(`
      grant select on ${schema}.one to ${gone} with grant option;
      set role ${gone}; grant select on ${schema}.one to ${role}; reset role`)
    const oid = await vanish(box, gone)
    const names = [`"${oid}"`, `"unknown (OID=${oid})"`]
    await box.run(names.map((name) => `create role ${name}; grant ${name} to ${other}`).join(';'))
    await box.run(names.map((name) => `grant select on ${schema}.two to ${name} with grant option`).join(';'))
    const before = await box.holdings([oid, `unknown (OID=${oid})`])
    await expectResidue(box, scene, ['privilege'])
    expect(await box.holdings([oid, `unknown (OID=${oid})`])).toEqual(before)
    // What the one that is there has granted goes.
    await box.admin(`
      grant usage on schema ${schema} to ${names[0]!};
      set role ${names[0]!}; grant select on ${schema}.two to ${role}; reset role`)
    await box.pool.syncRoles({ role, grants: [] }, { onResidue: 'report' })
    expect(await may(box, role, `${schema}.two`)).toBe(false)
    await box.admin(names.map((name) => `drop owned by ${name}; drop role ${name}`).join(';'))
    await dropScene(box, scene)
  })

  test('a membership that a dropped role granted is revoked before PostgreSQL 16, and stays from 16 on', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, other, gone } = scene
    await box.admin(`
      revoke ${other} from ${role}; grant ${other} to ${gone} with admin option;
      set role ${gone}; grant ${other} to ${role}; reset role`)
    const oid = await vanish(box, gone)
    if (box.server.version >= 160000) await expectResidue(box, scene, ['membership'])
    else {
      const { plan } = await box.sync({ role, grants: [] })
      expect(plan.residue).toEqual([])
      expect(await box.admin(`select pg_has_role('${role}', '${other}', 'MEMBER')`)).toEqual([[false]])
      expect(await logsIn(box, role)).toBe(false)
    }
    await dropScene(box, scene)
    await endMembershipsOf(box, oid)
  })

  test('a membership in a dropped role stays', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, gone } = scene
    await box.run(`grant ${gone} to ${role}`)
    const oid = await vanish(box, gone)
    await expectResidue(box, scene, ['membership'])
    await dropScene(box, scene)
    await endMembershipsOf(box, oid)
  })

  test('default privileges of a dropped role, and privileges granted to one, stay', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, gone, schema } = scene
    await box.admin(`
      alter default privileges for role ${gone} in schema ${schema} grant select on tables to ${role};
      grant select on ${schema}.one to ${role} with grant option;
      set role ${role}; grant select on ${schema}.one to ${gone}; reset role`)
    await vanish(box, gone)
    await expectResidue(box, scene, ['default privilege', 'privilege', 'privilege'])
    const left = 'select oid from pg_default_acl where defaclrole not in (select oid from pg_authid)'
    for (const catalog of ['pg_depend', 'pg_shdepend'])
      await box.admin(
        `delete from ${catalog} where classid = 'pg_default_acl'::regclass and objid in (${left})`,
      )
    await box.admin(`delete from pg_default_acl where oid in (${left})`)
    await dropScene(box, scene)
  })

  test('only a superuser revokes what a role holds on an object whose owner was dropped; the rest is revoked', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, gone, schema } = scene
    await box.admin(`
      alter table ${schema}.one owner to ${gone};
      set role ${gone}; grant select on ${schema}.one to ${role}; grant select (a) on ${schema}.one to ${role}; reset role`)
    await vanish(box, gone)
    const { plan } = await box.pool.syncRoles({ role, grants: [] }, { onResidue: 'report' })
    expect(plan.residue.map(({ fact, by }) => [fact.kind, by])).toEqual(
      box.isSuperuser
        ? []
        : [
            ['privilege', 'a superuser'],
            ['privilege', 'a superuser'],
          ],
    )
    for (const { message } of plan.residue) expect(message).toContain('not exist any more')
    expect(await may(box, role, `${schema}.one`)).toBe(!box.isSuperuser)
    expect(await may(box, role, `${schema}.two`)).toBe(false)
    expect(await logsIn(box, role)).toBe(false)
    // The residue says what a superuser has to do.
    for (const { statement } of plan.residue) await box.admin(statement)
    expect((await box.pool.syncRoles({ role, grants: [] })).changed).toBe(false)
    expect(await may(box, role, `${schema}.one`)).toBe(false)
    await dropScene(box, scene)
  })

  test('only a superuser grants a privilege on an object whose owner was dropped', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, gone, schema } = scene
    await box.admin(`alter table ${schema}.one owner to ${gone}`)
    await vanish(box, gone)
    const { plan } = await box.pool.syncRoles(
      {
        role,
        grants: [Grant.tableSelect(schema, 'one', { direct: true }), Grant.tableOwnership(schema, 'two')],
      },
      { onResidue: 'report' },
    )
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(box.isSuperuser ? [] : ['not permitted'])
    expect(await may(box, role, `${schema}.one`)).toBe(box.isSuperuser)
    expect(await may(box, role, `${schema}.two`)).toBe(true)
    const { objects } = await box.pool.introspect({ role, grants: [Grant.tableSelect(schema, 'one')] })
    const owner = objects.find(({ kind, name }) => kind === 'table' && name[1] === 'one')!.owner
    expect(isVanished(owner)).toBe(true)
    await dropScene(box, scene)
  })
})
