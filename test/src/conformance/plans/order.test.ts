import { Grant, ResidueError, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { ownerOf } from '../../../harness/sandbox/owner-of.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** Whether a role may do something with a relation, by its oid: names want USAGE on the schema. */
const may = async (
  { admin }: Sandbox,
  role: string,
  relation: string,
  privilege: string,
  column?: string,
): Promise<unknown> => {
  const asked = `'${role}', '${relation}'::regclass`
  const text =
    column === undefined
      ? `has_table_privilege(${asked}, '${privilege}')`
      : `has_column_privilege(${asked}, '${column}', '${privilege}')`
  return (await admin(`select ${text}`))[0]?.[0]
}

/** What a set of differences, put into one order for all, would get wrong: one statement changes what another is about. */
conformanceAround16('order', (sandbox) => {
  test('a privilege on a column stays when the one on the table is revoked, although PostgreSQL revokes both', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`
      create role ${role}; create schema ${schema}; create table ${schema}.t (a int, b int);
      grant select, update on ${schema}.t to ${role}; grant select (a) on ${schema}.t to ${role}`)
    const column = Target.table(schema, 't', { columns: ['a'] })
    await box.sync({ role, grants: [Grant.privilege(column, ['SELECT'], { direct: true })] })
    expect(await may(box, role, `${schema}.t`, 'SELECT', 'a')).toBe(true)
    expect(await may(box, role, `${schema}.t`, 'SELECT', 'b')).toBe(false)
    expect(await may(box, role, `${schema}.t`, 'UPDATE', 'a')).toBe(false)
  })

  test('one role loses a grant option, and another desired role keeps what was granted to it by that option', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('o'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${other}; create schema ${schema}; create table ${schema}.t ();
      grant usage on schema ${schema} to ${role}; grant select on ${schema}.t to ${role} with grant option`)
    await box.admin(`set role ${role}; grant select on ${schema}.t to ${other}; reset role`)
    await box.sync([
      { role, grants: [] },
      { role: other, grants: [Grant.tableSelect(schema, 't', { direct: true })] },
    ])
    expect(await may(box, role, `${schema}.t`, 'SELECT')).toBe(false)
    expect(await may(box, other, `${schema}.t`, 'SELECT')).toBe(true)
    await box.run(`drop role ${role}`)
  })

  test('a role loses a grant option before INHERIT, by which it remains the grantor of what another one keeps', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('o'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${other}; create schema ${schema}; create table ${schema}.t ();
      grant ${other} to ${role}; grant usage on schema ${schema} to ${role};
      grant select on ${schema}.t to ${role} with grant option`)
    await box.admin(`set role ${role}; grant select on ${schema}.t to ${other} with grant option; reset role`)
    const desired = [
      { role, inherit: false, grants: [Grant.roleMembership(other)] },
      { role: other, grants: [], preserveExistingGrantsInSchemas: [schema] },
    ]
    await box.sync(desired, { onResidue: 'report' })
    expect(await may(box, other, `${schema}.t`, 'SELECT WITH GRANT OPTION')).toBe(true)
    await box.run(`revoke ${other} from ${role}`)
    expect(await may(box, role, `${schema}.t`, 'SELECT')).toBe(false)
    expect(await box.admin(`select rolinherit from pg_roles where rolname = '${role}'`)).toEqual([[false]])
  })

  test('a role loses a grant option on a column, and who has the column from it keeps that, since it may grant the table', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('o'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${other}; create schema ${schema}; create table ${schema}.t (a int);
      grant usage on schema ${schema} to ${role}; grant select (a) on ${schema}.t to ${role} with grant option`)
    await box.admin(`set role ${role}; grant select (a) on ${schema}.t to ${other}; reset role`)
    const grant = Grant.privilege(Target.table(schema, 't'), ['SELECT'], { direct: true, grantable: true })
    await box.run(`grant select on ${schema}.t to ${role} with grant option`)
    await box.sync({ role, grants: [grant] })
    expect(await may(box, other, `${schema}.t`, 'SELECT', 'a')).toBe(true)
    await box.admin(`revoke select on ${schema}.t from ${role}`)
    expect(await may(box, role, `${schema}.t`, 'SELECT', 'a')).toBe(false)
    expect(await may(box, other, `${schema}.t`, 'SELECT', 'a')).toBe(true)
  })

  test('a role that loses its membership in the owner leaves no dangling grant', async () => {
    const box = sandbox()
    const [role, owner, other, schema] = [box.name('r'), box.name('o'), box.name('x'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${owner}; create role ${other}; create schema ${schema}; create table ${schema}.t ();
      grant usage on schema ${schema} to ${role}, ${owner}`)
    await box.admin(`
      alter table ${schema}.t owner to ${owner};
      grant select on ${schema}.t to ${role} with grant option; set role ${role};
      grant select on ${schema}.t to ${other}; reset role`)
    await box.run(`grant ${owner} to ${role}`)
    const { plan } = await box.sync({ role, grants: [] })
    expect(plan.effects).toMatchObject([{ role: other, change: 'loses' }])
    expect(await may(box, other, `${schema}.t`, 'SELECT')).toBe(false)
    await box.run(`drop role ${role}`)
  })

  test('a role that is lent CREATE on a schema still has the CREATE that it had before', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t ()`)
    await box.sync({ role, grants: [Grant.schemaOwnership(schema), Grant.tableOwnership(schema, 't')] })
    await box.as(role, `create table ${schema}.made (); drop table ${schema}.t`)
  })

  test('a grant of the old owner and one of the new owner become one', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('x'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${other}; create schema ${schema}; create table ${schema}.t ();
      grant usage on schema ${schema} to ${role};
      grant select on ${schema}.t to ${other}; grant insert on ${schema}.t to ${role} with grant option`)
    await box.admin(`set role ${role}; grant insert on ${schema}.t to ${other}; reset role`)
    const { plan } = await box.sync({ role, grants: [Grant.tableOwnership(schema, 't')] })
    expect(plan.effects).toHaveLength(3)
    expect(await may(box, other, `${schema}.t`, 'SELECT')).toBe(true)
    expect(await may(box, other, `${schema}.t`, 'INSERT')).toBe(true)
    expect(
      await box.admin(
        `select distinct i.grantor::regrole::text from pg_class, aclexplode(relacl) as i where oid = '${schema}.t'::regclass`,
      ),
    ).toEqual([[role]])
  })

  test('a new owner gets no privilege that the old owner had revoked from itself, unless it is asked for', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`
      create schema ${schema}; create table ${schema}.t (id int); revoke insert on ${schema}.t from current_user`)
    await box.sync({ role, grants: [Grant.tableOwnership(schema, 't')] })
    expect(await may(box, role, `${schema}.t`, 'INSERT')).toBe(false)
    const insert = Grant.privilege(Target.table(schema, 't'), ['INSERT'])
    await box.sync({ role, grants: [Grant.tableOwnership(schema, 't'), insert] })
    expect(await may(box, role, `${schema}.t`, 'INSERT')).toBe(true)
  })

  test('a desired role loses what default privileges give it on a schema that is created', async () => {
    const box = sandbox()
    if (box.server.version < 100000) return // which have none on schemas
    const [role, other, third, schema] = [box.name('r'), box.name('o'), box.name('x'), box.name('s')]
    await box.run(`create role ${role}; create role ${other}; create role ${third}`)
    await box.admin(
      `alter default privileges for role ${role} grant usage, create on schemas to ${other}, ${third}`,
    )
    const { plan } = await box.sync([
      { role, grants: [Grant.schemaOwnership(schema)] },
      { role: other, grants: [Grant.schemaUsage(schema, { direct: true })] },
    ])
    expect(plan.effects.filter((effect) => effect.role === third)).toHaveLength(2)
    const held = await box.admin(`
      select r.name, has_schema_privilege(r.name, n.oid, 'USAGE'), has_schema_privilege(r.name, n.oid, 'CREATE')
      from pg_namespace as n, (values ('${other}'), ('${third}')) as r(name) where nspname = '${schema}' order by 1`)
    expect(held).toEqual([
      [other, true, false],
      [third, true, true],
    ])
  })

  test('a role that syncs itself loses CREATEROLE after everything that needs it', async () => {
    const box = sandbox()
    const [self, group, made] = [box.name('self'), box.name('g'), box.name('m')]
    await box.admin(`create role ${self} login ${box.isSuperuser ? 'superuser createrole' : 'createrole'}`)
    const own = box.driver.pool({ ...box.server, user: self }, box.database)
    try {
      await own.run(`create role ${group}`)
      const desired = [
        { role: self, grants: [Grant.login()] },
        { role: made, grants: [Grant.roleMembership(group)] },
      ]
      const options = { allowSelf: true, allowSuperuser: true } as const
      // From 16 on nobody but a superuser alters itself.
      if (!box.isSuperuser && box.server.version >= 160000) {
        await expect(own.syncRoles(desired, options)).rejects.toBeInstanceOf(ResidueError)
        await own.syncRoles(desired, { ...options, onResidue: 'report' })
      } else await own.syncRoles(desired, options)
      const [[creates, isSuperuser] = []] = await box.admin(
        `select rolcreaterole, rolsuper from pg_roles where rolname = '${self}'`,
      )
      expect(creates).toBe(!box.isSuperuser && box.server.version >= 160000)
      expect(isSuperuser).toBe(false)
    } finally {
      await own.end()
    }
    expect(await box.admin(`select pg_has_role('${made}', '${group}', 'MEMBER')`)).toEqual([[true]])
  })

  test('a desired superuser loses what it had granted, and SUPERUSER', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('x'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${other}; create schema ${schema}; create table ${schema}.t ();
      grant usage on schema ${schema} to ${role}; grant select on ${schema}.t to ${role} with grant option`)
    await box.admin(`
      set role ${role}; grant select on ${schema}.t to ${other}; reset role; alter role ${role} superuser`)
    const options = { allowSuperuser: true } as const
    if (!box.isSuperuser) {
      await expect(box.pool.syncRoles({ role, grants: [] }, options)).rejects.toBeInstanceOf(ResidueError)
      await box.admin(`alter role ${role} nosuperuser`)
    }
    await box.sync({ role, grants: [] }, options)
    expect(await may(box, role, `${schema}.t`, 'SELECT')).toBe(false)
    expect(await may(box, other, `${schema}.t`, 'SELECT')).toBe(false)
    await box.run(`drop role ${role}`)
  })

  test('a membership is reversed, and one that would make a cycle through other roles is skipped', async () => {
    const box = sandbox()
    const [a, b, c] = [box.name('a'), box.name('b'), box.name('c')]
    await box.run(`create role ${a}; create role ${b}; create role ${c}; grant ${b} to ${a}`)
    const isMember = async (member: string, role: string) =>
      (await box.admin(`select pg_has_role('${member}', '${role}', 'MEMBER')`))[0]?.[0]
    await box.sync([
      { role: a, grants: [] },
      { role: b, grants: [Grant.roleMembership(a)] },
    ])
    expect(await isMember(b, a)).toBe(true)
    expect(await isMember(a, b)).toBe(false)
    await box.run(`revoke ${a} from ${b}; grant ${c} to ${b}; grant ${a} to ${c}`)
    const { plan } = await box.sync({ role: a, grants: [Grant.roleMembership(b)] })
    expect(plan.skipped).toMatchObject([{ role: a, reason: 'cycle', path: [b, c, a] }])
    expect(await isMember(a, b)).toBe(false)
  })

  test('a membership that would make a cycle through one that is granted again is skipped', async () => {
    const box = sandbox()
    const [role, admin, member] = [box.name('r'), box.name('a'), box.name('m')]
    await box.run(`
      create role ${role}; create role ${admin}; create role ${member}; grant ${role} to ${admin} with admin option`)
    await box.admin(`set role ${admin}; grant ${role} to ${member}; reset role`)
    const desired = [
      { role: admin, grants: [] },
      { role, grants: [Grant.roleMembership(member)] },
    ]
    const { plan } = await box.sync(desired, { keepDependents: true })
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['cycle'])
    expect(
      await box.admin(
        `select pg_has_role('${member}', '${role}', 'USAGE'), pg_has_role('${admin}', '${role}', 'MEMBER')`,
      ),
    ).toEqual([[true, false]])
  })

  test('what may hold code goes to a caretaker, so that it cannot run as the acting role', async () => {
    const box = sandbox()
    const [role, anybody, schema] = [box.name('r'), box.name('x'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${anybody}; create schema ${schema};
      create table ${schema}.secret (word text); grant usage on schema ${schema} to public`)
    await box.admin(`
      grant create on schema ${schema} to ${role}; set role ${role};
      create function ${schema}.run(text) returns void language plpgsql security definer as 'begin execute $1; end';
      create function ${schema}.plain() returns int language sql as 'select 1';
      create view ${schema}.seen as select * from ${schema}.secret;
      create function ${schema}.tax(int) returns int immutable language plpgsql as 'begin perform ${schema}.run(''''); return 1; end';
      create table ${schema}.trap (id int); create index on ${schema}.trap (${schema}.tax(id));
      create aggregate ${schema}.total(int) (sfunc = int4pl, stype = int);
      reset role; revoke create on schema ${schema} from ${role}`)
    const { plan } = await box.sync({ role, grants: [] })
    expect(plan.residue).toEqual([])
    const caretaker = await ownerOf(box, `${schema}.seen`)
    const owners = await box.admin(`
      select proname::text, proowner::regrole::text from pg_proc where pronamespace = '${schema}'::regnamespace
      union all
      select relname, relowner::regrole::text from pg_class where relnamespace = '${schema}'::regnamespace and relkind in ('r', 'v')
      order by 1`)
    expect(owners).toEqual([
      ['plain', caretaker],
      ['run', caretaker],
      ['secret', box.actor],
      ['seen', caretaker],
      ['tax', caretaker],
      ['total', caretaker],
      ['trap', caretaker],
    ])
    await expect(box.as(anybody, `select * from ${schema}.seen`)).rejects.toThrow('permission denied')
    await expect(box.as(anybody, `select ${schema}.run('alter role ${anybody} createrole')`)).rejects.toThrow(
      /permission denied|must be|CREATEROLE/,
    )
  })
})
