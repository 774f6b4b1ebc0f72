import * as planner from '@pgsr/planner'
import { Grant, InvalidGrantError, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { describeFact } from '../../../harness/holdings/effects.ts'
import { holdEverything } from '../../../harness/holdings/everything-held.ts'
import { openSandbox } from '../../../harness/sandbox/sandbox.ts'

conformanceAround16('manages', (sandbox) => {
  test('a snapshot that was read with the options of a plan can be planned from', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.admin(`create schema ${schema} authorization ${box.actor}`)
    const desired = { role, grants: [Grant.schemaUsage(schema)] }
    const options = {
      manages: { schemas: [schema] },
      public: [Grant.privilege(Target.schema(schema), ['USAGE'])],
    }
    const snapshot = await box.pool.introspect(desired, options)
    expect(planner.plan(snapshot, desired, options)).toEqual(await box.pool.planRoles(desired, options))
  })

  test('if none of them manages the cluster, syncs of one role in two databases leave each other’s part alone', async () => {
    const box = sandbox()
    const other = await openSandbox(box.server, box.driver, 'superuser')
    try {
      const [role, group, schema] = [box.name('r'), box.name('g'), box.name('s')]
      for (const one of [box, other])
        await one.admin(`create schema ${schema}; create table ${schema}.t (); create table ${schema}.u ()`)
      await box.admin(
        `alter schema ${schema} owner to ${box.actor}; alter table ${schema}.t owner to ${box.actor}; alter table ${schema}.u owner to ${box.actor}`,
      )
      const cluster = [
        Grant.login({ validUntil: '2030-01-01T00:00:00Z' }),
        Grant.roleMembership(group),
        Grant.databaseConnect(box.database),
        Grant.privilege(Target.database(box.database), ['TEMPORARY'], { direct: true }),
      ]
      const inBox = [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')]
      const inOther = [
        Grant.tableSelect(schema, 'u'),
        Grant.privilege(Target.table(schema, 'u'), ['INSERT'], { direct: true }),
      ]
      const mays = async () => ({
        box: await box.admin(
          `select has_table_privilege('${role}', '${schema}.t', 'SELECT'), has_table_privilege('${role}', '${schema}.u', 'SELECT')`,
        ),
        other: await other.admin(
          `select has_table_privilege('${role}', '${schema}.u', 'SELECT'), has_table_privilege('${role}', '${schema}.u', 'INSERT')`,
        ),
        cluster: await box.admin(`
          select rolcanlogin, pg_has_role('${role}', '${group}', 'MEMBER'),
            exists (select from pg_database, aclexplode(datacl) where datname = '${box.database}' and grantee = '${role}'::regrole and privilege_type = 'TEMPORARY'),
            exists (select from pg_database, aclexplode(datacl) as i, pg_auth_members as m
              where datname = '${box.database}' and i.privilege_type = 'CONNECT' and i.grantee = m.roleid and m.member = '${role}'::regrole)
          from pg_roles where rolname = '${role}'`),
      })
      await box.sync({ role, grants: [...cluster, ...inBox] })
      await other.sync({ role, grants: inOther }, { manages: { cluster: false } })
      const everything = { box: [[true, false]], other: [[true, true]], cluster: [[true, true, true, true]] }
      expect(await mays()).toEqual(everything)

      await box.sync({ role, grants: inBox }, { manages: { cluster: false } })
      await other.sync({ role, grants: [] }, { manages: { cluster: false } })
      expect(await mays()).toEqual({ ...everything, other: [[false, false]] })
      await other.sync({ role, grants: inOther }, { manages: { cluster: false } })
      await box.sync({ role, grants: [] })
      expect(await mays()).toEqual({
        ...everything,
        box: [[false, false]],
        cluster: [[false, false, false, false]],
      })
    } finally {
      await other.end()
    }
  })

  test('a subscription of another database is left alone, even if one here has the same name', async () => {
    if (sandbox().server.version < 100000) return // which have none
    const box = sandbox()
    const other = await openSandbox(box.server, box.driver, 'superuser')
    try {
      const [role, bystander, name] = [box.name('r'), box.name('x'), box.name('sub')]
      await box.run(`create role ${role}; create role ${bystander}`)
      for (const [one, owner] of [
        [other, role],
        [box, bystander],
      ] as const) {
        await one.admin(
          `create subscription ${name} connection 'dbname=nowhere' publication p with (connect = false, slot_name = none)`,
        )
        // Before 16 only a superuser can become its owner.
        await one.admin(
          `alter role ${owner} superuser; alter subscription ${name} owner to ${owner}; alter role ${owner} nosuperuser`,
        )
      }
      const { plan } = await box.sync({ role, grants: [] }, { reassignOwnedTo: box.actor })
      expect(plan.unmanaged.map(({ kind }) => kind)).toEqual(['subscription of another database'])
      const owners = await box.admin(
        `select subowner::regrole::text from pg_subscription where subname = '${name}' order by subowner`,
      )
      expect(owners).toEqual([[role], [bystander]])
      for (const one of [box, other]) await one.admin(`drop subscription ${name}`)
    } finally {
      await other.end()
    }
  })

  test('if only a schema is managed, exactly what roles have on it and in it goes, and nothing else changes', async () => {
    const box = sandbox()
    const { role, place } = await holdEverything(box)
    const [reader, other] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${other}`)
    await box.sync({
      role: reader,
      grants: [
        Grant.schemaUsage(place.schema),
        Grant.schemaUsage(other),
        Grant.databaseConnect(box.database),
        ...(box.isSuperuser ? [Grant.tableSelect(place.schema, /./)] : []),
      ],
    })
    const everybody = [...(await box.roles()), box.server.user]
    const isInside = (line: string): boolean =>
      line.includes(` ${place.schema}.`) || line.includes(` schema ${place.schema}`)
    const outside = async () => [...(await box.holdings(everybody))].filter((line) => !isInside(line)).sort()
    const intermediate = new RegExp(`^${reader}: member of _pgsr_local_\\d+_(schema_usage|table_select)_`)
    const before = await outside()

    const { plan } = await box.sync(
      [
        { role, grants: [] },
        { role: reader, grants: [] },
      ],
      {
        manages: { schemas: [place.schema] },
        allowSuperuser: true,
        reassignOwnedTo: box.actor,
        onResidue: 'report',
      },
    )

    // What the superuser has granted, the owner of a database may not take away.
    const left = plan.residue.map((one) => `${one.role}: ${describeFact(one.fact, box.server.version)}`)
    if (box.isSuperuser) expect(left).toEqual([])
    const mine = [...(await box.holdings([role, reader]))].filter((line) => !line.startsWith('PUBLIC: '))
    expect(mine.filter(isInside).sort()).toEqual(left.sort())
    const isMembership = (line: string): boolean => intermediate.test(line)
    const after = await outside()
    expect(after.filter((line) => !isMembership(line))).toEqual(before.filter((line) => !isMembership(line)))
    expect(after.filter(isMembership)).toHaveLength(1)
    expect(await box.admin(`select has_schema_privilege('${reader}', '${other}', 'USAGE')`)).toEqual([[true]])
  })

  test('a schema that is managed has to exist', async () => {
    const box = sandbox()
    await expect(
      box.pool.syncRoles({ role: box.name('r'), grants: [] }, { manages: { schemas: ['misspelt'] } }),
    ).rejects.toMatchObject({ _tag: 'InvalidGrantError', field: 'manages' })
  })

  test('a grant of what is not managed is refused', async () => {
    const box = sandbox()
    const role = box.name('r')
    for (const grant of [
      Grant.login(),
      Grant.roleMembership('g'),
      Grant.databaseConnect(box.database),
      Grant.ownership(Target.tablespace('t')),
    ])
      await expect(
        box.pool.syncRoles({ role, grants: [grant] }, { manages: { cluster: false } }),
      ).rejects.toBeInstanceOf(InvalidGrantError)
    await expect(
      box.pool.syncRoles({ role, grants: [Grant.schemaUsage('s')] }, { manages: { schemas: ['t'] } }),
    ).rejects.toThrow('add schema "s" to manages.schemas')
  })
})
