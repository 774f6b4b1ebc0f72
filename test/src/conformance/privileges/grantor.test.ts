import { Grant, type Plan, ResidueError, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAsOwner, conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** The items of a table’s ACL and of its columns’, but for the owner’s own. */
const items = async ({ admin }: Sandbox, table: string): Promise<readonly unknown[]> => {
  const rows = await admin(`
    select item::text from (
      select unnest(coalesce(relacl, acldefault('r', relowner))) as item, relowner from pg_class where oid = '${table}'::regclass
      union all
      select unnest(attacl), relowner from pg_attribute join pg_class as c on c.oid = attrelid where c.oid = '${table}'::regclass
    ) as all_items where item::text not like pg_get_userbyid(relowner) || '=%' order by 1`)
  return rows.map(([item]) => item)
}

const mayRead = async ({ admin }: Sandbox, role: string, table: string): Promise<unknown> =>
  (await admin(`select has_table_privilege('${role}', '${table}'::regclass, 'SELECT')`))[0]?.[0]

/** The roles and the table that every test is about: `g` may pass on SELECT, and has. */
interface Scene {
  readonly role: string
  readonly grantor: string
  readonly bystander: string
  readonly schema: string
  readonly table: string
}

const setScene = async (box: Sandbox): Promise<Scene> => {
  const [role, grantor, bystander] = [box.name('t'), box.name('g'), box.name('x')]
  const schema = box.name('s')
  const table = `${schema}.t`
  await box.run(`
    create role ${role}; create role ${grantor}; create role ${bystander};
    create schema ${schema}; create table ${table} (id int, v int);
    grant usage on schema ${schema} to ${grantor};
    grant select, update on ${table} to ${grantor} with grant option`)
  await box.admin(`
    set role ${grantor}; grant select on ${table} to ${role}, ${bystander}; grant update (v) on ${table} to ${role};
    reset role`)
  return { role, grantor, bystander, schema, table }
}

/** The same item as the owner’s grant, if it is a role’s. */
const byOwner = (item: unknown, grantee: string, owner: string): string =>
  String(item).startsWith(`${grantee}=`) ? String(item).replace(/\/.*/, `/${owner}`) : String(item)

const effectsOf = ({ effects }: Plan): readonly string[] =>
  effects.map(
    ({ role, change, fact }) => `${role} ${change} ${'privilege' in fact ? fact.privilege : fact.kind}`,
  )

conformanceAround16('grantor', (sandbox) => {
  test('a privilege that a third role granted is revoked, and that role keeps what it has and has granted to others', async () => {
    const box = sandbox()
    const { role, grantor, bystander, table } = await setScene(box)
    const before = await items(box, table)
    const { plan } = await box.sync({ role, grants: [] })
    expect(plan.residue).toEqual([])
    expect(plan.effects).toEqual([])
    expect(await mayRead(box, role, table)).toBe(false)
    expect(await mayRead(box, bystander, table)).toBe(true)
    expect(await items(box, table)).toEqual(before.filter((item) => !String(item).startsWith(`${role}=`)))
    expect(await items(box, table)).toHaveLength(2)
    await box.run(`drop role ${role}`)
    expect(await mayRead(box, grantor, table)).toBe(true)
  })

  test('a privilege that two roles granted is revoked from both', async () => {
    const box = sandbox()
    const { role, table } = await setScene(box)
    await box.run(`grant select on ${table} to ${role}`)
    await box.sync({ role, grants: [] })
    expect(await mayRead(box, role, table)).toBe(false)
    await box.run(`drop role ${role}`)
  })

  test('a privilege that is asked for and that a third role granted is granted by the owner instead', async () => {
    const box = sandbox()
    const { role, grantor, schema, table } = await setScene(box)
    await box.sync({ role, grants: [Grant.tableSelect(schema, 't', { direct: true })] })
    expect(await mayRead(box, role, table)).toBe(true)
    await box.sync({ role: grantor, grants: [] })
    expect(await mayRead(box, role, table)).toBe(true)
    expect(await mayRead(box, grantor, table)).toBe(false)
  })

  test('a grantor that has lost the grant option or USAGE on the schema is lent what it has lost', async () => {
    const box = sandbox()
    for (const loss of ['option', 'usage', 'both'] as const) {
      const { role, grantor, bystander, schema, table } = await setScene(box)
      // As it can come to be: PostgreSQL keeps no track of who had what when.
      if (loss !== 'usage')
        await box.admin(
          `update pg_class set relacl = replace(relacl::text, '${grantor}=r*w*/', '${grantor}=w*/')::aclitem[] where oid = '${table}'::regclass`,
        )
      if (loss !== 'option') await box.run(`revoke usage on schema ${schema} from ${grantor}`)
      const before = await items(box, table)
      await box.sync({ role, grants: [] })
      expect(await mayRead(box, role, table)).toBe(false)
      expect(await mayRead(box, bystander, table)).toBe(true)
      // Nobody is to lose by it: what the grantor cannot keep having granted is the owner’s grant now.
      const expected = before.filter((item) => !String(item).startsWith(`${role}=`))
      expect(await items(box, table)).toEqual(
        loss === 'usage' ? expected : expected.map((item) => byOwner(item, bystander, box.actor)),
      )
      const usage = await box.admin(`select has_schema_privilege('${grantor}', '${schema}', 'USAGE')`)
      expect(usage).toEqual([[loss === 'option']])
      await box.run(`drop role ${role}`)
    }
  })

  test('lending a grantor its grant option on a table changes nothing that it has on columns', async () => {
    const box = sandbox()
    const { role, grantor, bystander, table } = await setScene(box)
    await box.run(`grant select (id) on ${table} to ${grantor} with grant option`)
    await box.admin(
      `update pg_class set relacl = replace(relacl::text, '${grantor}=r*w*/', '${grantor}=w*/')::aclitem[] where oid = '${table}'::regclass`,
    )
    const before = await items(box, table)
    await box.sync({ role, grants: [] })
    expect(await items(box, table)).toEqual(
      before
        .filter((item) => !String(item).startsWith(`${role}=`))
        .map((item) => byOwner(item, bystander, box.actor)),
    )
  })

  test('a grantor that has become a superuser loses SUPERUSER during the revoke, if a superuser syncs', async () => {
    const box = sandbox()
    const { role, grantor, bystander, table } = await setScene(box)
    await box.admin(`alter role ${grantor} superuser`)
    const before = await items(box, table)
    if (box.isSuperuser) {
      await box.sync({ role, grants: [] })
      expect(await mayRead(box, role, table)).toBe(false)
      expect(await items(box, table)).toEqual(before.filter((item) => !String(item).startsWith(`${role}=`)))
    } else {
      await expect(box.pool.syncRoles({ role, grants: [] })).rejects.toBeInstanceOf(ResidueError)
      const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
      expect(plan.residue.map(({ reason }) => reason)).toEqual([
        'granted by another role',
        'granted by another role',
      ])
    }
    expect(await mayRead(box, bystander, table)).toBe(true)
    expect(await box.admin(`select rolsuper from pg_roles where rolname = '${grantor}'`)).toEqual([[true]])
    await box.admin(`alter role ${grantor} nosuperuser`)
  })

  test('a privilege is revoked even if its grantor has become a member of the owner', async () => {
    const box = sandbox()
    const { role, grantor, table } = await setScene(box)
    const owner = box.name('o')
    await box.run(`create role ${owner}`)
    await box.admin(`alter table ${table} owner to ${owner}; grant ${owner} to ${grantor}`)
    await box.sync({ role, grants: [] })
    expect(await mayRead(box, role, table)).toBe(false)
    await box.admin(`drop role ${role}`)
  })

  test('what a role passed on is revoked together with its privilege, and that is an effect', async () => {
    const box = sandbox()
    const { role, grantor, bystander, schema, table } = await setScene(box)
    const further = box.name('y')
    await box.run(`create role ${further}`)
    await box.admin(`
      grant usage on schema ${schema} to ${bystander};
      set role ${grantor}; grant select on ${table} to ${bystander} with grant option; reset role;
      set role ${bystander}; grant select (id) on ${table} to ${further}; reset role`)
    const planned = await box.plan({ role: grantor, grants: [] })
    expect(effectsOf(planned)).toContain(`${bystander} loses SELECT`)
    expect(effectsOf(planned)).toContain(`${further} loses SELECT`)
    const { plan } = await box.sync([
      { role: grantor, grants: [] },
      { role, grants: [Grant.privilege(Target.table(schema, 't'), ['SELECT'], { direct: true })] },
    ])
    expect(plan.residue).toEqual([])
    expect(await mayRead(box, role, table)).toBe(true)
    expect(await mayRead(box, bystander, table)).toBe(false)
    expect(await items(box, table)).toEqual([expect.stringMatching(new RegExp(`^${role}=r/`))])
    await box.run(`drop role ${grantor}`)
  })

  test('with keepDependents the owner grants again what was passed on to others', async () => {
    const box = sandbox()
    const { role, grantor, bystander, table } = await setScene(box)
    await box.admin(`set role ${grantor}; grant select (id) on ${table} to ${bystander}; reset role`)
    await box.sync({ role: grantor, grants: [] }, { keepDependents: true })
    expect(await mayRead(box, bystander, table)).toBe(true)
    const [onTable, onColumn, ...more] = (await items(box, table)).filter((item) =>
      String(item).startsWith(`${bystander}=r/`),
    )
    expect([onTable, more]).toEqual([onColumn, []])
    expect(await mayRead(box, role, table)).toBe(true)
    expect(await mayRead(box, grantor, table)).toBe(false)
    await box.run(`drop role ${grantor}`)
  })

  test('a grant option that is asked for is granted, and one that is not is revoked by itself', async () => {
    const box = sandbox()
    const { role, grantor, bystander, schema, table } = await setScene(box)
    const select = Grant.privilege(Target.table(schema, 't'), ['SELECT'], { direct: true, grantable: true })
    await box.sync({ role: grantor, grants: [select] })
    expect(await mayRead(box, bystander, table)).toBe(true)
    expect(await mayRead(box, role, table)).toBe(true)
    const { plan } = await box.sync({
      role: grantor,
      grants: [Grant.tableSelect(schema, 't', { direct: true })],
    })
    expect(effectsOf(plan)).toEqual([`${role} loses SELECT`, `${bystander} loses SELECT`].sort())
    expect(await mayRead(box, grantor, table)).toBe(true)
    expect(
      await box.admin(
        `select has_table_privilege('${grantor}', '${table}'::regclass, 'SELECT WITH GRANT OPTION')`,
      ),
    ).toEqual([[false]])
  })

  test('a role that is only a grantor is in no ACL after a sync', async () => {
    const box = sandbox()
    const { role, grantor, bystander, table } = await setScene(box)
    await box.admin(
      `update pg_class set relacl = replace(relacl::text, '${grantor}=r*w*/', '${box.actor}=x/')::aclitem[] where oid = '${table}'::regclass`,
    )
    const { plan } = await box.sync({ role: grantor, grants: [] })
    expect(plan.residue).toEqual([])
    expect(await mayRead(box, role, table)).toBe(false)
    expect(await mayRead(box, bystander, table)).toBe(false)
    await box.run(`drop role ${grantor}`)
  })

  test('a member gets the ADMIN option of a membership that another role granted', async () => {
    const box = sandbox()
    const [role, group, admin] = [box.name('t'), box.name('g'), box.name('a')]
    await box.run(`create role ${role}; create role ${group}; create role ${admin}`)
    await box.admin(`
      grant ${group} to ${admin} with admin option; set role ${admin}; grant ${group} to ${role}; reset role`)
    await box.sync({ role, grants: [Grant.roleMembership(group, { admin: true })] })
    expect(
      await box.admin(
        `select bool_or(admin_option) from pg_auth_members where member = '${role}'::regrole and roleid = '${group}'::regrole`,
      ),
    ).toEqual([[true]])
  })
})

/** `o` owns everything, and the acting role may act as it. */
const setOwned = async (box: Sandbox): Promise<{ role: string; schema: string }> => {
  const [owner, role, schema] = [box.name('o'), box.name('t'), box.name('s')]
  await box.run(`create role ${owner}; create role ${role}`)
  await box.admin(`
    create schema ${schema}; grant usage on schema ${schema} to public; create table ${schema}.t (a int, b int);
    create sequence ${schema}.q; create function ${schema}.f() returns int language sql as 'select 1';
    alter schema ${schema} owner to ${owner}; alter table ${schema}.t owner to ${owner};
    alter sequence ${schema}.q owner to ${owner}; alter function ${schema}.f() owner to ${owner}`)
  return { role, schema }
}

/** What the acting role holds itself, and may pass on, is what PostgreSQL would take for the grantor. */
conformanceAsOwner((sandbox) => {
  test.for<[string, (schema: string, role: string, acting: string) => string]>([
    [
      'a column of a table on which the owner granted the same privilege',
      (schema, role, acting) =>
        `grant select on ${schema}.t to ${role}; grant select (a) on ${schema}.t to ${role};
         grant select (a) on ${schema}.t to ${acting} with grant option`,
    ],
    [
      'another column than the owner granted the same privilege on',
      (schema, role, acting) =>
        `grant select (a) on ${schema}.t to ${role}; grant select (b) on ${schema}.t to ${acting} with grant option;
         grant select on ${schema}.t to ${role}; set role ${acting}; grant select (b) on ${schema}.t to ${role}; reset role`,
    ],
    [
      'a column of a table, on whose columns the role has nothing',
      (schema, role, acting) =>
        `grant select on ${schema}.t to ${role}; grant select (a) on ${schema}.t to ${acting} with grant option`,
    ],
    [
      'another privilege than the owner granted',
      (schema, role, acting) =>
        `grant select on ${schema}.t to ${role}; grant insert on ${schema}.t to ${acting} with grant option;
         set role ${acting}; grant insert on ${schema}.t to ${role}; reset role`,
    ],
    [
      'a sequence, and has granted it to itself',
      (schema, role, acting) =>
        `grant usage, select on sequence ${schema}.q to ${acting} with grant option; grant usage on sequence ${schema}.q to ${role};
         set role ${acting}; grant usage on sequence ${schema}.q to ${acting}, ${role}; grant select on sequence ${schema}.q to ${role}; reset role`,
    ],
    [
      'a schema and a function',
      (schema, role, acting) =>
        `grant create on schema ${schema} to ${acting} with grant option; grant execute on function ${schema}.f() to ${acting} with grant option;
         grant create on schema ${schema} to ${role}; grant execute on function ${schema}.f() to ${role};
         set role ${acting}; grant create on schema ${schema} to ${role}; grant execute on function ${schema}.f() to ${role}; reset role`,
    ],
  ])(
    'what the owner and the acting role granted is revoked, if the acting role has a grant option on %s',
    async ([, grants]) => {
      const box = sandbox()
      const { role, schema } = await setOwned(box)
      await box.admin(grants(schema, role, box.actor))
      const before = await box.holdings([box.actor])
      const { plan } = await box.sync({ role, grants: [] })
      expect(plan.residue).toEqual([])
      expect(await box.holdings([box.actor])).toEqual(before)
      await box.run(`drop role ${role}`)
      await box.admin(`drop schema ${schema} cascade`)
    },
  )

  test('a table that the acting role may pass privileges on gets another owner', async () => {
    const box = sandbox()
    const { role, schema } = await setOwned(box)
    await box.admin(`grant select on ${schema}.t to ${box.actor} with grant option`)
    const { plan } = await box.sync({ role, grants: [Grant.tableOwnership(schema, 't')] })
    expect(plan.residue).toEqual([])
    expect(
      await box.admin(`select attacl from pg_attribute where attrelid = '${schema}.t'::regclass`),
    ).toEqual(expect.not.arrayContaining([[expect.anything()]]))
    await box.admin(`drop schema ${schema} cascade`)
  })

  test('the owner of the schema lends USAGE on it to an owner that has none', async () => {
    const box = sandbox()
    const { role, schema } = await setOwned(box)
    const other = box.name('x')
    await box.run(`create role ${other}`)
    await box.admin(`
      alter schema ${schema} owner to ${other}; revoke usage on schema ${schema} from public;
      grant select on ${schema}.t to ${box.actor} with grant option; grant select on ${schema}.t to ${role}`)
    await box.sync({
      role,
      grants: [Grant.privilege(Target.table(schema, 't'), ['INSERT'], { direct: true })],
    })
    expect(await mayRead(box, role, `${schema}.t`)).toBe(false)
    expect(
      await box.admin(`select has_table_privilege('${role}', '${schema}.t'::regclass, 'INSERT')`),
    ).toEqual([[true]])
    await box.admin(`drop schema ${schema} cascade`)
  })

  test('from PostgreSQL 16 on, a role that administers an owner through other roles borrows membership in all of these', async () => {
    const box = sandbox()
    if (box.server.version < 160000) return
    const { role, schema } = await setOwned(box)
    const [first, second] = [box.name('f'), box.name('g')]
    await box.run(`create role ${first}`)
    await box.admin(`
      create role ${second}; grant ${second} to ${first} with admin true, inherit false, set false;
      alter table ${schema}.t owner to ${second}; alter schema ${schema} owner to ${second};
      grant select on ${schema}.t to ${role}`)
    await box.sync({ role, grants: [] })
    expect(await mayRead(box, role, `${schema}.t`)).toBe(false)
    await box.admin(`drop schema ${schema} cascade`)
  })
})
