import {
  ForbiddenRoleError,
  Grant,
  InvalidGrantError,
  MissingObjectError,
  outcomeOf,
  type Plan,
  plan as planFrom,
  planDrop,
  parsePlan,
  renderJson,
  ResidueError,
  type Snapshot,
  SnapshotScopeError,
  Target,
} from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'

/** The seed of a plan for roles that are synced. */
const seedOf = ({ request }: Plan): string => (request.kind === 'sync' ? request.seed : '')

/** Ids are drawn anew for each plan, and what a plan creates has no oid yet. */
const normal = (facts: readonly unknown[]): readonly string[] =>
  facts
    .map((fact) =>
      JSON.stringify(fact)
        .replaceAll(/_[0-9a-f]{8}(?=")/g, '_id')
        .replaceAll(/"oid":("\d+"|null)/g, '"oid":0'),
    )
    .sort()

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

conformanceAround16('what a plan reports', (sandbox) => {
  test('a grant on something absent is skipped with its reason, and the other grants are made', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t (); create sequence ${schema}.q`)
    const grants = [
      Grant.databaseConnect(`no${box.database}`),
      Grant.schemaUsage(`no${schema}`),
      Grant.tableSelect(schema, 'no'),
      Grant.tableSelect(`no${schema}`, /./),
      Grant.tableSelect(schema, /^no/),
      Grant.tableSelect(schema, 'q'),
      Grant.tableOwnership(schema, 'no'),
      Grant.schemaUsage(schema),
      Grant.tableSelect(schema, 't'),
    ]
    await expect(box.pool.syncRoles({ role, grants }, { onMissing: 'error' })).rejects.toBeInstanceOf(
      MissingObjectError,
    )
    await expect(box.pool.planRoles({ role, grants }, { onMissing: 'error' })).rejects.toMatchObject({
      _tag: 'MissingObjectError',
      skipped: { length: 6 },
    })
    expect(await box.run(`select from pg_roles where rolname = '${role}'`)).toEqual([])

    const { plan } = await box.sync({ role, grants })
    const reasons = plan.skipped.map(({ reason }) => reason)
    expect(reasons.filter((reason) => reason !== 'absent')).toEqual(['no match'])
    expect(plan.skipped.map(({ message }) => message.split(': ').at(-1) ?? '').sort()).toEqual([
      `database "no${box.database}" does not exist`,
      'no table matches',
      `schema "no${schema}" does not exist`,
      `schema "no${schema}" does not exist`,
      `table "${schema}"."no" does not exist`,
      `table "${schema}"."no" does not exist`,
      `table "${schema}"."q" does not exist`,
    ])
    await box.as(role, `select from ${schema}.t`)
  })

  test('with onMissing: "error", an object that does not exist is an error, and a pattern that matches nothing is not', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t (id int)`)
    const grants = [
      Grant.schemaUsage(schema),
      Grant.tableSelect(schema, /nothing/),
      Grant.privilege(Target.table(schema, /t/, { columns: ['no'] }), ['SELECT']),
    ]
    const { plan } = await box.sync({ role, grants }, { onMissing: 'error' })
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['no match', 'no match'])
    const inNoSchema = [...grants, Grant.tableSelect(`no${schema}`, /t/)]
    await expect(
      box.pool.planRoles({ role, grants: inNoSchema }, { onMissing: 'error' }),
    ).rejects.toMatchObject({
      _tag: 'MissingObjectError',
      skipped: { length: 1 },
    })
  })

  test('a snapshot that was read for another request is refused', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('r'), box.name('s')]
    const elsewhere = box.name('s')
    await box.run(
      `create role ${role}; create role ${other}; create schema ${schema}; create table ${schema}.t ();
       create schema ${elsewhere}`,
    )
    const asked = { role, grants: [Grant.tableSelect(schema, 't')] }
    const read = JSON.parse(JSON.stringify(await box.pool.introspect(asked))) as Snapshot
    expect(planFrom(read, asked, { seed: '' }).transactions).toHaveLength(1)
    expect(planFrom(read, { role, grants: [] }, { seed: '' }).transactions).toEqual([])
    for (const [desired, missing] of [
      [{ role: other, grants: [] }, `role "${other}"`],
      [{ role, grants: [Grant.tableSelect(schema, 'u')] }, `table "${schema}"."u"`],
      [{ role, grants: [Grant.tableSelect(schema, /./)] }, `the tables of schema "${schema}"`],
      [{ role, grants: [Grant.schemaUsage(elsewhere)] }, `schema "${elsewhere}"`],
      [{ role, grants: [Grant.schemaOwnership(elsewhere)] }, `schema "${elsewhere}"`],
      [{ role, grants: [], preserveExistingGrantsInSchemas: [elsewhere] }, `schema "${elsewhere}"`],
      [{ role, grants: [Grant.roleMembership(other)] }, `role "${other}"`],
      [
        { role, grants: [Grant.tableOwnership(schema, 't')] },
        `what follows the owner of table "${schema}"."t"`,
      ],
      [
        { role, grants: [Grant.ownership(Target.allStatistics(schema))] },
        `what follows the owners of the statistics objects of schema "${schema}"`,
      ],
      [
        { role, grants: [Grant.defaultPrivilege({ owner: other, on: 'tables' }, ['SELECT'])] },
        `the default privileges of role "${other}"`,
      ],
    ] as const) {
      const error = thrownBy(() => planFrom(read, desired, { seed: '' }))
      expect(error).toBeInstanceOf(SnapshotScopeError)
      expect((error as SnapshotScopeError).missing).toContain(missing)
    }
    expect(thrownBy(() => planDrop(read))).toBeInstanceOf(SnapshotScopeError)
    const outcome = outcomeOf(read, planFrom(read, asked, { seed: '' }))
    expect(planFrom(outcome, asked, { seed: '' }).transactions).toEqual([])
    expect(thrownBy(() => planFrom(outcome, { role: other, grants: [] }, { seed: '' }))).toBeInstanceOf(
      SnapshotScopeError,
    )
  })

  test('what cannot be taken away is residue: the call fails, or does the rest if told to', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    const trigger = box.name('trigger')
    await box.run(`create role ${role} login; create schema ${schema}`)
    await box.admin(`
      create function ${schema}.f() returns event_trigger language plpgsql as 'begin end';
      create event trigger ${trigger} on ddl_command_end when tag in ('create cast') execute procedure ${schema}.f();
      alter role ${role} superuser; alter event trigger ${trigger} owner to ${role}; alter role ${role} nosuperuser`)
    const error = await box.pool.syncRoles({ role, grants: [] }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ResidueError)
    expect((error as ResidueError).residue).toMatchObject([
      { role, reason: 'acts as its owner', fact: { kind: 'ownership', object: { name: [trigger] } } },
    ])
    const logsIn = () => box.run(`select rolcanlogin from pg_roles where rolname = '${role}'`)
    expect(await logsIn()).toEqual([[true]])

    const { plan } = await box.sync({ role, grants: [] }, { onResidue: 'report' })
    expect(plan.residue).toHaveLength(1)
    expect(await logsIn()).toEqual([[false]])
    for (const { statement } of plan.residue) await box.admin(statement)
    expect((await box.sync({ role, grants: [] })).plan.residue).toEqual([])
    await box.run(`drop role ${role}`)
    await box.admin(`drop event trigger ${trigger}`)
  })

  test('what pgsr does not manage is reported as unmanaged', async () => {
    const box = sandbox()
    const [role, schema, server] = [box.name('r'), box.name('s'), box.name('server')]
    await box.run(
      `create role ${role}; create schema ${schema}; create table ${schema}.t (id int);
       create policy p on ${schema}.t to ${role}; alter role ${role} set work_mem = '5MB'`,
    )
    await box.admin(
      `create foreign data wrapper ${server}; create server ${server} foreign data wrapper ${server};
       create user mapping for ${role} server ${server};
       alter default privileges for role ${role} grant select on tables to public;
       create temporary table temporary (); grant select on temporary to ${role}`,
    )
    // As a later PostgreSQL may have it: nobody owns a cast.
    const ofCast = `classid = 'pg_cast'::regclass and refobjid = '${role}'::regrole`
    await box.admin(
      `insert into pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
       select d.oid, 'pg_cast'::regclass, min(c.oid::int)::oid, 0, 'pg_authid'::regclass, '${role}'::regrole, 'o'
       from pg_database as d, pg_cast as c where datname = current_database() group by d.oid`,
    )
    const { plan } = await box.sync({ role, grants: [Grant.login()] })
    expect(plan.unmanaged.map(({ kind }) => kind).sort()).toEqual([
      'default privileges',
      'pg_cast',
      'pg_policy',
      'pg_user_mapping',
      'settings',
      'temporary table',
    ])
    expect(JSON.stringify(plan.unmanaged)).not.toContain('5MB')
    await box.admin(
      `delete from pg_shdepend where ${ofCast}; drop table temporary; drop foreign data wrapper ${server} cascade`,
    )
  })

  test('the session’s own role and superusers are synced only if the caller allows it', async () => {
    const box = sandbox()
    const [superuser, role, group] = [box.name('su'), box.name('r'), box.name('g')]
    await box.run(`create role ${group}`)
    await box.admin(`create role ${superuser} superuser; grant ${superuser} to ${group}`)
    const refusals = [
      { role, grants: [Grant.roleMembership(group)] },
      { role: box.actor, grants: [] },
      { role: superuser, grants: [] },
      { role, grants: [Grant.roleMembership(superuser)] },
    ]
    for (const desired of refusals) {
      await expect(box.pool.syncRoles(desired)).rejects.toBeInstanceOf(ForbiddenRoleError)
      await expect(box.pool.planRoles(desired)).rejects.toBeInstanceOf(ForbiddenRoleError)
    }
    expect(await box.run(`select from pg_roles where rolname = '${role}'`)).toEqual([])
    // Only a superuser can make others members of one, whatever the caller says.
    const given = await box.sync(
      { role, grants: [Grant.roleMembership(superuser)] },
      { allowSuperuser: true, ...(!box.isSuperuser && { onResidue: 'report' }) },
    )
    expect(given.plan.skipped.map(({ reason }) => reason)).toEqual(box.isSuperuser ? [] : ['not permitted'])
    expect((await box.run(`select pg_has_role('${role}', '${superuser}', 'MEMBER')`))[0]).toEqual([
      box.isSuperuser,
    ])
    const gone = box.pool.syncRoles({ role: superuser, grants: [] }, { allowSuperuser: true })
    if (box.isSuperuser) await gone
    else await expect(gone).rejects.toBeInstanceOf(ResidueError)
    expect(await box.run(`select rolsuper from pg_roles where rolname = '${superuser}'`)).toEqual([
      [!box.isSuperuser],
    ])
  })

  test('a role that syncs itself loses what it does not ask for last', async () => {
    const box = sandbox()
    const [self, group, other] = [box.name('self'), box.name('g'), box.name('o')]
    await box.admin(`create role ${self} ${box.isSuperuser ? 'superuser' : 'createrole'} login`)
    const own = box.driver.pool({ ...box.server, user: self }, box.database)
    try {
      await own.run(`create role ${group}; grant ${group} to ${self}`)
      const desired = [
        { role: self, grants: [Grant.login()] },
        { role: other, grants: [Grant.roleMembership(group)] },
      ]
      await expect(own.syncRoles(desired)).rejects.toBeInstanceOf(ForbiddenRoleError)
      // From 16 on it cannot rid itself of the right to administer what it created, and gets it of what it creates.
      const administers = !box.isSuperuser && box.server.version >= 160000
      await own.syncRoles(desired, {
        allowSelf: true,
        allowSuperuser: true,
        ...(administers && { onResidue: 'report' }),
      })
      const left = await box.run(
        `select pg_get_userbyid(roleid)::text from pg_auth_members where member = '${self}'::regrole order by 1`,
      )
      expect(left).toEqual(administers ? [[group], [other]] : [])
    } finally {
      await own.end()
    }
    expect((await box.run(`select pg_has_role('${other}', '${group}', 'MEMBER')`))[0]).toEqual([true])
  })

  test('bad input is refused before anything is sent', async () => {
    const box = sandbox()
    const nowhere = box.driver.pool({ host: '/nowhere', port: 1, user: 'nobody' }, 'none')
    try {
      for (const desired of [
        { role: '', grants: [] },
        { role: 'public', grants: [] },
        { role: 'r', grants: [Grant.tableSelect('s', '\u0000')] },
        { role: 'r', grants: [Grant.login({ password: '' })] },
      ])
        await expect(nowhere.syncRoles(desired)).rejects.toBeInstanceOf(InvalidGrantError)
      for (const options of [
        { attempts: 0 },
        { lockTimeout: 0.5 },
        { lockKey: 2n ** 63n },
        { scramIterations: 0 },
        { scramIterations: 1_000_001 },
        { onResidu: 'report' },
      ])
        await expect(nowhere.syncRoles({ role: 'r', grants: [] }, options)).rejects.toBeInstanceOf(
          InvalidGrantError,
        )
      await expect(nowhere.syncRoles({ role: 'r', grants: [] })).rejects.toMatchObject({
        _tag: 'DatabaseError',
        outcome: 'unchanged',
        sqlState: undefined,
      })
    } finally {
      await nowhere.end()
    }
  })

  test('a snapshot sent as JSON gives the same plan and the same outcome', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t (id serial)`)
    const desired = {
      role,
      grants: [
        Grant.schemaUsage(schema),
        Grant.tableSelect(schema, /./),
        Grant.login({ validUntil: '2030-01-01T00:00:00Z' }),
      ],
    }
    const snapshot = await box.pool.introspect(desired)
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
    const here = await box.pool.planRoles(desired)
    const there = planFrom(JSON.parse(JSON.stringify(snapshot)), desired, { seed: seedOf(here) })
    expect(there).toEqual(here)
    expect(parsePlan(renderJson(here))).toEqual(here)
    await box.sync(desired)
    const after = await box.pool.introspect(desired)
    const found = planFrom(after, desired, { seed: '' })
    expect(found.transactions).toEqual([])
    expect(normal(outcomeOf(snapshot, here).memberships)).toEqual(normal(after.memberships))
  })
})
