import {
  type ExecutePlanOptions,
  Grant,
  InvalidGrantError,
  operationsOf,
  type Plan,
  PlanChangedError,
  parsePlan,
  renderJson,
  renderSql,
  ResidueError,
} from '@pgsr/node-postgres'
import { groupsOf } from '@pgsr/planner/internal'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { canConnect, checkedRole } from '../../../harness/sandbox/passwords.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'
import { untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'

/** As it comes back from a file that somebody has looked at. */
const saved = (plan: Plan): Plan => JSON.parse(renderJson(plan)) as Plan

const execute = async (box: Sandbox, plan: Plan, options?: ExecutePlanOptions) =>
  box.pool.executePlan(saved(plan), options)

const changedError = async (box: Sandbox, plan: Plan): Promise<PlanChangedError> => {
  const error = await execute(box, plan).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(PlanChangedError)
  return error as PlanChangedError
}

/** What moved, without the words for it. */
const partsOf = ({ difference }: PlanChangedError) => ({
  missing: difference.missing.map(({ part }) => part),
  unexpected: difference.unexpected.map(({ part }) => part),
})

const holdingsOf = async (box: Sandbox): Promise<readonly string[]> =>
  [...(await box.holdings(await box.roles()))].sort()

/** A role that does not exist, with a table that it asks for. */
const setUp = async (box: Sandbox) => {
  const [role, schema] = [box.name('r'), box.name('s')]
  await box.run(`create schema ${schema}; create table ${schema}.t (id int); create table ${schema}.u ()`)
  const grants = [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't')]
  return { role, schema, desired: { role, grants } }
}

/** Gives a role something that only a superuser can own, and that stays with it. */
const ownsWrapper = (role: string): string => `
  create foreign data wrapper ${role}; alter role ${role} superuser;
  alter foreign data wrapper ${role} owner to ${role}; alter role ${role} nosuperuser`

