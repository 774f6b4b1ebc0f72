import { DatabaseError, Grant, InvalidGrantError, renderSql } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'

conformanceAtEndsInTurn('act-as', (sandbox) => {
  /** A role that may do it, and one that may only become it. */
  const make = async () => {
    const box = sandbox()
    const [admin, service, role, schema] = [
      box.name('admin é'),
      box.name('service'),
      box.name('r'),
      box.name('s'),
    ]
    await box.admin(
      `create role "${admin}" createrole; grant create on database ${box.database} to "${admin}";
       create role ${service} login noinherit; grant "${admin}" to ${service};
       create schema ${schema} authorization "${admin}"; create table ${schema}.t (); alter table ${schema}.t owner to "${admin}"`,
    )
    const grants = [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')]
    const held = await box.driver.client({ ...box.server, user: service }, box.database)
    return { box, admin, service, role, schema, grants, held }
  }

  test('the role named by actAs executes the plan, and the session has its own role again afterwards', async () => {
    const { box, admin, role, schema, grants, held } = await make()
    try {
      await expect(held.syncRoles({ role, grants })).rejects.toHaveProperty('_tag', 'ResidueError')
      const plan = await held.planRoles({ role, grants }, { actAs: admin })
      expect(plan.actingRole).toBe(admin)
      expect((await held.syncRoles({ role, grants }, { actAs: admin })).changed).toBe(true)
      expect((await held.syncRoles({ role, grants }, { actAs: admin })).changed).toBe(false)
      await box.as(role, `select from ${schema}.t`)
      await held.executePlan(await held.planRoles({ role, grants: [] }, { actAs: admin }), { actAs: admin })
      await held.dropUnusedRoles({ actAs: admin })
      await held.run(
        `do $$ begin if current_user <> session_user then raise 'the role is %', current_user; end if; end $$`,
      )
      expect((await held.introspect({ role, grants }, { actAs: admin })).server.actingRole).toBe(admin)
    } finally {
      await held.end()
    }
    await expect(box.as(role, `select from ${schema}.t`)).rejects.toThrow('permission denied')
  })

  test('the script of a plan with actAs runs as that role', async () => {
    const { box, admin, role, schema, grants, held } = await make()
    try {
      const plan = await held.planRoles({ role, grants }, { actAs: admin })
      await held.run(renderSql(plan, { actAs: admin }))
      await box.as(role, `select from ${schema}.t`)
      expect((await held.planRoles({ role, grants }, { actAs: admin })).transactions).toEqual([])
    } finally {
      await held.end()
    }
  })

  test('actAs works in a transaction of the caller, also after the caller has run SET ROLE', async () => {
    const { box, admin, service, role, grants, held } = await make()
    try {
      await held.run('begin')
      await held.syncRoles({ role, grants }, { actAs: admin })
      await held.run(
        `do $$ begin if current_user <> '${service}' then raise 'the role is %', current_user; end if; end $$; rollback`,
      )
      await held.run(`set role "${admin}"`)
      await held.syncRoles({ role, grants })
      await held.run(
        `do $$ begin if current_user <> '${admin}' then raise 'the role is %', current_user; end if; end $$`,
      )
    } finally {
      await held.end()
    }
    expect(await box.admin(`select from pg_roles where rolname = '${role}'`)).toHaveLength(1)
  })

  test('a role that the session may not SET ROLE to is refused by name', async () => {
    const { box, role, grants, held } = await make()
    try {
      for (const actAs of [box.name('nobody'), box.server.user]) {
        const error = await held.syncRoles({ role, grants }, { actAs }).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(DatabaseError)
        expect((error as Error).message).toContain(`as role "${actAs}"`)
      }
      for (const actAs of ['', 'none', 'x'.repeat(64)])
        await expect(held.syncRoles({ role, grants }, { actAs })).rejects.toBeInstanceOf(InvalidGrantError)
    } finally {
      await held.end()
    }
  })
})
