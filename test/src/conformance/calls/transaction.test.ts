import { DatabaseError, Grant, LockTimeoutError, ProofError } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAtEnds } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'
import { untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'
import { whenGranted } from '../../../harness/sandbox/when-granted.ts'

const connect = async ({ connection, database }: Sandbox): Promise<pg.Client> => {
  const client = new pg.Client(connectionTo(connection, database))
  await client.connect()
  return client
}

const exists = async ({ run }: Sandbox, role: string): Promise<boolean> =>
  (await run(`select from pg_roles where rolname = '${role}'`)).length > 0

conformanceAtEnds((sandbox) => {
  test('a sync waits for the lock, and reads the catalogs again once it has it', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t ()`)
    const other = await connect(box)
    await other.query('begin; select pg_advisory_xact_lock(4711)')
    const syncing = box.pool.syncRoles(
      { role, grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')] },
      { lockKey: 4711 },
    )
    await untilSomebodyWaits(box)
    await other.query(`drop table ${schema}.t; create role ${role}; commit`)
    await other.end()
    const { plan } = await syncing
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['absent'])
    expect(await exists(box, role)).toBe(true)
  })

  test('a lock that cannot be taken in time is a LockTimeoutError, and nothing is changed', async () => {
    const box = sandbox()
    const role = box.name('r')
    const other = await connect(box)
    await other.query('begin; select pg_advisory_xact_lock(1)')
    try {
      await expect(box.pool.syncRoles({ role, grants: [] }, { lockTimeout: 50 })).rejects.toBeInstanceOf(
        LockTimeoutError,
      )
      // Under another key nobody waits.
      await box.pool.syncRoles({ role, grants: [] }, { lockTimeout: 50, lockKey: -(2n ** 63n) })
    } finally {
      await other.end()
    }
    expect(await exists(box, role)).toBe(true)
  })

  test('a working connection goes back to its pool, whether the call succeeded or not', async () => {
    const box = sandbox()
    const role = box.name('r')
    const pool = box.driver.pool(box.connection, box.database, 1)
    // The one driver answers the rows, the other what has them.
    const backend = async (): Promise<string> => {
      const answer = await pool.run('select pg_backend_pid()')
      return JSON.stringify((answer as { readonly rows?: unknown }).rows ?? answer)
    }
    const other = await connect(box)
    try {
      const before = await backend()
      await pool.syncRoles({ role, grants: [] })
      await other.query('begin; select pg_advisory_xact_lock(1)')
      await expect(pool.syncRoles({ role, grants: [Grant.login()] }, { lockTimeout: 50 })).rejects.toThrow(
        LockTimeoutError,
      )
      expect(await backend()).toBe(before)
    } finally {
      await other.end()
      await pool.end()
    }
  })

  test('a sync with nothing to do takes no lock', async () => {
    const box = sandbox()
    const role = box.name('r')
    await box.sync({ role, grants: [] })
    const other = await connect(box)
    await other.query('begin; select pg_advisory_xact_lock(1)')
    try {
      expect((await box.pool.syncRoles({ role, grants: [] }, { lockTimeout: 50 })).changed).toBe(false)
    } finally {
      await other.end()
    }
  })

  test('many concurrent syncs of the same roles all succeed', async () => {
    const box = sandbox()
    const [schema, group] = [box.name('s'), box.name('g')]
    const roles = Array.from({ length: 6 }, () => box.name('r'))
    await box.run(`create schema ${schema}; create table ${schema}.t ()`)
    await Promise.all(
      [...roles, ...roles].map((role) =>
        box.pool.syncRoles(
          {
            role,
            grants: [
              Grant.schemaUsage(schema),
              Grant.tableSelect(schema, 't', { direct: true }),
              Grant.roleMembership(group),
            ],
          },
          { lockTimeout: 60_000 },
        ),
      ),
    )
    for (const role of roles) await box.as(role, `select from ${schema}.t`)
  })

  test('syncs on one connection wait for each other', async () => {
    const box = sandbox()
    const roles = Array.from({ length: 5 }, () => box.name('r'))
    const held = await box.driver.client(box.connection, box.database)
    try {
      const results = await Promise.all(roles.map((role) => held.syncRoles({ role, grants: [] })))
      expect(results.map(({ changed }) => changed)).toEqual(roles.map(() => true))
    } finally {
      await held.end()
    }
  })

  test('a failing statement is named, everything is rolled back, and the connection still works', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t ()`)
    const stop = await whenGranted(box, `raise exception 'not today'`)
    try {
      const error = await box.pool
        .syncRoles({
          role,
          grants: [Grant.tableSelect(schema, 't', { direct: true }), Grant.login({ password: 'hunter2' })],
        })
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(error).toMatchObject({
        _tag: 'DatabaseError',
        sqlState: 'P0001',
        operation: `grant SELECT on table "${schema}"."t" to role "${role}"`,
        attempts: 1,
        outcome: 'unchanged',
        message: `cannot grant SELECT on table "${schema}"."t" to role "${role}": not today`,
      })
      expect(`${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toMatch(
        /hunter2|SCRAM/,
      )
    } finally {
      await stop()
    }
    expect(await exists(box, role)).toBe(false)
    await box.sync({ role, grants: [Grant.tableSelect(schema, 't', { direct: true })] })
  })

  test('a sync whose outcome is not what was planned is rolled back', async () => {
    const box = sandbox()
    const [role, third, schema] = [box.name('r'), box.name('t'), box.name('s')]
    await box.run(`create role ${third}; create schema ${schema}; create table ${schema}.t ()`)
    const stop = await whenGranted(box, `grant insert on ${schema}.t to ${third}`)
    try {
      const grants = [Grant.tableSelect(schema, 't', { direct: true })]
      const error = await box.pool
        .syncRoles({ role, grants }, { attempts: 2 })
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(ProofError)
      expect(error).toMatchObject({
        attempts: 2,
        difference: { missing: [], unexpected: [{ kind: 'privilege', privilege: 'INSERT', grantee: third }] },
        message: expect.stringContaining(
          `; found but not predicted: role "${third}" has INSERT on table "${schema}"."t", granted by role "${box.actor}"; an enabled event trigger may have caused this: `,
        ),
      })
      const { eventTriggers } = error as ProofError
      expect(
        await box.admin(`select from pg_event_trigger where evtname = any('{${eventTriggers.join(',')}}')`),
      ).not.toEqual([])
    } finally {
      await stop()
    }
    expect(await exists(box, role)).toBe(false)
  })

  test.for<[string, (role: string, third: string, schema: string) => string, readonly RegExp[]]>([
    [
      'both owners, if an owner',
      (_, third, schema) => `alter table ${schema}.mine owner to ${third}`,
      [
        /predicted but not found: role "r_\w+" owns table "s_\w+"."mine"/,
        /found but not predicted: role "t_\w+" owns table "s_\w+"."mine"/,
      ],
    ],
    [
      'the member and the grantor, if a membership',
      (role, third) => `grant ${third} to ${role}`,
      [/found but not predicted: role "r_\w+" is a member of role "t_\w+" .*, granted by role "postgres"/],
    ],
  ])('the error names %s is not what was planned', async ([, statement, sentences]) => {
    const box = sandbox()
    const [role, third, schema] = [box.name('r'), box.name('t'), box.name('s')]
    await box.run(`
      create role ${role}; create role ${third}; create schema ${schema};
      create table ${schema}.t (); create table ${schema}.mine ()`)
    await box.admin(`
      alter table ${schema}.mine owner to ${role};
      create function ${schema}.meddle() returns void language sql security definer as '${statement(role, third, schema)}'`)
    const stop = await whenGranted(box, `perform ${schema}.meddle()`)
    const grants = [Grant.tableOwnership(schema, 'mine'), Grant.tableSelect(schema, 't', { direct: true })]
    try {
      const error: unknown = await box.pool
        .syncRoles(
          [
            { role, grants },
            { role: third, grants: [] },
          ],
          { attempts: 1 },
        )
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(ProofError)
      for (const sentence of sentences) expect((error as Error).message).toMatch(sentence)
    } finally {
      await stop()
    }
  })

  test.for([
    ['an object is gone', 'undefined_table', '42P01'],
    ['it cannot SET ROLE to a role that is gone', 'invalid_parameter_value', '22023'],
  ] as const)('a sync reads the catalogs again if %s', async ([, name, sqlState]) => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t (); create sequence ${schema}.tries`)
    // As if something had changed since the catalogs were read, for the first two attempts.
    const stop = await whenGranted(
      box,
      `if nextval('${schema}.tries') < 3 then raise exception 'gone' using errcode = '${name}'; end if`,
    )
    const grants = [Grant.tableSelect(schema, 't', { direct: true })]
    try {
      await expect(box.pool.syncRoles({ role, grants }, { attempts: 1 })).rejects.toMatchObject({
        sqlState,
      })
      expect(await exists(box, role)).toBe(false)
      await box.run(`alter sequence ${schema}.tries restart`)
      await box.pool.syncRoles({ role, grants }, { attempts: 3 })
    } finally {
      await stop()
    }
    expect((await box.run(`select has_table_privilege('${role}', '${schema}.t', 'SELECT')`))[0]).toEqual([
      true,
    ])
  })

  test('a statement that exceeds statement_timeout is an error, and nothing is changed', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    const stop = await whenGranted(box, 'perform pg_sleep(60)')
    try {
      await expect(
        box.pool.syncRoles({ role, grants: [Grant.schemaUsage(schema)] }, { statementTimeout: 200 }),
      ).rejects.toMatchObject({ _tag: 'DatabaseError', sqlState: '57014', outcome: 'unchanged' })
    } finally {
      await stop()
    }
    expect(await exists(box, role)).toBe(false)
  })

  test('a pool gets its connections back outside any transaction, whatever happened', async () => {
    const box = sandbox()
    const role = box.name('r')
    const stop = await whenGranted(box, `raise exception 'not today'`)
    const schema = box.name('s')
    await box.run(`create schema ${schema}`)
    try {
      for (let round = 0; round < 5; round++)
        await expect(box.pool.syncRoles({ role, grants: [Grant.schemaUsage(schema)] })).rejects.toThrow(
          'not today',
        )
    } finally {
      await stop()
    }
    const open = await box.admin(
      `select from pg_stat_activity where datname = '${box.database}' and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
    )
    expect(open).toEqual([])
  })
})
