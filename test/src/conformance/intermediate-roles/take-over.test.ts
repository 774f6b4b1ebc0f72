import { Grant, ResidueError } from '@pgsr/node-postgres'
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { intermediateRolesOf } from '../../../harness/sandbox/intermediate-roles.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'

interface Made {
  readonly schema: string
  /** Intermediate roles of another process: CONNECT, of which other tests make more, USAGE and SELECT. */
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

const canRead = async (box: Sandbox, role: string, { schema }: Made): Promise<boolean> =>
  box.as(role, `select from ${schema}.t`).then(
    () => true,
    () => false,
  )

const grantsIn = (schema: string) => [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')]

const connectTo = async (box: Sandbox, database: string): Promise<pg.Client> => {
  const client = new pg.Client(connectionTo(box.server, database))
  await client.connect()
  return client
}

conformanceAround16('take-over', (sandbox) => {
  test('a database managed by hand in the same scheme of names is taken over unchanged', async () => {
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
    expect(await intermediateRolesOf(box, other)).toEqual(expect.arrayContaining(found.roles.slice(1)))

    await box.sync({ role, grants: grants.slice(0, 2) })
    expect([await canRead(box, role, found), await canRead(box, other, found)]).toEqual([false, true])
    await box.sync({ role, grants: [] })
    expect(await intermediateRolesOf(box, role)).toEqual([])
    await box.run(`drop role ${role}`)
  })

  test('intermediate roles of another administrator count for their members, and are granted to other roles only before PostgreSQL 16', async () => {
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
    const isOld = box.server.version < 160000
    const mayAdminister = box.isSuperuser || isOld
    const reused = await intermediateRolesOf(box, other)
    // From 16 on the other administrator could let himself in to what it has made, whenever it likes.
    expect(reused.filter((name) => found.roles.slice(1).includes(name))).toHaveLength(isOld ? 2 : 0)

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

  test('after an upgrade from PostgreSQL 15, a superuser makes the acting role administrator of its roles again', async () => {
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
      const page = await readFile(new URL('../../../../docs/managed-databases.md', import.meta.url), 'utf8')
      const [statements = ''] = /^DO \$\$[\s\S]*?^END \$\$$/m.exec(page) ?? []
      // It must leave the roles of other tests alone.
      const ours = [role, noinherit, ...found.roles].map(pg.escapeLiteral).join(', ')
      await box.admin(
        statements
          .replaceAll(`'service'`, pg.escapeLiteral(box.actor))
          .replace('WHERE NOT rolsuper', `WHERE NOT rolsuper AND rolname IN (${ours})`),
      )
      expect(await box.sync({ role, grants })).toMatchObject({ changed: false })
      await box.sync({ role, grants: [] })
    }
    expect(await canRead(box, role, found)).toBe(false)
    await box.sync({ role: other, grants })
    expect(await intermediateRolesOf(box, other)).toEqual(expect.arrayContaining(found.roles.slice(1)))
    await box.sync({ role: noinherit, grants: [] })
    expect(await intermediateRolesOf(box, noinherit)).toEqual([])
  })

  test('a copied database and its original are managed without disturbing each other', async () => {
    const box = sandbox()
    const [alone, role, other, newcomer] = [box.name('a'), box.name('r'), box.name('o'), box.name('n')]
    const [database, copy] = [box.name('db'), box.name('copy')]
    const desired = [
      { role: alone, grants: grantsIn('one') },
      ...[role, other].map((each) => ({ role: each, grants: grantsIn('two') })),
    ]
    await box.admin(`create database ${database} owner ${box.actor}`)
    const first = await box.driver.client(box.connection, database)
    await first.run('create schema one; create table one.t (); create schema two; create table two.t ()')
    await first.syncRoles(desired)
    await first.end()
    await box.admin(`create database ${copy} template ${database}`)
    await box.admin(`alter database ${copy} owner to ${box.actor}`)
    const original = await box.driver.client(box.connection, database)
    const clone = await box.driver.client(box.connection, copy)
    const superusers = { original: await connectTo(box, database), clone: await connectTo(box, copy) }
    const whoReads = async (where: keyof typeof superusers, schema: string): Promise<readonly string[]> => {
      const readers = `select rolname from pg_roles where rolname = any($1)
        and has_schema_privilege(oid, '${schema}', 'USAGE') and has_table_privilege(oid, '${schema}.t', 'SELECT')`
      const { rows } = await superusers[where].query<{ readonly rolname: string }>(readers, [
        [alone, role, other, newcomer],
      ])
      return rows.map(({ rolname }) => rolname).sort()
    }
    try {
      expect(await clone.syncRoles(desired)).toMatchObject({ changed: false })
      expect(await original.syncRoles(desired)).toMatchObject({ changed: false })
      await clone.syncRoles({ role: newcomer, grants: grantsIn('one') })
      expect(await whoReads('clone', 'one')).toEqual([alone, newcomer].sort())
      expect(await whoReads('original', 'one')).toEqual([alone])

      const { plan } = await clone.syncRoles({ role: alone, grants: [] })
      expect([plan.residue, plan.effects]).toEqual([[], []])
      expect(await whoReads('clone', 'one')).toEqual([newcomer])
      expect(await whoReads('original', 'one')).toEqual([alone])
      expect(await clone.syncRoles({ role: alone, grants: [] })).toMatchObject({ changed: false })
      expect(await original.syncRoles(desired)).toMatchObject({ changed: false })
      await clone.syncRoles({ role: alone, grants: grantsIn('one') })
      await original.syncRoles({ role: alone, grants: [] })
      expect(await whoReads('clone', 'one')).toEqual([alone, newcomer].sort())
      expect(await whoReads('original', 'one')).toEqual([])

      // What would take something from somebody else stays, and is told.
      const lost = clone.syncRoles({ role, grants: [] })
      await expect(lost).rejects.toBeInstanceOf(ResidueError)
      const reported = await clone.syncRoles({ role, grants: [] }, { onResidue: 'report' })
      const shared = 'shared with another database'
      expect(reported.plan.residue.map(({ reason }) => reason)).toEqual([shared, shared])
      expect(await whoReads('clone', 'two')).toEqual([role, other].sort())
      await clone.syncRoles([role, other].map((each) => ({ role: each, grants: [] })))
      expect(await whoReads('clone', 'two')).toEqual([])
      expect(await whoReads('original', 'two')).toEqual([role, other].sort())
    } finally {
      for (const connection of [original, clone, ...Object.values(superusers)]) await connection.end()
      await box.admin(`drop database ${database}`)
      await box.admin(`drop database ${copy}`)
    }
  })
})
