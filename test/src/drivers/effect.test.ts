import * as nodePostgresPromises from '@pgsr/node-postgres'
import { executePlan, Grant, planRoles, syncRoles, Target } from '@pgsr/node-postgres/effect'
import * as nodePostgres from '@pgsr/node-postgres/effect'
import * as postgresJsPromises from '@pgsr/postgres-js'
import * as postgresJs from '@pgsr/postgres-js/effect'
import * as Effect from 'effect/Effect'
import * as Tracer from 'effect/Tracer'
import { inspect } from 'node:util'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { drivers } from '../../harness/drivers/drivers.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { counting, sendingBy } from '../../harness/drivers/sessions.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

test('promises and Effects of every driver fail with the same errors', async () => {
  const pool = new pg.Pool({ host: '127.0.0.1', port: 1 })
  const error = await nodePostgresPromises.planDropUnusedRoles(pool).catch((reason: unknown) => reason)
  const program = Effect.flip(nodePostgres.planDropUnusedRoles())
  const failure = await Effect.runPromise(Effect.provide(program, nodePostgres.layer(pool)))
  for (const { DatabaseError } of [nodePostgresPromises, nodePostgres, postgresJsPromises, postgresJs])
    for (const one of [error, failure]) expect(one).toBeInstanceOf(DatabaseError)
})

/** Whether a text reads the catalogs, or whether they have changed. */
const isLook = (text: string): boolean => text.includes('txid_current_snapshot')