conformanceAround16('execute-plan', (sandbox) => {
  test('a saved plan creates roles with exactly the names that it shows', async () => {
    const box = sandbox()
    const { role, schema, desired } = await setUp(box)
    const plan = await box.plan(desired)
    const result = await execute(box, plan)
    expect(result).toEqual({ changed: true, plan })
    await box.as(role, `select from ${schema}.t`)

    const shown = operationsOf(plan).flatMap((operation) =>
      operation.kind === 'createRole' ? [operation.role] : [],
    )
    expect(shown).toHaveLength(3)
    const names = shown.map((name) => `'${name}'`).join()
    expect(await box.run(`select from pg_roles where rolname in (${names})`)).toHaveLength(3)
    expect((await box.plan(desired)).transactions).toEqual([])
  })

  test('the statements that run are those that renderSql shows', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // its log is out of reach
    const { readFile } = await import('node:fs/promises')
    const { desired } = await setUp(box)
    await box.admin(`alter database ${box.database} set log_statement = 'all'`)
    const logged = box.driver.pool(box.connection, box.database)
    try {
      const plan = await logged.planRoles(desired)
      await logged.executePlan(saved(plan))
      const shown = renderSql(plan)
        .split('\n')
        .flatMap((line) => /^((?:CREATE|GRANT|REVOKE|ALTER) .*);(?:  -- .*)?$/.exec(line)?.[1] ?? [])
      expect(shown).toHaveLength(groupsOf(operationsOf(plan)).length)
      expect(await readFile(box.server.logFile, 'utf8')).toContain(`;${shown.join(';')};`)
    } finally {
      await logged.end()
      await box.admin(`alter database ${box.database} reset log_statement`)
    }
  })

  test('executePlan needs each password that the plan sets, and no other', async () => {
    const box = sandbox()
    const [role, other] = [box.name('alice'), box.name('bob')]
    const plan = await box.plan([
      { role, grants: [Grant.login({ password: 'as planned' })] },
      { role: other, grants: [Grant.login()] },
    ])
    expect(renderJson(plan)).not.toContain('as planned')
    const refused: readonly (readonly [ExecutePlanOptions, string])[] = [
      [{}, role],
      [{ passwords: { [other]: 'hunter2' } }, role],
      [{ passwords: { [role]: 'hunter2', [other]: 'hunter2' } }, other],
      [{ passwords: { [role]: 'hunter2', toString: 'hunter2' } }, 'toString'],
      [{ passwords: { [role]: '' } }, role],
      [{ passwords: { [role]: 'hunter2\0' } }, role],
      [{ passwords: { [role]: ['hunter2'] as unknown as string } }, role],
    ]
    for (const [options, who] of refused) {
      const error = await execute(box, plan, options).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(InvalidGrantError)
      expect(error).toMatchObject({ role: who, field: 'password' })
      expect(`${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain('hunter2')
    }
    expect(await box.run(`select from pg_roles where rolname = '${role}'`)).toEqual([])

    await execute(box, plan, { passwords: { [role]: 'open sesame' } })
    const [[verifier] = []] = await box.admin(`select rolpassword from pg_authid where rolname = '${role}'`)
    expect(verifier).toMatch(/^(SCRAM-SHA-256\$|md5)/)
    const client = new pg.Client({
      ...connectionTo(box.server, box.database),
      user: role,
      password: 'open sesame',
    })
    await client.connect()
    await client.end()
  })

  test('the role can log in with the password given to executePlan', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // somebody else’s server lets in whom it wants
    const [role, checked] = [box.name('alice'), await checkedRole(box)]
    const grants = [Grant.login({ password: 'as planned' }), Grant.roleMembership(checked)]
    await execute(box, await box.plan({ role, grants }), { passwords: { [role]: 'as executed' } })
    expect([await canConnect(box, role, 'as executed'), await canConnect(box, role, 'as planned')]).toEqual([
      true,
      false,
    ])
  })

  test('a plan with nothing to do takes no lock', async () => {
    const box = sandbox()
    const { desired } = await setUp(box)
    await box.sync(desired)
    const plan = await box.plan(desired)
    const other = new pg.Client(connectionTo(box.server, box.database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    try {
      expect(await execute(box, plan, { lockTimeout: 50 })).toEqual({ changed: false, plan })
    } finally {
      await other.end()
    }
  })

  test('nothing is done if the catalogs have changed since planning, and the error says what has changed', async () => {
    const box = sandbox()
    const { role, schema, desired } = await setUp(box)
    const third = box.name('third')
    await box.run(
      `create role ${third}; grant usage on schema ${schema} to ${third} with grant option;
       grant select on ${schema}.t to ${third} with grant option`,
    )
    const dropped = `create table ${schema}.t (id int); grant select on ${schema}.t to ${third} with grant option`
    const moves: readonly {
      readonly before: string
      /** What only a superuser can do after that. */
      readonly besides?: string
      readonly undoBesides?: string
      readonly parts: ReturnType<typeof partsOf>
      readonly message: string
      readonly undo: string
    }[] = [
      {
        before: `create role ${role}`,
        parts: { missing: ['operations'], unexpected: ['operations'] },
        message: `create role "${role}"`,
        undo: `drop role ${role}`,
      },
      {
        before: `create role ${role}`,
        besides: `alter role ${role} set work_mem = '5MB'`,
        parts: { missing: ['operations'], unexpected: ['operations', 'unmanaged'] },
        message: `role "${role}": settings: "work_mem"`,
        undo: `drop role ${role}`,
      },
      {
        before: `drop table ${schema}.t`,
        parts: { missing: ['operations', 'operations', 'operations'], unexpected: ['skipped'] },
        message: `grant SELECT on table "${schema}"."t" to role "_pgsr_local_`,
        undo: dropped,
      },
      {
        before: `alter table ${schema}.t rename to x`,
        parts: { missing: ['operations', 'operations', 'operations'], unexpected: ['skipped'] },
        message: `cannot grant SELECT on table "${schema}"."t" to role "${role}": table "${schema}"."t" does not exist`,
        undo: `alter table ${schema}.x rename to t`,
      },
      {
        before: `create role ${role}`,
        besides: ownsWrapper(role),
        parts: { missing: ['operations'], unexpected: ['operations', 'residue'] },
        message: `role "${role}" keeps ownership of foreign-data wrapper "${role}"`,
        undoBesides: `drop foreign data wrapper ${role}`,
        undo: `drop role ${role}`,
      },
    ]
    for (const { before, besides, undoBesides, parts, message, undo } of moves) {
      const plan = await box.plan(desired)
      await box.run(before)
      if (besides !== undefined) await box.admin(besides)
      const then = await holdingsOf(box)
      const error = await changedError(box, plan)
      expect(partsOf(error)).toEqual(parts)
      const entries = [...error.difference.missing, ...error.difference.unexpected]
      expect(entries.map((entry) => entry.message)).toContainEqual(expect.stringContaining(message))
      expect(error.message).toContain(entries[0]?.message)
      expect(await holdingsOf(box)).toEqual(then)
      if (undoBesides !== undefined) await box.admin(undoBesides)
      await box.run(undo)
    }
    expect((await execute(box, await box.plan(desired))).changed).toBe(true)
  })

  test('nothing is done if the plan was made for another acting role', async () => {
    const box = sandbox()
    const [{ desired }, other] = [await setUp(box), box.name('other')]
    const plan = await box.plan(desired)
    await box.admin(`create role ${other} superuser login`)
    const pool = box.driver.pool({ ...box.server, user: other }, box.database)
    try {
      const error = await pool.executePlan(saved(plan)).catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        _tag: 'PlanChangedError',
        difference: {
          missing: [{ part: 'acting role', message: `run as "${box.actor}"` }, {}, {}, {}, {}, {}, {}, {}],
        },
      })
    } finally {
      await pool.end()
    }
  })

  test('nothing is done if something changes between reading the catalogs and taking the lock', async () => {
    const box = sandbox()
    const { role, schema, desired } = await setUp(box)
    const plan = await box.plan(desired)
    const other = new pg.Client(connectionTo(box.server, box.database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    const executing = changedError(box, plan)
    await untilSomebodyWaits(box)
    await other.query(`drop table ${schema}.t; commit`)
    await other.end()
    expect(partsOf(await executing).unexpected).toEqual(['skipped'])
    expect(await box.run(`select from pg_roles where rolname = '${role}'`)).toEqual([])
  })

  test('a plan that was tampered with is refused', async () => {
    const box = sandbox()
    const { role, schema, desired } = await setUp(box)
    const plan = parsePlan(renderJson(await box.plan(desired)))
    const [operations = []] = plan.transactions
    const [first, second, ...rest] = operations
    const evil = { kind: 'setLogin', role, login: true, as: plan.actingRole, reason: { role, grant: null } }
    const tampered: readonly (readonly [object, ReturnType<typeof partsOf>])[] = [
      [{ transactions: [[...operations, evil]] }, { missing: ['operations'], unexpected: [] }],
      [{ transactions: [rest] }, { missing: [], unexpected: ['operations', 'operations'] }],
      [{ transactions: [[second, first, ...rest]] }, { missing: [], unexpected: ['operations'] }],
      [{ transactions: [[first], [second, ...rest]] }, { missing: ['operations'], unexpected: [] }],
      [
        { transactions: [[{ ...first, kind: null }, { ...second, kind: 'dropDatabase' }, ...rest]] },
        { missing: ['operations', 'operations'], unexpected: ['operations', 'operations'] },
      ],
      [
        { effects: [{ role: box.actor, change: 'loses', fact: {} }] },
        { missing: ['effects'], unexpected: [] },
      ],
      [{ residue: [{}] }, { missing: ['residue'], unexpected: [] }],
    ]
    for (const [change, parts] of tampered) {
      const error = await changedError(box, { ...plan, ...change })
      expect(partsOf(error)).toEqual(parts)
    }
    const others: readonly object[] = [
      { request: { ...plan.request, desired: [] } },
      { request: { ...plan.request, seed: 'another' } },
    ]
    for (const change of others) await changedError(box, { ...plan, ...change })

    const malformed: readonly (readonly [unknown, field: string])[] = [
      [box.pool.planRoles(desired), 'plan'],
      [{ changed: false, plan }, 'plan'],
      [undefined, 'plan'],
      [renderJson(plan).slice(1), 'plan'],
      [{ ...plan, format: 1 }, 'format'],
      [{ ...plan, transactions: [[null]] }, 'transactions'],
      [{ ...plan, format: undefined }, 'format'],
      [{ ...plan, effects: undefined }, 'effects'],
      [{ ...plan, request: null }, 'request'],
      [{ ...plan, request: {} }, 'request'],
      [{ ...plan, request: { ...plan.request, seed: 1 } }, 'seed'],
      [{ ...plan, request: { ...plan.request, options: { more: 1 } } }, 'request'],
      [{ ...plan, request: { ...plan.request, desired: [{ role, grants: [null] }] } }, 'kind'],
      [{ ...plan, request: { ...plan.request, desired: [null] } }, 'request'],
      [{ ...plan, note: 'looks good' }, 'note'],
    ]
    for (const [given, field] of malformed)
      await expect(box.pool.executePlan(given as Plan)).rejects.toMatchObject({
        _tag: 'InvalidGrantError',
        field,
      })
    await expect(box.pool.executePlan(plan, { allowSelf: true } as ExecutePlanOptions)).rejects.toMatchObject(
      {
        field: 'allowSelf',
        message: expect.stringMatching(
          /^cannot execute the plan: unknown option "allowSelf"; expected one of /,
        ) as string,
      },
    )

    expect(await box.run(`select from pg_roles where rolname = '${role}'`)).toEqual([])
    // Only the order of fields may be another.
    const { request, ...parts } = plan
    await box.pool.executePlan({ ...parts, request })
    await box.as(role, `select from ${schema}.t`)
  })

  test('executePlan too fails if something is skipped or residue, if the caller wants that', async () => {
    const box = sandbox()
    const { role, schema } = await setUp(box)
    await box.run(`create role ${role}`)
    await box.admin(ownsWrapper(role))
    const plan = await box.plan({ role, grants: [Grant.tableSelect(schema, 'no'), Grant.login()] })
    await expect(execute(box, plan)).rejects.toBeInstanceOf(ResidueError)
    await expect(execute(box, plan, { onMissing: 'error' })).rejects.toMatchObject({
      _tag: 'MissingObjectError',
    })
    const { changed } = await execute(box, plan, { onResidue: 'report' })
    expect(changed).toBe(true)
  })
})
