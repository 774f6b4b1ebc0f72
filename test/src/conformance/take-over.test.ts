import { Grant, isIntermediateName, ResidueError } from '@pgsr/node-postgres'
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformance } from '../../harness/conformance.ts'
import type { Connected } from '../../harness/drivers.ts'
import type { Sandbox } from '../../harness/sandbox.ts'
import { connectionTo } from '../../harness/servers.ts'

interface Made {
  readonly schema: string
  /** Intermediate roles of another process: CONNECT, USAGE and SELECT. */
  readonly roles: readonly [connect: string, usage: string, select: string]
}

let made = 0

/** What another process leaves behind: a schema with a table, and an intermediate role for each privilege. */
const handMade = async (box: Sandbox, run: Sandbox['run'] = box.run): Promise<Made> => {
  const schema = box.name('s')
  const [[oid]] = (await box.run(
    'select oid from pg_database where datname = current_database()',
  )) as readonly [readonly [string]]
  const id = (process.pid * 1000 + ++made).toString(16).padStart(8, '0').slice(-8)
  const [connect, usage, select] = [
    `_pgsr_global_database_connect_${id}`,
    `_pgsr_local_${oid}_schema_usage_${id}`,
    `_pgsr_local_${oid}_table_select_${id}`,
  ]
  await box.run(`create schema ${schema}; create table ${schema}.t ()`)
  await run(`create role ${connect}; create role ${usage}; create role ${select}`)
  await box.run(
    `grant connect on database ${box.database} to ${connect}; grant usage on schema ${schema} to ${usage};
     grant select on ${schema}.t to ${select}`,
  )
  return { schema, roles: [connect, usage, select] }
}

const grantsOn = (box: Sandbox, { schema }: Made) => [
  Grant.databaseConnect(box.database),
  Grant.schemaUsage(schema),
  Grant.tableSelect(schema, 't'),
]

/** The intermediate roles that a role is a member of. */
const intermediateRolesOf = async (box: Sandbox, role: string): Promise<readonly string[]> => {
  const rows = await box.admin(
    `select roleid::regrole::text from pg_auth_members where member = '${role}'::regrole order by 1`,
  )
  return rows.map(([name]) => name as string).filter(isIntermediateName)
}

const canRead = async (box: Sandbox, role: string, { schema }: Made): Promise<boolean> =>
  box.as(role, `select from ${schema}.t`).then(
    () => true,
    () => false,
  )

