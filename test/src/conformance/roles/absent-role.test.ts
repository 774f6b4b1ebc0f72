import { type AbsentRole, type Effect, ForbiddenRoleError, operationsOf } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import { using } from '../../../harness/drivers/several-databases.ts'
import { describeEffect } from '../../../harness/holdings/effects.ts'
import { type Holdings, holdingsOf } from '../../../harness/holdings/holdings.ts'
import { inAnotherDatabase } from '../../../harness/sandbox/another-database.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'

const exists = async ({ admin }: Sandbox, role: string): Promise<boolean> =>
  (await admin(`select from pg_roles where rolname = '${role}'`)).length > 0

/** Runs statements in a database as a superuser. */
const runIn = async (box: Sandbox, database: string, text: string): Promise<void> => {
  const client = new pg.Client(connectionTo(box.server, database))
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** What a role that somebody has worked with has in a database, and what others have there because of it. */
const worldOf = (
  box: Sandbox,
  { role, other }: { readonly role: string; readonly other: string },
): string => `
  create schema authorization ${role};
  create table ${role}.t (id int, secret text);
  create view ${role}.v as select id from ${role}.t;
  create sequence ${role}.q;
  create function ${role}.f() returns int language sql as 'select 1';
  create type ${role}.mood as enum ('good');
  alter table ${role}.t owner to ${role};
  alter view ${role}.v owner to ${role};
  alter sequence ${role}.q owner to ${role};
  alter function ${role}.f() owner to ${role};
  alter type ${role}.mood owner to ${role};
  create schema shared_${role} authorization ${box.actor};
  create table shared_${role}.t (id int);
  alter table shared_${role}.t owner to ${box.actor};
  grant usage on schema shared_${role} to ${role}, ${other};
  grant select on shared_${role}.t to ${role} with grant option;
  alter table shared_${role}.t enable row level security;
  create policy of_two on shared_${role}.t to ${role}, ${other} using (true);
  create policy of_one on shared_${role}.t to ${role} using (true);
  create policy of_all on shared_${role}.t using (id > 0);
  set role ${role};
  grant select on shared_${role}.t to ${other};
  alter default privileges grant select on tables to ${other};
  reset role;
  create foreign data wrapper wrapper_${role};
  create server server_${role} foreign data wrapper wrapper_${role};
  alter server server_${role} owner to ${box.actor};
  create user mapping for ${role} server server_${role};
  create user mapping for ${other} server server_${role}`

/** What others have in a database. */
const holdingsIn = async (box: Sandbox, database: string, roles: readonly string[]): Promise<Holdings> => {
  const client = new pg.Client(connectionTo(box.server, database))
  await client.connect()
  try {
    return await holdingsOf(client, box.server.version, roles)
  } finally {
    await client.end()
  }
}

const effectsOn = (
  { server }: Sandbox,
  roles: readonly string[],
  effects: readonly Effect[],
): readonly string[] =>
  effects.filter(({ role }) => roles.includes(role)).map((effect) => describeEffect(effect, server.version))

/** Logs in as a role. */
const logIn = async (box: Sandbox, role: string, database: string) => {
  const client = new pg.Client(connectionTo({ ...box.server, user: role }, database))
  const end = new Promise<void>((resolve) => client.on('error', () => resolve()))
  await client.connect()
  const { rows } = await client.query<{ readonly pid: number }>('select pg_backend_pid() as pid')
  return { pid: rows[0]!.pid, end, leave: () => client.end() }
}

const policiesOf = async (box: Sandbox, database: string, role: string): Promise<readonly unknown[]> => {
  const client = new pg.Client(connectionTo(box.server, database))
  await client.connect()
  try {
    const { rows } = await client.query<{ readonly line: string }>(
      `select policyname || ' to ' || array_to_string(roles, ', ') as line from pg_policies
       where schemaname = 'shared_${role}' order by 1`,
    )
    return rows.map(({ line }) => line)
  } finally {
    await client.end()
  }
}

/** Makes a role that has something in three databases, and one that has something by it. */
const inThree = async (
  box: Sandbox,
  work: (
    names: { readonly role: string; readonly other: string; readonly member: string },
    pools: readonly { readonly database: string; readonly pool: Connected }[],
  ) => Promise<void>,
): Promise<void> => {
  const [role, other, member, group] = [
    box.name('leaver'),
    box.name('other'),
    box.name('member'),
    box.name('group'),
  ]
  await box.run(
    `create role ${role} login; create role ${other} login; create role ${member}; create role ${group};
     grant ${group} to ${role} with admin option; grant ${role} to ${member}`,
  )
  await box.admin(
    `grant ${group} to ${other}${box.server.version >= 160_000 ? ` granted by ${role}` : ''};
     alter role ${role} set work_mem = '5MB'; comment on role ${role} is 'leaves'`,
  )
  await inAnotherDatabase(box, async (second, connectSecond) =>
    inAnotherDatabase(box, async (third, connectThird) => {
      for (const database of [box.database, second, third])
        await runIn(box, database, worldOf(box, { role, other }))
      await work({ role, other, member }, [
        { database: box.database, pool: box.pool },
        { database: second, pool: connectSecond() },
        { database: third, pool: connectThird() },
      ])
      expect(await exists(box, role)).toBe(false)
      for (const database of [box.database, second, third]) {
        expect(await policiesOf(box, database, role)).toEqual(['of_all to public', `of_two to ${other}`])
        await runIn(
          box,
          database,
          `drop foreign data wrapper wrapper_${role} cascade; drop schema shared_${role} cascade`,
        )
      }
    }),
  )
}

conformanceAround16('absent role', (sandbox) => {
  test('a role with things in three databases is gone after a sync in each, in any order', async () => {
    const box = sandbox()
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [2, 1, 0],
    ])
      await inThree(box, async ({ role, other }, pools) => {
        const [first, second, last] = order.map((index) => pools[index]!)
        const absent: AbsentRole = { role, absent: true }
        const planned = await first!.pool.planRoles(absent)
        expect(
          planned.residue.map(({ reason, message, statement }) => ({ reason, message, statement })),
        ).toEqual(
          [second!, last!]
            .map(({ database }) => database)
            .sort()
            .map((database) => ({
              reason: 'in another database',
              message: `role "${role}" is not dropped: it has something in database "${database}"`,
              statement: `-- in database "${database}": a sync with the same absent role`,
            })),
        )
        expect(planned.unmanaged).toEqual([])
        const lost = planned.effects.filter((effect) => effect.role === other).map(({ fact }) => fact.kind)
        expect(new Set(lost)).toEqual(
          new Set([
            'privilege',
            'default privilege',
            ...(box.server.version >= 160_000 ? ['membership'] : []),
          ]),
        )
        for (const { pool } of [first!, second!]) {
          const { plan } = await pool.syncRoles(absent)
          expect(plan.residue).not.toEqual([])
          expect(await exists(box, role)).toBe(true)
          expect(await box.admin(`select rolcanlogin from pg_roles where rolname = '${role}'`)).toEqual([
            [false],
          ])
          expect(operationsOf(await pool.planRoles(absent))).toEqual([])
        }
        const { plan } = await last!.pool.syncRoles(absent)
        expect(plan.residue).toEqual([])
        expect(plan.effects[0]).toEqual({ role, change: 'loses', fact: { kind: 'role', role } })
        const after = await last!.pool.syncRoles(absent)
        expect([after.changed, after.plan.residue, after.plan.unmanaged]).toEqual([false, [], []])
      })
  })

  test('a role that is logged in twice, with things in three databases, is gone after one call, as planned', async () => {
    const box = sandbox()
    await inThree(box, async ({ role, other, member }, pools) => {
      const databases = pools.map(({ database }) => database)
      const others = [other, member]
      const held = () => Promise.all(databases.map((database) => holdingsIn(box, database, others)))
      const logins = await Promise.all(databases.slice(0, 2).map((database) => logIn(box, role, database)))
      const absent: AbsentRole = { role, absent: true, terminateSessions: true }
      const work = using(box, databases, async ({ plan, sync }) => {
        const plans = Object.values(await plan(absent))
        const atLast = plans.map((one) => one.absent!)
        expect(atLast.map(({ residue }) => residue.length > 0)).toEqual([false, true, true])
        expect(atLast[0]?.effects[0]).toEqual({ role, change: 'loses', fact: { kind: 'role', role } })
        const planned = plans.map((one) => ({ effects: [...one.plan.effects, ...one.absent!.effects] }))
        const before = await held()
        const { databases: results } = await sync(absent)
        expect(await exists(box, role)).toBe(false)
        const after = await held()
        // Every database shows what belongs to the cluster. Some plan says it.
        const ofCluster = new Set(
          planned
            .flatMap(({ effects }) => effectsOn(box, others, effects))
            .filter((line) => /: member of /.test(line)),
        )
        for (const [index, { effects }] of planned.entries()) {
          const isOfOthers = (line: string): boolean => others.some((one) => line.startsWith(`${one}: `))
          const lost = [...before[index]!]
            .filter((line) => isOfOthers(line) && !after[index]!.has(line))
            .map((line) => `loses ${line}`)
          const said = new Set([...effectsOn(box, others, effects), ...ofCluster])
          expect(lost.sort()).toEqual([...said].sort())
        }
        const sessions = Object.values(results).flatMap((one) =>
          one.state === 'done'
            ? [one, one.absent].flatMap((result) => (result?.sessions === undefined ? [] : [result.sessions]))
            : [],
        )
        const terminated = sessions.reduce((sum, one) => sum + one.terminated, 0)
        if (box.isSuperuser) expect(terminated).toBe(2)
        else {
          expect(terminated).toBe(0)
          const pids = logins.map(({ pid }) => pid).sort((a, b) => a - b)
          expect(sessions.at(0)?.left.map(({ pid }) => pid)).toEqual(pids)
          await box.admin(`select pg_terminate_backend(pid) from unnest('{${pids.join()}}'::int[]) as pid`)
        }
        await Promise.all(logins.map(({ end }) => end))
      })
      await work.finally(() => Promise.all(logins.map(({ leave }) => leave())))
    })
  })

  test('a role in one database is dropped with all that it has, by the plan that was shown', async () => {
    const box = sandbox()
    const [role, other, heir] = [box.name('leaver'), box.name('other'), box.name('heir')]
    await box.run(
      `create role ${role} login; create role ${other}; create role ${heir}; grant ${role} to ${other}`,
    )
    await box.admin(worldOf(box, { role, other }))
    const absent: AbsentRole = { role, absent: true, reassignOwnedTo: heir }
    const plan = await box.plan([absent, { role: box.name('joiner'), grants: [] }])
    expect(plan.residue).toEqual([])
    expect(
      plan.effects.filter(({ role: who, fact }) => who === other && fact.kind === 'membership'),
    ).toHaveLength(1)
    await box.pool.executePlan(plan)
    expect(await exists(box, role)).toBe(false)
    expect(
      await box.admin(`select pg_get_userbyid(relowner) from pg_class where oid = '${role}.t'::regclass`),
    ).toEqual([[heir]])
    expect(await box.admin(`select usename from pg_user_mappings where srvname = 'server_${role}'`)).toEqual([
      [other],
    ])
    await box.admin(`drop foreign data wrapper wrapper_${role} cascade; drop schema shared_${role} cascade`)
  })

  test('what other roles gain and lose by it is what the plan says', async () => {
    const box = sandbox()
    const [role, other] = [box.name('leaver'), box.name('other')]
    await box.run(`create role ${role} login; create role ${other}; grant ${role} to ${other}`)
    await box.admin(worldOf(box, { role, other }))
    await box.sync({ role, absent: true })
    expect(await exists(box, role)).toBe(false)
    await box.admin(`drop foreign data wrapper wrapper_${role} cascade; drop schema shared_${role} cascade`)
  })

  test('sessions of the role are ended after the commit, and those that may not be ended are listed', async () => {
    const box = sandbox()
    const role = box.name('leaver')
    await box.run(`create role ${role} login`)
    const logins = [await logIn(box, role, box.database), await logIn(box, role, box.database)]
    const pids = logins.map(({ pid }) => pid)
    const absent: AbsentRole = { role, absent: true, terminateSessions: true }
    const { sessions } = await box.pool.syncRoles(absent)
    expect(await exists(box, role)).toBe(false)
    if (box.isSuperuser) expect(sessions).toEqual({ terminated: 2, left: [] })
    else {
      expect(sessions?.terminated).toBe(0)
      expect(sessions?.left.map(({ pid }) => pid)).toEqual(pids.sort((a, b) => a - b))
      expect(sessions?.left[0]?.why).toMatch(/permission denied|must be/)
      await box.admin(`select pg_terminate_backend(pid) from unnest('{${pids.join()}}'::int[]) as pid`)
    }
    await Promise.all(logins.map(({ end }) => end))
  })

  test('what pgsr cannot take away keeps the role, and is said', async () => {
    const box = sandbox()
    const role = box.name('leaver')
    await box.run(`create role ${role} login`)
    const client = new pg.Client(connectionTo({ ...box.server, user: role }, box.database))
    const end = new Promise((resolve) => client.on('error', resolve))
    await client.connect()
    await box.admin(`grant temporary on database ${box.database} to ${role}`)
    await client.query('create temporary table scratch (id int)')
    const absent: AbsentRole = { role, absent: true, terminateSessions: true }
    const { plan, sessions } = await box.pool.syncRoles(absent, { onResidue: 'report' })
    expect(new Set(plan.residue.map(({ reason }) => reason))).toEqual(new Set(['not managed']))
    expect(plan.residue[0]?.statement).toBe('-- it goes when the session ends that has created it')
    expect(await exists(box, role)).toBe(true)
    if (!box.isSuperuser && sessions?.terminated === 0)
      await box.admin(`select pg_terminate_backend(${sessions.left[0]!.pid})`)
    await end
    await expect.poll(async () => (await box.pool.planRoles(absent)).residue, { timeout: 10_000 }).toEqual([])
    await box.pool.syncRoles(absent)
    expect(await exists(box, role)).toBe(false)
  })

  test('a role that has created roles and granted them to others is dropped', async () => {
    const box = sandbox()
    const [role, made, other] = [box.name('leaver'), box.name('made'), box.name('other')]
    await box.run(`create role ${role} createrole; create role ${other}`)
    await box.admin(`set role ${role}; create role ${made}; grant ${made} to ${other}; reset role`)
    // Before 16, a membership keeps a grantor that does not exist any more.
    const { plan } = await box.pool.syncRoles({ role, absent: true })
    expect(await exists(box, role)).toBe(false)
    const isLost = box.server.version >= 160_000
    expect(plan.effects.filter((one) => one.role === other).map(({ fact }) => fact.kind)).toEqual(
      isLost ? ['membership'] : [],
    )
    await box.admin(`drop role ${made}`)
  })

  test('a policy of a table that the acting role may not alter keeps the role', async () => {
    const box = sandbox()
    const [role, schema, owner] = [box.name('leaver'), box.name('s'), box.name('owner')]
    await box.run(`create role ${role}`)
    await box.admin(
      `create role ${owner} superuser; create schema ${schema}; create table ${schema}.t (id int);
       alter table ${schema}.t owner to ${owner}; create policy p on ${schema}.t as restrictive to ${role}`,
    )
    const { plan } = await box.sync({ role, absent: true }, { onResidue: 'report' })
    expect(await exists(box, role)).toBe(!box.isSuperuser)
    const statement = `DROP POLICY "p" ON "${schema}"."t"`
    expect(plan.residue.map((one) => one.statement)).toEqual(box.isSuperuser ? [] : [statement])
    if (!box.isSuperuser) {
      await box.admin(statement)
      await box.sync({ role, absent: true })
      expect(await exists(box, role)).toBe(false)
    }
    await box.admin(`drop schema ${schema} cascade; drop role ${owner}`)
  })

  test('policies and user mappings go in the names of others that the acting role may act as', async () => {
    const box = sandbox()
    const [role, schema, owner, server] = [
      box.name('leaver'),
      box.name('s'),
      box.name('owner'),
      box.name('server'),
    ]
    await box.run(`create role ${role}; create role ${owner}`)
    await box.admin(
      `create schema ${schema} authorization ${owner}; create table ${schema}.t (id int);
       alter table ${schema}.t owner to ${owner}; create policy p on ${schema}.t to ${role};
       create foreign data wrapper ${server}; create server ${server} foreign data wrapper ${server};
       grant usage on foreign data wrapper ${server} to ${owner};
       alter server ${server} owner to ${owner}; create user mapping for ${role} server ${server}`,
    )
    await box.sync({ role, absent: true })
    expect(await exists(box, role)).toBe(false)
    await box.admin(`drop foreign data wrapper ${server} cascade; drop schema ${schema} cascade`)
  })

  test('in a transaction of the caller’s the role is dropped with it, and its sessions go on', async () => {
    const box = sandbox()
    const role = box.name('leaver')
    await box.run(`create role ${role} login`)
    const client = new pg.Client(connectionTo({ ...box.server, user: role }, box.database))
    await client.connect()
    const absent: AbsentRole = { role, absent: true, terminateSessions: true }
    await expect(
      box.driver.transaction(box.connection, box.database, async (connected) => {
        await connected.syncRoles({ role, grants: [] })
        const { sessions } = await connected.syncRoles(absent)
        expect(sessions?.terminated).toBe(0)
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    expect(await exists(box, role)).toBe(true)
    const { sessions } = await box.driver.transaction(box.connection, box.database, (connected) =>
      connected.syncRoles(absent),
    )
    expect(sessions?.left.map(({ why }) => why)).toEqual([
      'the transaction of the caller is not committed yet',
    ])
    expect(await exists(box, role)).toBe(false)
    await client.query('select 1')
    await client.end()
  })

  test('a role that the acting role may not drop stays, and so does the role that syncs', async () => {
    const box = sandbox()
    await expect(
      box.pool.syncRoles({ role: box.actor, absent: true }, { allowSelf: true, allowSuperuser: true }),
    ).rejects.toBeInstanceOf(ForbiddenRoleError)
    if (box.isSuperuser) return
    const role = box.name('foreign')
    await box.admin(`create role ${role} superuser`)
    const { residue } = await box.plan({ role, absent: true }, { allowSuperuser: true })
    expect(residue.find(({ fact }) => fact.kind === 'role')).toMatchObject({
      reason: 'not permitted',
      statement: `DROP ROLE "${role}"`,
    })
    await box.admin(`drop role ${role}`)
  })

  test('a role that does not exist is nothing to do', async () => {
    const box = sandbox()
    const { changed, plan } = await box.pool.syncRoles([
      { role: box.name('nobody'), absent: true, terminateSessions: true },
    ])
    expect([changed, plan.effects, plan.skipped, plan.residue]).toEqual([false, [], [], []])
  })
})