describe.for(inject('servers').slice(-1))('$name', (server) => {
  let box: Sandbox
  beforeAll(async () => {
    box = await openSandbox(server, drivers[0]!)
  })
  afterAll(() => box.end())

  test.for(['pg', 'postgres.js'])('as Effects, over %s', async (name) => {
    const role = box.name('r')
    const schema = box.name('s')
    await box.run(`create schema ${schema}`)
    const pool = new pg.Pool(connectionTo(server, box.database))
    const sql = postgres(connectionTo(server, box.database))
    const { sent, layer } = counting(name === 'pg' ? nodePostgres.layer(pool) : postgresJs.layer(sql))
    const desired = { role, grants: [Grant.login(), Grant.schemaUsage(schema)] }
    const program = Effect.gen(function* () {
      const plan = yield* planRoles(desired)
      const first = yield* syncRoles(desired)
      const before = sent.length
      const second = yield* syncRoles(desired)
      const roundTrips = sent.length - before
      const third = yield* executePlan(second.plan)
      const refused = yield* executePlan(plan).pipe(
        Effect.catchTag('PlanChangedError', ({ difference }) => Effect.succeed(difference.missing.length)),
      )
      const roundTripsOfPlans = sent.length - before - roundTrips
      return { plan, first, second, third, refused, roundTrips, roundTripsOfPlans }
    })
    const { plan, first, second, third, refused, roundTrips, roundTripsOfPlans } = await Effect.runPromise(
      Effect.provide(program, layer),
    )
    expect(plan.transactions.flat().map(({ kind }) => kind)).toEqual(
      first.plan.transactions.flat().map(({ kind }) => kind),
    )
    expect([first.changed, second.changed, roundTrips]).toEqual([true, false, 1])
    expect([third.changed, refused, roundTripsOfPlans]).toEqual([false, plan.transactions.flat().length, 2])

    const forbidden = await Effect.runPromise(
      Effect.provide(
        syncRoles({ role: box.actor, grants: [] }).pipe(
          Effect.catchTag('ForbiddenRoleError', (error) => Effect.succeed(error.role)),
        ),
        layer,
      ),
    )
    expect(forbidden).toBe(box.actor)
    await pool.end()
    await sql.end()
  })

  test('a call fails on a client that is not connected, and does not wait forever', async () => {
    const client = new pg.Client(connectionTo(server, box.database))
    const asked = nodePostgres.planRoles({ role: box.name('r'), grants: [] })
    const exit = await Effect.runPromiseExit(Effect.provide(asked, nodePostgres.layer(client)))
    expect(String(exit)).toContain('the client is not connected')
  })

  test('a commit fails on a connection that was silently replaced', async () => {
    const role = box.name('r')
    const pool = new pg.Pool(connectionTo(server, box.database))
    // As the server does with the transaction of a connection that is gone.
    const forgetful = sendingBy(
      nodePostgres.layer(pool),
      (send) => (text, sending) =>
        Effect.andThen(text.endsWith('commit') ? send('rollback') : Effect.void, send(text, sending)),
    )
    const failure = await Effect.runPromise(
      Effect.provide(Effect.flip(syncRoles({ role, grants: [] })), forgetful),
    )
    await pool.end()
    expect(failure).toMatchObject({ _tag: 'DatabaseError', operation: 'commit', outcome: 'unchanged' })
    expect(await box.run(`select from pg_roles where rolname = '${role}'`)).toEqual([])
  })

  test('a sync takes three round trips and one for each batch, if nobody else commits anything', async () => {
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    await box.run(
      `do $$ begin for n in 1..1500 loop execute format('create table ${schema}.t%s ()', n); end loop; end $$`,
    )
    const pool = new pg.Pool(connectionTo(server, box.database))
    const { sent, layer } = counting(nodePostgres.layer(pool))
    const tables = Target.table(schema, /^t/)
    const grants = [Grant.privilege(tables, ['SELECT', 'INSERT', 'UPDATE', 'DELETE'], { direct: true })]
    const desired = { role, grants }
    await Effect.runPromise(Effect.provide(planRoles(desired), layer))
    sent.length = 0
    await Effect.runPromise(Effect.provide(syncRoles(desired), layer))
    await pool.end()
    // The first of two batches, of 6,001 operations; and commit.
    expect(sent.filter((text) => !isLook(text))).toHaveLength(2)
    // Look; begin and lock; the last batch, and a look behind it. If somebody else commits something meanwhile, one or the other is taken once more.
    expect(sent.filter(isLook).length).toBeGreaterThanOrEqual(3)
    expect(sent.filter(isLook).length).toBeLessThanOrEqual(8)
  })

  test('each step is a span, with counts and without secrets', async () => {
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    const spans: Tracer.NativeSpan[] = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      },
    })
    const pool = new pg.Pool(connectionTo(server, box.database))
    const desired = { role, grants: [Grant.schemaUsage(schema), Grant.login({ password: 'hunter2' })] }
    const work = Effect.provide(syncRoles(desired), nodePostgres.layer(pool))
    const { plan } = await Effect.runPromise(Effect.withTracer(work, tracer))
    await pool.end()
    const attributes = (name: string): Record<string, unknown> =>
      Object.fromEntries(spans.find((span) => span.name === name)?.attributes ?? [])
    expect(new Set(spans.map(({ name }) => name))).toEqual(
      new Set(
        [
          'connect',
          'syncRoles',
          'readCatalogs',
          'readStoredPasswords',
          'hashPasswords',
          'attempt',
          'lock',
          'execute',
          'prove',
          'commit',
        ].map((name) => `pgsr.${name}`),
      ),
    )
    const count = plan.transactions.flat().length
    expect(attributes('pgsr.syncRoles')).toEqual({
      'pgsr.roles': 1,
      'pgsr.changed': true,
      'pgsr.operations': count,
    })
    expect(attributes('pgsr.execute')).toEqual({
      'pgsr.operations': count,
      'pgsr.statements': expect.any(Number) as number,
      'pgsr.batches': 1,
    })
    expect(attributes('pgsr.attempt')).toEqual({ 'pgsr.attempt': 1 })
    expect(attributes('pgsr.lock')['pgsr.lock_wait_ms']).toBeTypeOf('number')
    expect(attributes('pgsr.readCatalogs')['pgsr.roles_read']).toBeGreaterThan(0)
    const everything = spans.map((span) => [span.name, [...span.attributes], span.events, span.status])
    expect(inspect(everything, { depth: 20 })).not.toMatch(/hunter2|SCRAM-SHA-256/)
  })

  test('promises and Effects on one client wait for each other', async () => {
    const client = new pg.Client(connectionTo(server, box.database))
    await client.connect()
    const layer = nodePostgres.layer(client)
    const desired = [1, 2, 3, 4].map((number) => ({ role: box.name(`r${number}`), grants: [Grant.login()] }))
    const results = await Promise.all(
      desired.map((one, index) =>
        index % 2 === 0
          ? nodePostgresPromises.syncRoles(client, one)
          : Effect.runPromise(Effect.provide(syncRoles(one), layer)),
      ),
    )
    expect(results.map(({ changed }) => changed)).toEqual([true, true, true, true])
    expect((await nodePostgresPromises.planRoles(client, desired)).transactions).toEqual([])
    await client.end()
  })
})
