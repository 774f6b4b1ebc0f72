import { Grant, ResidueError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAsOwner } from '../../../harness/drivers/conformance.ts'
import { ownerOf } from '../../../harness/sandbox/owner-of.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** A table of an owner’s, in a schema of another owner’s, both made by the acting role. */
const othersTable = async (box: Sandbox, { madeBy = box.run } = {}) => {
  const [owner, keeper, schema] = [box.name('owner'), box.name('keeper'), box.name('s')]
  await madeBy(`create role ${owner}; create role ${keeper}`)
  await box.run(`create schema ${schema}; create table ${schema}.t (id serial)`)
  await box.admin(`alter table ${schema}.t owner to ${owner}; alter schema ${schema} owner to ${keeper}`)
  return { owner, keeper, schema }
}

/** What can be done only by who may act as the owners of the schemas and of the tables. */
const syncOn = async (box: Sandbox, ...schemas: readonly string[]): Promise<void> => {
  const [reader, heir] = [box.name('r'), box.name('h')]
  const read = async (): Promise<void> => {
    for (const schema of schemas) await box.as(reader, `select id from ${schema}.t`)
  }
  const usage = schemas.map((schema) => Grant.schemaUsage(schema, { direct: true }))
  const select = schemas.map((schema) => Grant.tableSelect(schema, 't'))
  await box.sync({ role: reader, grants: [...usage, ...select] })
  await read()
  await box.sync([
    { role: reader, grants: usage },
    { role: heir, grants: schemas.map((schema) => Grant.tableOwnership(schema, 't')) },
  ])
  await expect(read()).rejects.toThrow('permission denied')
  for (const schema of schemas) expect(await ownerOf(box, `${schema}.t`)).toBe(heir)
  await box.sync([
    { role: reader, grants: [] },
    { role: heir, grants: [] },
  ])
  for (const schema of schemas) expect(await ownerOf(box, `${schema}.t`)).toBe(box.actor)
  await box.run(`drop role ${reader}; drop role ${heir}`)
}

// What the acting role is and what it is a member of is compared by the sandbox, before and after each sync.
conformanceAsOwner((sandbox) => {
  test('the acting role may be NOINHERIT, and is so afterwards', async () => {
    const box = sandbox()
    const { schema } = await othersTable(box)
    await box.admin(`alter role ${box.actor} noinherit`)
    try {
      await syncOn(box, schema)
    } finally {
      await box.admin(`alter role ${box.actor} inherit`)
    }
  })

  const memberships: readonly (readonly [since: number, options: string])[] = [
    [90600, ''],
    [90600, 'with admin option'],
    [160000, 'with inherit false, set true'],
    [160000, 'with inherit true, set false'],
    [160000, 'with inherit false, set false, admin true'],
  ]

  test('the acting role may be a member of the owner with any options, and keeps them', async () => {
    const box = sandbox()
    const schemas: string[] = []
    for (const [since, options] of memberships)
      for (const grant of [box.admin, box.run]) {
        if (box.server.version < since) continue
        const { owner, keeper, schema } = await othersTable(box)
        for (const role of [owner, keeper]) {
          // Nobody can give the ADMIN option back to who gave it.
          const isRefused = grant === box.run && options.includes('admin') && box.server.version >= 160000
          await (isRefused ? box.admin : grant)(`grant ${role} to ${box.actor} ${options}`)
        }
        schemas.push(schema)
      }
    await syncOn(box, ...schemas)
  })

  test('the acting role may have USAGE on a schema only as a member of a group', async () => {
    const box = sandbox()
    const [group, role, schema] = [box.name('g'), box.name('r'), box.name('s')]
    await box.admin(
      `create role ${group}; grant ${group} to ${box.actor}; create role ${role};
       create schema ${schema}; grant usage on schema ${schema} to ${group};
       create table ${schema}.t (); alter table ${schema}.t owner to ${box.actor}`,
    )
    const desired = { role, grants: [Grant.tableSelect(schema, 't', { direct: true })] }
    // Nothing to do, so that the next sync does not expect anything either.
    await box.pool.syncRoles({ role, grants: [] })
    await box.pool.syncRoles(desired, { onResidue: 'report' })
    expect(await box.admin(`select has_table_privilege('${role}', '${schema}.t', 'SELECT')`)).toEqual([
      [true],
    ])
  })

  test('the acting role may be a member of the owner through another role', async () => {
    const box = sandbox()
    const schemas: string[] = []
    for (const inherit of ['inherit', 'noinherit']) {
      const { owner, keeper, schema } = await othersTable(box)
      const middle = box.name('m')
      await box.run(`create role ${middle} ${inherit}; grant ${owner}, ${keeper} to ${middle}`)
      await box.run(`grant ${middle} to ${box.actor}`)
      schemas.push(schema)
    }
    await syncOn(box, ...schemas)
  })

  test.for(['itself', 'through another role'])(
    'the owner may be a member of the acting role, %s',
    async (how) => {
      const box = sandbox()
      const hasGrantors = box.server.version >= 160000
      // From 16 on the acting role administers the roles that it creates, which could not be its members then.
      const { owner, schema } = await othersTable(box, { madeBy: hasGrantors ? box.admin : box.run })
      const middle = box.name('m')
      await box.admin(`create role ${middle}`)
      await box.admin(
        how === 'itself'
          ? `grant ${box.actor} to ${owner} with admin option`
          : `grant ${box.actor} to ${middle}; grant ${middle} to ${owner}`,
      )
      const before = await box.admin(
        `select member::regrole::text, admin_option from pg_auth_members where roleid = '${box.actor}'::regrole order by 1`,
      )
      if (hasGrantors) {
        const desired = { role: box.name('r'), grants: [Grant.tableSelect(schema, 't')] }
        await expect(box.pool.syncRoles(desired)).rejects.toBeInstanceOf(ResidueError)
        const { plan } = await box.sync(desired, { onResidue: 'report' })
        expect(plan.skipped).toMatchObject([{ reason: 'not permitted' }])
      } else await syncOn(box, schema)
      const after = await box.admin(
        `select member::regrole::text, admin_option from pg_auth_members where roleid = '${box.actor}'::regrole order by 1`,
      )
      expect(after).toEqual(before)
      await box.admin(`revoke ${box.actor} from ${how === 'itself' ? owner : middle}`)
    },
  )

  test('the acting role may be one that the session has SET ROLE to, and still is afterwards', async () => {
    const box = sandbox()
    const [login, role] = [box.name('login'), box.name('r')]
    const { schema } = await othersTable(box)
    await box.admin(`create role ${login} login password 'of a test'; grant ${box.actor} to ${login}`)
    const connection = { ...box.connection, user: login, password: 'of a test' }
    const client = await box.driver.client(connection, box.database)
    try {
      await client.run(`set role ${box.actor}`)
      const grants = [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't', { direct: true })]
      const { plan } = await client.syncRoles({ role, grants })
      expect(plan.actingRole).toBe(box.actor)
      await box.as(role, `select id from ${schema}.t`)
      await client.run(
        `do $$ begin if current_user <> '${box.actor}' then raise 'became %', current_user; end if; end $$`,
      )
      await client.syncRoles({ role, grants: [] })
    } finally {
      await client.end()
    }
    await box.admin(`drop role ${role}; drop role ${login}`)
  })
})
