import { ForbiddenRoleError, Grant, ResidueError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const all = ['SUPERUSER', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'BYPASSRLS'] as const

const attributesOf = async ({ admin }: Sandbox, role: string): Promise<readonly string[]> => {
  const [[...values] = []] = await admin(`
    select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles where rolname = '${role}'`)
  return all.filter((_, index) => values[index] === true)
}

conformanceInTurn('attribute', (sandbox) => {
  test('attributes are granted and revoked', async () => {
    const box = sandbox()
    const role = box.name('r')
    if (!box.isSuperuser) {
      // What who creates roles may give it is little: before 16 these two, from 16 on what it has itself.
      const given =
        box.server.version >= 160000 ? (['CREATEROLE'] as const) : (['CREATEROLE', 'CREATEDB'] as const)
      await box.sync({ role, grants: given.map(Grant.attribute) })
      expect(await attributesOf(box, role)).toEqual(given)
      await box.sync({ role, grants: [] })
      expect(await attributesOf(box, role)).toEqual([])
      const { plan } = await box.sync(
        { role, grants: all.filter((one) => one !== 'SUPERUSER').map(Grant.attribute) },
        { onResidue: 'report' },
      )
      expect(plan.skipped).toHaveLength(4 - given.length)
      expect(await attributesOf(box, role)).toEqual(given)
      await box.sync({ role, grants: [] })
      return
    }
    await expect(box.pool.syncRoles({ role, grants: [Grant.attribute('SUPERUSER')] })).rejects.toBeInstanceOf(
      ForbiddenRoleError,
    )
    const options = { allowSuperuser: true }
    await box.sync({ role, grants: all.map(Grant.attribute) }, options)
    expect(await attributesOf(box, role)).toEqual(all)
    await box.sync({ role, grants: [Grant.attribute('CREATEDB')] }, options)
    expect(await attributesOf(box, role)).toEqual(['CREATEDB'])
    await box.sync({ role, grants: [] })
    expect(await attributesOf(box, role)).toEqual([])
    await box.run(`drop role ${role}`)
  })

  test('roles that differ in one attribute are told apart, however many are read at once', async () => {
    const box = sandbox()
    const variants = [
      ...all,
      'LOGIN',
      'NOINHERIT',
      "VALID UNTIL '2030-01-02 03:04:05.6+00'",
      "VALID UNTIL 'infinity'",
      'CREATEROLE LOGIN',
      'CREATEDB LOGIN',
    ].map((options) => [box.name('r'), options] as const)
    const roles = variants.map(([role]) => role)
    await box.admin(variants.map(([role, options]) => `create role ${role} ${options}`).join(';'))
    const { roles: read } = await box.pool.introspect(roles.map((role) => ({ role, grants: [] })))
    const rows = await box.admin(`
      select rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
        extract(epoch from rolvaliduntil)::float8
      from pg_roles where rolname in (${roles.map((role) => `'${role}'`).join()})`)
    const bySay = new Map(read.map((role) => [role.name, role]))
    expect(rows).toHaveLength(variants.length)
    for (const row of rows) {
      const role = bySay.get(String(row[0]))!
      const { superuser, inherit, createRole, createDb, login, replication, bypassRls, validUntil } = role
      const until = validUntil === 'infinity' ? null : Date.parse(validUntil) / 1000
      expect([
        role.name,
        superuser,
        inherit,
        createRole,
        createDb,
        login,
        replication,
        bypassRls,
        until,
      ]).toEqual([...row.slice(0, 8), row[8] === Infinity ? null : row[8]])
    }
    await box.admin(`drop role ${roles.join(',')}`)
  })

  test('an attribute that the acting role may not take away is residue', async () => {
    const box = sandbox()
    const role = box.name('r')
    await box.run(`create role ${role}`)
    await box.admin(`alter role ${role} createdb createrole bypassrls`)
    if (box.isSuperuser) await box.sync({ role, grants: [] })
    else {
      await expect(box.pool.syncRoles({ role, grants: [] })).rejects.toBeInstanceOf(ResidueError)
      const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
      const left = await attributesOf(box, role)
      expect(new Set(plan.residue.map(({ fact }) => 'attribute' in fact && fact.attribute))).toEqual(
        new Set(left),
      )
      const { version } = box.server
      expect(left).toEqual([
        // Before 10 only superusers alter a role with BYPASSRLS at all.
        ...(version < 100000 ? ['CREATEROLE'] : []),
        ...(version >= 160000 || version < 100000 ? ['CREATEDB'] : []),
        'BYPASSRLS',
      ])
      await box.admin(`alter role ${role} nocreatedb nocreaterole nobypassrls`)
    }
    expect(await attributesOf(box, role)).toEqual([])
  })

  test('a role that loses CREATEROLE loses its rights over the roles that it created, which keep their members', async () => {
    const box = sandbox()
    const [role, made, member] = [box.name('r'), box.name('m'), box.name('x')]
    await box.run(`create role ${role} createrole`)
    await box.admin(`
      create role ${member};
      set role ${role}; create role ${made}; grant ${made} to ${member}; reset role`)
    const isMember = () => box.admin(`select pg_has_role('${member}', '${made}', 'MEMBER')`)
    const tracks = box.server.version >= 160000
    if (tracks && !box.isSuperuser) {
      const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
      expect(plan.residue.map(({ fact }) => fact.kind)).toContain('membership')
      return
    }
    const { plan } = await box.sync({ role, grants: [] }, { keepDependents: true })
    expect(plan.residue).toEqual([])
    expect(await isMember()).toEqual([[true]])
    await box.run(`drop role ${role}`)
  })
})