conformance((sandbox) => {
  test('a database managed by hand in the scheme is taken over as it is', async () => {
    const box = sandbox()
    const found = await handMade(box)
    const [role, other] = [box.name('r'), box.name('o')]
    await box.run(`create role ${role}`)
    for (const intermediate of found.roles) await box.run(`grant ${intermediate} to ${role}`)
    const grants = grantsOn(box, found)

    expect(await box.sync({ role, grants })).toMatchObject({ changed: false })
    await box.sync([
      { role, grants },
      { role: other, grants },
    ])
    expect(await intermediateRolesOf(box, other)).toEqual([...found.roles].sort())

    await box.sync({ role, grants: grants.slice(0, 2) })
    expect([await canRead(box, role, found), await canRead(box, other, found)]).toEqual([false, true])
    await box.sync({ role, grants: [] })
    expect(await intermediateRolesOf(box, role)).toEqual([])
    await box.run(`drop role ${role}`)
  })

  test('roles that another administrator made count, and are used again where this one may grant them', async () => {
    const box = sandbox()
    const administrator = box.name('admin')
    await box.admin(`create role ${administrator} createrole`)
    const asAdministrator: Sandbox['run'] = (text) =>
      box.admin(`set session authorization ${administrator}; ${text}; reset session authorization`)
    const found = await handMade(box, asAdministrator)
    const [role, other] = [box.name('r'), box.name('o')]
    await box.run(`create role ${role}`)
    for (const intermediate of found.roles) await asAdministrator(`grant ${intermediate} to ${role}`)
    const grants = grantsOn(box, found)
    expect(await box.sync({ role, grants })).toMatchObject({ changed: false })

    await box.sync({ role: other, grants })
    expect(await canRead(box, other, found)).toBe(true)
    const mayAdminister = box.isSuperuser || box.server.version < 160000
    const reused = await intermediateRolesOf(box, other)
    expect(reused.filter((name) => found.roles.includes(name))).toHaveLength(mayAdminister ? 3 : 0)

    if (mayAdminister) await box.sync({ role, grants: [] })
    else {
      await expect(box.pool.syncRoles({ role, grants: [] })).rejects.toBeInstanceOf(ResidueError)
      const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
      expect(plan.residue.map(({ reason }) => reason)).toEqual(found.roles.map(() => 'not permitted'))
      for (const { statement } of plan.residue) await box.admin(statement)
    }
    expect(await canRead(box, role, found)).toBe(false)
    expect(await canRead(box, other, found)).toBe(true)
  })

  test('after an upgrade from 15 a superuser makes the administrator of its former roles anew', async () => {
    const box = sandbox()
    const found = await handMade(box, box.admin)
    const [role, noinherit, other] = [box.name('r'), box.name('n'), box.name('o')]
    // As pg_dumpall of 16 and later restores what 15 knew: all is granted by the bootstrap superuser.
    await box.admin(`create role ${role} login; create role ${noinherit} noinherit`)
    for (const intermediate of found.roles) await box.admin(`grant ${intermediate} to ${role}, ${noinherit}`)
    const grants = [Grant.login(), ...grantsOn(box, found)]
    expect(await box.sync({ role, grants })).toMatchObject({ changed: false })
    expect(await canRead(box, role, found)).toBe(true)

    const isLost = box.server.version >= 160000 && !box.isSuperuser
    const toNothing = box.pool.syncRoles({ role, grants: [] })
    if (!isLost) await toNothing
    else {
      await expect(toNothing).rejects.toBeInstanceOf(ResidueError)
      expect(await canRead(box, role, found)).toBe(true)
      const page = await readFile(new URL('../../../docs/managed-databases.md', import.meta.url), 'utf8')
      const [statements = ''] = /^DO \$\$[\s\S]*?^END \$\$$/m.exec(page) ?? []
      await box.admin(statements.replaceAll(`'service'`, pg.escapeLiteral(box.actor)))
      expect(await box.sync({ role, grants })).toMatchObject({ changed: false })
      await box.sync({ role, grants: [] })
    }
    expect(await canRead(box, role, found)).toBe(false)
    await box.sync({ role: other, grants })
    expect(await intermediateRolesOf(box, other)).toEqual([...found.roles].sort())
    await box.sync({ role: noinherit, grants: [] })
    expect(await intermediateRolesOf(box, noinherit)).toEqual([])
  })

  /** A database with a table, which `role` and `other` may read, and a copy of it; with connections to both. */
  const withClone = async (
    box: Sandbox,
    check: (databases: {
      readonly original: Connected
      readonly clone: Connected
      readonly canRead: (database: 'original' | 'clone', role: string) => Promise<boolean>
    }) => Promise<void>,
    roles: readonly string[],
  ): Promise<void> => {
    const names = { original: box.name('db'), clone: box.name('clone') }
    await box.admin(`create database ${names.original}`)
    await box.admin(`alter database ${names.original} owner to ${box.actor}`)
    const first = await box.driver.client(box.connection, names.original)
    await first.run('create schema s')
    await first.run('create table s.t ()')
    for (const role of roles) await box.run(`create role ${role}`)
    const grants = [Grant.schemaUsage('s'), Grant.tableSelect('s', 't')]
    await first.syncRoles(roles.map((role) => ({ role, grants })))
    await first.end()
    await box.admin(`create database ${names.clone} template ${names.original}`)
    await box.admin(`alter database ${names.clone} owner to ${box.actor}`)
    const original = await box.driver.client(box.connection, names.original)
    const clone = await box.driver.client(box.connection, names.clone)
    const reads = async (database: 'original' | 'clone', role: string): Promise<boolean> => {
      const superuser = new pg.Client(connectionTo(box.server, names[database]))
      await superuser.connect()
      try {
        await superuser.query(`set role ${role}`)
        await superuser.query('select from s.t')
        return true
      } catch {
        return false
      } finally {
        await superuser.end()
      }
    }
    try {
      await check({ original, clone, canRead: reads })
    } finally {
      await original.end()
      await clone.end()
      await box.admin(`drop database ${names.original}`)
      await box.admin(`drop database ${names.clone}`)
    }
  }

  const grants = [Grant.schemaUsage('s'), Grant.tableSelect('s', 't')]

  test('a copied database is managed without disturbing the original', async () => {
    const box = sandbox()
    const [role, newcomer] = [box.name('r'), box.name('n')]
    await withClone(
      box,
      async ({ original, clone, canRead: reads }) => {
        expect(await clone.syncRoles({ role, grants })).toMatchObject({ changed: false })
        expect(await original.syncRoles({ role, grants })).toMatchObject({ changed: false })

        await clone.syncRoles({ role: newcomer, grants })
        expect([await reads('clone', newcomer), await reads('original', newcomer)]).toEqual([true, false])

        const { plan } = await clone.syncRoles({ role, grants: [] })
        expect([plan.residue, plan.effects]).toEqual([[], []])
        expect([await reads('clone', role), await reads('original', role)]).toEqual([false, true])
        expect(await reads('clone', newcomer)).toBe(true)
        expect(await clone.syncRoles({ role, grants: [] })).toMatchObject({ changed: false })
        expect(await original.syncRoles({ role, grants })).toMatchObject({ changed: false })

        await clone.syncRoles({ role, grants })
        expect([await reads('clone', role), await reads('original', role)]).toEqual([true, true])
        await original.syncRoles({ role, grants: [] })
        expect([await reads('clone', role), await reads('original', role)]).toEqual([true, false])
        expect(await clone.syncRoles({ role, grants })).toMatchObject({ changed: false })
      },
      [role],
    )
  })

  test('access that others have too by a copied role stays, and is told', async () => {
    const box = sandbox()
    const [role, other] = [box.name('r'), box.name('o')]
    await withClone(
      box,
      async ({ clone, canRead: reads }) => {
        await expect(clone.syncRoles({ role, grants: [] })).rejects.toBeInstanceOf(ResidueError)
        const { plan } = await clone.syncRoles({ role, grants: [] }, { onResidue: 'report' })
        expect(plan.residue.map(({ reason }) => reason)).toEqual([
          'shared with another database',
          'shared with another database',
        ])
        expect([await reads('clone', role), await reads('clone', other)]).toEqual([true, true])

        // Where both are to lose it, nobody else has anything by it.
        await clone.syncRoles([
          { role, grants: [] },
          { role: other, grants: [] },
        ])
        expect([await reads('clone', role), await reads('clone', other)]).toEqual([false, false])
        expect([await reads('original', role), await reads('original', other)]).toEqual([true, true])
      },
      [role, other],
    )
  })
})
