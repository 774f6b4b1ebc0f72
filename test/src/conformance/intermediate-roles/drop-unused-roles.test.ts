import {
  DatabaseError,
  type DropUnusedRolesOptions,
  Grant,
  InvalidGrantError,
  LockTimeoutError,
  operationsOf,
  type Plan,
  PlanChangedError,
  renderJson,
  renderSql,
  type SyncResult,
} from '@pgsr/node-postgres'
import { dropUnusedRoles, layer, planDropUnusedRoles } from '@pgsr/node-postgres/effect'
import * as Effect from 'effect/Effect'
import pg from 'pg'
import { describe, expect, inject, test } from 'vitest'
import { inAnotherDatabase } from '../../../harness/sandbox/another-database.ts'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { counting } from '../../../harness/drivers/sessions.ts'
import { drivers } from '../../../harness/drivers/drivers.ts'
import { describeEffect } from '../../../harness/holdings/effects.ts'
import { intermediateRolesOf } from '../../../harness/sandbox/intermediate-roles.ts'
import { openSandbox, type Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo, serversAround16 } from '../../../harness/servers/servers.ts'
import { untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'

// Roles without any object are any database’s to drop: other tests may make such roles meanwhile, and these here drop
// them. So nothing is said here but of roles of their own; and no other file drops any.

const exists = async ({ run }: Sandbox, role: string): Promise<boolean> =>
  (await run(`select from pg_roles where rolname = '${role}'`)).length > 0

/** A name that pgsr could have given. */
const intermediateName = (): string => {
  const id = Math.floor(Math.random() * 2 ** 32)
  return `_pgsr_local_1_table_select_${id.toString(16).padStart(8, '0')}`
}

/** What a plan does to a role, and says of it. */
const said = (plan: Plan, role: string) => ({
  operations: operationsOf(plan).flatMap((operation) =>
    operation.reason.role === role ? [operation.kind] : [],
  ),
  residue: plan.residue.filter((one) => one.role === role),
})

/** From 16 on, who creates a role administers it. */
const isOfCreator = (thing: string): boolean => thing.endsWith('admin t, inherit f, set f')

/** Drops, and holds that to what is true of every drop: roles of ours lose what its effects say, and nothing else. */
const drop = async (box: Sandbox, options?: DropUnusedRolesOptions): Promise<SyncResult> => {
  const ours = await box.roles()
  const before = await box.holdings(ours)
  const result = await box.pool.dropUnusedRoles(options)
  const after = await box.holdings(ours)
  const lost = [...before]
    .filter((thing) => !after.has(thing) && !isOfCreator(thing))
    .map((thing) => `loses ${thing}`)
  const gained = [...after].filter((thing) => !before.has(thing)).map((thing) => `gains ${thing}`)
  const effects = result.plan.effects.filter(({ role }) => ours.includes(role))
  expect([...lost, ...gained].sort()).toEqual(
    effects.map((effect) => describeEffect(effect, box.server.version)).sort(),
  )
  return result
}

/** Two roles that may read a table, through the same intermediate roles. */
const setUp = async (box: Sandbox) => {
  const [role, keeper, schema] = [box.name('r'), box.name('k'), box.name('s')]
  await box.run(`create schema ${schema}; create table ${schema}.t (id int); create table ${schema}.u ()`)
  const usage = Grant.schemaUsage(schema)
  await box.sync([
    { role, grants: [usage, Grant.tableSelect(schema, 't')] },
    { role: keeper, grants: [usage] },
  ])
  const [usageRole = ''] = await intermediateRolesOf(box, keeper)
  const selectRole = (await intermediateRolesOf(box, role)).find((name) => name !== usageRole) ?? ''
  return { role, keeper, schema, usageRole, selectRole }
}

conformanceAround16('drop-unused-roles', (sandbox) => {
  test('an intermediate role without members is dropped, and one in use is not', async () => {
    const box = sandbox()
    const { role, keeper, schema, usageRole, selectRole } = await setUp(box)
    expect(said((await drop(box)).plan, selectRole).operations).toEqual([])
    await box.sync({ role, grants: [] })
    expect(await exists(box, selectRole)).toBe(true)

    const plan = await box.pool.planDropUnusedRoles()
    expect(said(plan, selectRole)).toEqual({ operations: ['revokePrivilege', 'dropRole'], residue: [] })
    expect(renderSql(plan)).toContain(
      `REVOKE SELECT ON TABLE "${schema}"."t" FROM "${selectRole}";  -- nobody is a member of "${selectRole}"`,
    )
    // Unused roles of other tests may go with the same statement.
    expect(renderSql(plan)).toMatch(new RegExp(`DROP ROLE [^;]*"${selectRole}"[^;]*;`))
    expect(renderSql(plan)).toContain(`nothing needs "${selectRole}" any more`)
    expect(await exists(box, selectRole)).toBe(true)

    const { changed, plan: executed } = await drop(box)
    expect(changed).toBe(true)
    expect(said(executed, selectRole)).toEqual(said(plan, selectRole))
    expect(said(executed, usageRole)).toEqual({ operations: [], residue: [] })
    expect([await exists(box, selectRole), await exists(box, usageRole)]).toEqual([false, true])
    const [[privileges] = []] = await box.run(
      `select has_schema_privilege('${keeper}', '${schema}', 'USAGE')`,
    )
    expect(privileges).toBe(true)
    expect(
      await box.run(
        `select from aclexplode((select relacl from pg_class where oid = '${schema}.t'::regclass)) where grantee <> (select relowner from pg_class where oid = '${schema}.t'::regclass)`,
      ),
    ).toEqual([])

    expect(said((await drop(box)).plan, selectRole)).toEqual({ operations: [], residue: [] })
    await box.sync({ role, grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')] })
    await box.as(role, `select from ${schema}.t`)
  })

  test('an intermediate role whose object is gone is dropped even if it has members', async () => {
    const box = sandbox()
    const { role, schema, selectRole, usageRole } = await setUp(box)
    await box.run(`drop table ${schema}.t`)
    const { plan } = await drop(box)
    expect(said(plan, selectRole)).toEqual({ operations: ['dropRole'], residue: [] })
    expect(plan.effects.filter((effect) => effect.role === role)).toMatchObject([
      { change: 'loses', fact: { kind: 'membership', role: selectRole } },
    ])
    expect(await intermediateRolesOf(box, role)).toEqual([usageRole])
  })

  test('everything that an unused role holds is revoked, on columns too', async () => {
    const box = sandbox()
    const { role, schema, selectRole, usageRole } = await setUp(box)
    await box.run(
      `grant insert on ${schema}.t to ${selectRole}; grant update (id), select (id) on ${schema}.t to ${selectRole};
       grant create on schema ${schema} to ${selectRole}`,
    )
    await box.sync({ role, grants: [] }, { onResidue: 'report' })
    const { plan } = await drop(box)
    expect(said(plan, selectRole).operations).toEqual([
      ...Array.from({ length: 4 }, () => 'revokePrivilege'),
      'dropRole',
    ])
    expect([await exists(box, selectRole), await exists(box, usageRole)]).toEqual([false, true])
  })

  test('intermediate roles that hold something in another database stay, whatever their names', async () => {
    const box = sandbox()
    await inAnotherDatabase(box, async (database, connect) => {
      const there = connect()
      const [role, keeper, schema] = [box.name('r'), box.name('k'), box.name('s')]
      await there.run(`create schema ${schema}; create table ${schema}.t ()`)
      const grants = [Grant.schemaUsage(schema)]
      await there.syncRoles({ role, grants: [Grant.tableSelect(schema, 't')] })
      await there.syncRoles({ role: keeper, grants })
      const names = [...(await intermediateRolesOf(box, role)), ...(await intermediateRolesOf(box, keeper))]
      await there.syncRoles({ role, grants: [] })
      const [oid] = (await box.run(`select oid from pg_database where datname = current_database()`))[0] ?? []
      const ours = `_pgsr_local_${String(oid)}_table_select_${intermediateName().slice(-8)}`
      await there.run(`create role ${ours}; grant select on ${schema}.t to ${ours}`)
      for (const name of [...names, ours]) {
        expect(said((await drop(box)).plan, name)).toEqual({ operations: [], residue: [] })
        expect(await exists(box, name)).toBe(true)
      }
      expect((await there.planRoles({ role: keeper, grants })).transactions).toEqual([])

      const dropped = (await there.dropUnusedRoles()).plan
      expect([...names, ours].map((name) => said(dropped, name).operations.length)).toEqual([2, 0, 2])
      expect(database).toContain(box.database)
    })
  })

  test('an intermediate role stays if a copy of its database uses it too', async () => {
    const box = sandbox()
    const { connection, driver } = box
    await inAnotherDatabase(box, async (database, connect) => {
      const [role, schema] = [box.name('r'), box.name('s')]
      const before = driver.pool(connection, database)
      await before.run(`create schema ${schema}`)
      await before.syncRoles({ role, grants: [Grant.schemaUsage(schema)] })
      const [name = ''] = await intermediateRolesOf(box, role)
      await before.syncRoles({ role, grants: [] })
      await before.end()
      const copy = `${database}_copy`
      await box.admin(`create database ${copy} template ${database}`)
      await box.admin(`alter database ${copy} owner to ${box.actor}`)
      const inCopy = driver.pool(connection, copy)
      const there = connect()
      try {
        for (const pool of [there, inCopy, box.pool])
          expect(said((await pool.dropUnusedRoles()).plan, name)).toEqual({ operations: [], residue: [] })
        expect(await exists(box, name)).toBe(true)
      } finally {
        await inCopy.end()
        await box.admin(`drop database ${copy}`)
      }
      expect(said((await there.dropUnusedRoles()).plan, name).operations).toEqual([
        'revokePrivilege',
        'dropRole',
      ])
      expect(await exists(box, name)).toBe(false)
    })
  })

  test('an intermediate role of the cluster stays as long as any database has something of it', async () => {
    const box = sandbox()
    let name = ''
    await inAnotherDatabase(box, async (database) => {
      const role = box.name('r')
      await box.sync({ role, grants: [Grant.databaseConnect(database)] })
      name = (await intermediateRolesOf(box, role))[0] ?? ''
      expect(name).toMatch(/^_pgsr_global_/)
      await box.sync({ role, grants: [] })
      expect(said((await drop(box)).plan, name)).toEqual({ operations: [], residue: [] })
      // Nor does it go for what somebody has granted it here.
      const schema = box.name('s')
      await box.run(`create schema ${schema}; grant usage on schema ${schema} to ${name}`)
      expect(said((await drop(box)).plan, name)).toEqual({ operations: [], residue: [] })
      expect(await exists(box, name)).toBe(true)
      await box.run(`drop schema ${schema}`)
    })
    expect(said((await drop(box)).plan, name).operations).toEqual(['dropRole'])
    expect(await exists(box, name)).toBe(false)
  })

  test('the ADMIN option of its creator does not keep an unused role', async () => {
    const box = sandbox()
    const [creator, member, schema] = [box.name('c'), box.name('m'), box.name('s')]
    const [unused, used] = [intermediateName(), intermediateName()]
    const hasGrantors = box.server.version >= 160000
    await box.run(`create role ${member}; create schema ${schema}`)
    await box.admin(
      `create role ${creator} createrole; set role ${creator}; create role ${unused}; create role ${used}; reset role;
       grant usage on schema ${schema} to ${unused}, ${used};
       grant ${used} to ${member} ${hasGrantors ? 'with inherit false, set true' : ''}`,
    )
    if (!box.isSuperuser && hasGrantors) {
      // What one created that it does not administer is not the acting role’s to drop, until a superuser says so.
      const refused = said((await drop(box)).plan, unused)
      expect(refused).toMatchObject({ operations: [], residue: [{ reason: 'not permitted' }] })
      await box.admin(`grant ${unused} to ${box.actor} with admin true, inherit false, set false`)
    }
    const { plan } = await drop(box)
    expect(said(plan, unused).operations).toEqual(['revokePrivilege', 'dropRole'])
    expect(plan.effects.filter(({ role }) => role === creator)).toEqual([])
    expect([await exists(box, unused), await exists(box, used)]).toEqual([false, true])
    await box.admin(`drop owned by ${used}; drop role ${used}`)
  })

  test('a role stays, and is residue, if it has more than an intermediate role may have', async () => {
    const box = sandbox()
    const [schema, grantor, third] = [box.name('s'), box.name('g'), box.name('t')]
    await box.run(
      `create role ${grantor}; create role ${third}; create schema ${schema}; create table ${schema}.t (id int);
       grant usage on schema ${schema} to ${grantor};
       grant select, insert on ${schema}.t to ${grantor} with grant option`,
    )
    const cases: readonly (readonly [string, more: (name: string) => string])[] = [
      ['it has LOGIN', (name) => `alter role ${name} login`],
      ['it has CREATEDB', (name) => `alter role ${name} createdb`],
      ['it has NOINHERIT', (name) => `alter role ${name} noinherit`],
      [`it is a member of role "${third}"`, (name) => `grant ${third} to ${name}`],
      [
        `it owns table "${schema}"."`,
        (name) =>
          `create table ${schema}.${name} (id serial); alter table ${schema}.${name} owner to ${name}`,
      ],
      [
        `it holds SELECT on table "${schema}"."t" with grant option, granted by "${box.actor}"`,
        (name) => `grant select on ${schema}.t to ${name} with grant option`,
      ],
      [
        `it holds INSERT on table "${schema}"."t", granted by "${grantor}"`,
        (name) => `set role ${grantor}; grant insert on ${schema}.t to ${name}; reset role`,
      ],
      [
        `it has granted privileges on table "${schema}"."t" to "${third}"`,
        (name) =>
          `grant usage on schema ${schema} to ${name}; grant update on ${schema}.t to ${name} with grant option;
           set role ${name}; grant update on ${schema}.t to ${third}; reset role`,
      ],
      ['it has settings "work_mem"', (name) => `alter role ${name} set work_mem = '5MB'`],
      ['it has pg_policy "policy ', (name) => `create policy ${name} on ${schema}.t to ${name}`],
      [
        `it is named in default privileges of role "${grantor}"`,
        (name) => `alter default privileges for role ${grantor} grant select on tables to ${name}`,
      ],
    ]
    const names = cases.map(intermediateName)
    for (const [index, [, more]] of cases.entries()) {
      await box.run(`create role ${names[index]}; grant select on ${schema}.t to ${names[index]}`)
      await box.admin(more(names[index]!))
    }
    // With members, but nothing that it holds for them.
    const empty = intermediateName()
    await box.admin(`create role ${empty} createdb; grant ${empty} to ${third}`)

    const { plan } = await drop(box)
    expect(said(plan, empty)).toMatchObject({
      operations: [],
      residue: [{ statement: `DROP ROLE "${empty}"` }],
    })
    for (const [index, [what]] of cases.entries()) {
      const name = names[index]!
      const { operations, residue } = said(plan, name)
      expect(operations).toEqual([])
      expect(residue).toMatchObject([
        {
          reason: 'more than an intermediate role',
          fact: { kind: 'role', role: name },
          message: expect.stringContaining(what) as string,
        },
      ])
      expect(residue[0]?.message).toMatch(new RegExp(`^role "${name}" is not dropped: it `))
      expect(await exists(box, name)).toBe(true)
      await box.admin(residue[0]!.statement)
      expect(await exists(box, name)).toBe(false)
    }
    expect(renderJson(plan)).not.toContain('5MB')
    await box.admin(`drop role ${empty}`)
  })

  test('a change between reading the catalogs and taking the lock is noticed', async () => {
    const box = sandbox()
    const { role, keeper, selectRole } = await setUp(box)
    await box.sync({ role, grants: [] })
    const other = new pg.Client(connectionTo(box.server, box.database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(4711)')
    await expect(box.pool.dropUnusedRoles({ lockKey: 4711, lockTimeout: 50 })).rejects.toBeInstanceOf(
      LockTimeoutError,
    )
    const dropping = box.pool.dropUnusedRoles({ lockKey: 4711 })
    await untilSomebodyWaits(box)
    await other.query(`grant ${selectRole} to ${keeper}; commit`)
    await other.end()
    expect(said((await dropping).plan, selectRole)).toEqual({ operations: [], residue: [] })
    expect(await exists(box, selectRole)).toBe(true)
  })

  test('the catalogs are read again if a role is granted something during the call', async () => {
    const box = sandbox()
    const { role, schema, selectRole } = await setUp(box)
    await box.sync({ role, grants: [] })
    const trigger = box.name('trigger')
    // As if it had been in another database.
    await box.run(`create sequence ${schema}.tries minvalue -1000`)
    await box.admin(
      `create function public.${trigger}() returns event_trigger language plpgsql as $$ begin
         if nextval('${schema}.tries') < 3 then grant select on ${schema}.u to ${selectRole}; end if;
       end $$;
       create event trigger ${trigger} on ddl_command_end when tag in ('REVOKE') execute procedure public.${trigger}()`,
    )
    const isRefused = `role "${selectRole}" cannot be dropped because some objects depend on it`
    try {
      // Unused roles of other tests may be in the same statement, and fail first where these tests use or drop them.
      let error: unknown
      do error = await box.pool.dropUnusedRoles({ attempts: 1 }).catch((reason: unknown) => reason)
      while (error instanceof DatabaseError && !error.message.includes(isRefused))
      expect(error).toMatchObject({
        _tag: 'DatabaseError',
        sqlState: '2BP01',
        operation: expect.stringMatching(/^drop role "/) as string,
      })
      expect(await exists(box, selectRole)).toBe(true)
      // What is sent first, and then again to name what fails, meets it.
      await box.run(`alter sequence ${schema}.tries restart with 1`)
      await box.pool.dropUnusedRoles()
    } finally {
      await box.admin(`drop event trigger ${trigger}; drop function public.${trigger}()`)
    }
    expect(await exists(box, selectRole)).toBe(false)
  })

  test('a saved plan is executed, and refused if it would be another plan now', async () => {
    const box = sandbox()
    const { role, keeper, selectRole } = await setUp(box)
    await box.sync({ role, grants: [] })
    const plan = JSON.parse(renderJson(await box.pool.planDropUnusedRoles())) as Plan
    await expect(box.pool.executePlan(plan, { passwords: { [role]: 'secret' } })).rejects.toBeInstanceOf(
      InvalidGrantError,
    )
    await expect(
      box.pool.executePlan({ ...plan, request: { kind: 'drop everything' } } as unknown as Plan),
    ).rejects.toMatchObject({ _tag: 'InvalidGrantError', field: 'request' })
    await box.run(`grant ${selectRole} to ${keeper}`)
    const error = await box.pool.executePlan(plan).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PlanChangedError)
    expect((error as PlanChangedError).difference.missing).toContainEqual({
      part: 'operations',
      message: `drop role "${selectRole}"`,
    })
    await box.run(`revoke ${selectRole} from ${keeper}`)

    // Residue, which no option lets pass here: it is nothing that anybody holds.
    const odd = intermediateName()
    await box.admin(`create role ${odd} createdb`)
    for (;;) {
      const again = JSON.parse(renderJson(await box.pool.planDropUnusedRoles())) as Plan
      expect(said(again, odd).residue).toHaveLength(1)
      const result = await box.pool.executePlan(again).catch((reason: unknown) => reason)
      if (result instanceof PlanChangedError) continue // another test’s role came or went
      expect(result).toEqual({ changed: true, plan: again })
      break
    }
    expect(await exists(box, selectRole)).toBe(false)
    await box.admin(`drop role ${odd}`)
  })

  test('options that do not apply are refused', async () => {
    const box = sandbox()
    for (const drops of [box.pool.dropUnusedRoles, box.pool.planDropUnusedRoles])
      await expect(drops({ onResidue: 'report' } as DropUnusedRolesOptions)).rejects.toMatchObject({
        _tag: 'InvalidGrantError',
        field: 'onResidue',
        message: expect.stringMatching(
          /^cannot drop unused roles: unknown option "onResidue"; expected one of /,
        ) as string,
      })
  })
})

describe.for(serversAround16(inject('servers')))('$name', (server) => {
  test('with no role to drop, the catalogs are read once and no lock is taken', async () => {
    const box = await openSandbox(server, drivers[0]!)
    const pool = new pg.Pool(connectionTo(server, box.database))
    const { sent, layer: counted } = counting(layer(pool))
    const program = Effect.gen(function* () {
      yield* planDropUnusedRoles()
      // Roles that hold nothing are any database’s to drop, and other tests may leave some at any time.
      for (let changed = true; changed; changed = (yield* dropUnusedRoles()).changed) sent.length = 0
    })
    await Effect.runPromise(Effect.provide(program, counted))
    await pool.end()
    await box.end()
    expect(sent).toHaveLength(1)
  })
})
