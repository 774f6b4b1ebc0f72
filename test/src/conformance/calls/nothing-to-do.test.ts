import { type DesiredRole, ForbiddenRoleError, Grant, type Plan, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAtEnds, conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

type SyncRequest = Extract<Plan['request'], { readonly kind: 'sync' }>

/** A role that may read a table, and has been found to need nothing else, twice. */
const settled = async (box: Sandbox) => {
  const [role, schema] = [box.name('r'), box.name('s')]
  await box.run(`create schema ${schema}; create table ${schema}.t (id int); create role ${role}`)
  const desired: DesiredRole = {
    role,
    grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')],
  }
  await box.pool.syncRoles(desired)
  const plans: Plan[] = []
  for (let call = 0; call < 3; call += 1) {
    const { changed, plan } = await box.pool.syncRoles(desired)
    expect(changed).toBe(false)
    plans.push(plan)
  }
  return { role, schema, desired, table: `${schema}.t`, plans }
}

const has = async (box: Sandbox, role: string, table: string, privilege: string): Promise<boolean> =>
  (await box.run(`select has_table_privilege('${role}', '${table}', '${privilege}')`))[0]![0] as boolean

conformanceAtEndsInTurn('calls that find nothing to do, again and again', (sandbox) => {
  test('all say the same, and each has a plan of its own', async () => {
    const box = sandbox()
    const { plans, desired } = await settled(box)
    const { seed: _, ...request } = structuredClone(plans[0]!.request) as SyncRequest
    expect(request.desired).toMatchObject([{ role: desired.role }])
    for (const plan of plans) {
      expect(plan).toMatchObject({ transactions: [], skipped: [], residue: [], request })
      ;(plan.unmanaged as unknown[]).push('of this caller only')
      ;(plan.request as SyncRequest).desired.forEach((one) => (one.grants as unknown[]).pop())
    }
    const { plan } = await box.pool.syncRoles(desired)
    expect(plan).toMatchObject({ skipped: [], request })
    expect(plan.unmanaged).toEqual([])
  })

  test('what a caller does to a plan or a snapshot changes no other call', async () => {
    const box = sandbox()
    const { role, desired, table, plans } = await settled(box)
    const grants = plans.flatMap(({ request }) =>
      (request as SyncRequest).desired.flatMap((one) => one.grants),
    )
    for (const grant of grants)
      try {
        if (grant.kind === 'privilege') (grant.privileges as string[]).push('INSERT')
      } catch (error) {
        // What is shared is frozen.
        expect(error).toBeInstanceOf(TypeError)
      }
    const read = await box.pool.introspect(desired)
    ;(read.objects as unknown[]).length = 0
    ;(read.scope!.objects as unknown[]).length = 0
    expect((await box.pool.introspect(desired)).objects).not.toEqual([])
    expect((await box.pool.syncRoles(desired)).changed).toBe(false)
    const withInsert = {
      role,
      grants: [...desired.grants, Grant.privilege(Target.table(table.split('.')[0]!, 't'), ['INSERT'])],
    }
    expect((await box.pool.syncRoles(withInsert)).changed).toBe(true)
    expect(await has(box, role, table, 'INSERT')).toBe(true)
  })

  test('an option that is given now is obeyed', async () => {
    const box = sandbox()
    const { role, desired, table } = await settled(box)
    await box.run(`grant insert on ${table} to ${role}`)
    const { plan } = await box.pool.syncRoles(desired, { mode: 'additive' })
    expect(plan.kept).not.toEqual([])
    expect((await box.pool.syncRoles(desired)).changed).toBe(true)
    expect(await has(box, role, table, 'INSERT')).toBe(false)
  })

  test('another privilege on the same objects is granted by the next call', async () => {
    const box = sandbox()
    const { role, schema, desired, table } = await settled(box)
    const grants = [...desired.grants, Grant.privilege(Target.table(schema, 't'), ['INSERT'])]
    expect((await box.pool.syncRoles({ role, grants })).changed).toBe(true)
    expect(await has(box, role, table, 'INSERT')).toBe(true)
    expect((await box.pool.syncRoles(desired)).changed).toBe(true)
    expect(await has(box, role, table, 'INSERT')).toBe(false)
  })

  test('a privilege on the schema of the same tables is granted by the next call', async () => {
    const box = sandbox()
    const { role, schema, desired } = await settled(box)
    const [, table] = desired.grants
    for (const changed of [true, false, false, false])
      expect((await box.pool.syncRoles({ role, grants: [table!] })).changed).toBe(changed)
    expect((await box.pool.syncRoles(desired)).changed).toBe(true)
    expect(await box.run(`select has_schema_privilege('${role}', '${schema}', 'USAGE')`)).toEqual([[true]])
  })

  test.for<[string, (role: string, table: string) => string]>([
    ['a grant', (role, table) => `grant insert on ${table} to ${role}`],
    ['a grant on a column', (role, table) => `grant insert (id) on ${table} to ${role}`],
    ['a membership', (role) => `grant pg_monitor to ${role}`],
    ['an attribute', (role) => `alter role ${role} createdb`],
    ['an owner', (role, table) => `alter table ${table} owner to ${role}`],
    ['an object of another kind', (role) => `set role ${role}; select lo_create(0); reset role`],
    ['default privileges', (role) => `alter default privileges grant select on tables to ${role}`],
  ])('%s of somebody else’s is noticed by the next call', async ([, change]) => {
    const box = sandbox()
    const { role, desired, table } = await settled(box)
    await box.admin(change(role, table))
    const { changed, plan } = await box.pool.syncRoles(desired, { onResidue: 'report' })
    expect(changed || plan.residue.length > 0).toBe(true)
  })

  test('a privilege that somebody else revoked is granted again', async () => {
    const box = sandbox()
    const { role, desired, table } = await settled(box)
    const [[holder] = []] = await box.admin(
      `select i.grantee::regrole::text from pg_class as c, aclexplode(c.relacl) as i
       where c.oid = '${table}'::regclass and i.grantee <> c.relowner`,
    )
    await box.admin(`revoke select on ${table} from ${String(holder)}`)
    expect(await has(box, role, table, 'SELECT')).toBe(false)
    expect((await box.pool.syncRoles(desired)).changed).toBe(true)
    expect(await has(box, role, table, 'SELECT')).toBe(true)
  })

  // Many roles are read in another way than a few.
  test.for([1, 40])(
    'a way of %i roles to a superuser that somebody else has made is refused',
    async (count) => {
      const box = sandbox()
      const { role, desired } = await settled(box)
      const [group, above, superuser] = ['g', 'a', 's'].map((name) => box.name(name))
      await box.run(`create role ${group}; create role ${above}`)
      const joins = Array.from({ length: count }, (_, index): DesiredRole => ({
        role: index === 0 ? role : box.name(`r${index}`),
        grants: [...desired.grants, Grant.roleMembership(group!)],
      }))
      for (const changed of [true, false, false])
        expect((await box.pool.syncRoles(joins)).changed).toBe(changed)
      await box.admin(
        `create role ${superuser} superuser; grant ${superuser} to ${above}; grant ${above} to ${group}`,
      )
      await expect(box.pool.syncRoles(joins)).rejects.toBeInstanceOf(ForbiddenRoleError)
      await box.admin(`drop role ${superuser}`)
    },
  )
})

conformanceAtEnds((sandbox) => {
  test('a password that somebody else stored for a role that does not log in is removed by the next call', async () => {
    const box = sandbox()
    const { role, desired } = await settled(box)
    const isStored = async (): Promise<unknown> =>
      (await box.admin(`select rolpassword is not null from pg_authid where rolname = '${role}'`))[0]?.[0]
    await box.admin(`alter role ${role} password 'planted'`)
    // Only a superuser may see that there is one.
    expect((await box.pool.syncRoles(desired)).changed).toBe(box.isSuperuser)
    expect(await isStored()).toBe(!box.isSuperuser)
    const logsIn = { role, grants: [...desired.grants, Grant.login()] }
    await box.pool.syncRoles(logsIn)
    await box.admin(`alter role ${role} password 'its own'`)
    expect((await box.pool.syncRoles(logsIn)).changed).toBe(false)
    expect(await isStored()).toBe(true)
  })
})
