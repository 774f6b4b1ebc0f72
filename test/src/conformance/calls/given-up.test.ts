import { Grant, type SyncEvent, TimeoutError } from '@pgsr/node-postgres'
import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startFaultProxy } from '../../../harness/faults/fault-proxy.ts'
import { conformanceAtEnds } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { isCancelRequest, messagesFrom } from '../../../harness/servers/messages.ts'
import { startRelay } from '../../../harness/servers/relay.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'
import { untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'
import { whenGranted } from '../../../harness/sandbox/when-granted.ts'

const exists = async ({ run }: Sandbox, role: string): Promise<boolean> =>
  (await run(`select from pg_roles where rolname = '${role}'`)).length > 0

/** Sessions of the sandbox’s database that run something of pgsr’s, or are left in a transaction. */
const busy = ({ admin, database }: Sandbox) =>
  admin(
    `select query from pg_stat_activity where datname = '${database}' and pid <> pg_backend_pid()
     and (state like 'idle in transaction%' or state = 'active')`,
  )

/** Something that a sync waits for in the middle of its transaction. */
const sleeping = (box: Sandbox): Promise<() => Promise<unknown>> => whenGranted(box, 'perform pg_sleep(600)')

const untilItSleeps = async ({ admin, database, server }: Sandbox): Promise<void> => {
  // Before 10 nobody sees that a session sleeps, only what it does.
  const sleeps =
    server.version < 100000
      ? `state = 'active' and pid <> pg_backend_pid() and query ~ 'GRANT'`
      : `wait_event = 'PgSleep'`
  const asleep = `select from pg_stat_activity where datname = '${database}' and ${sleeps}`
  while ((await admin(asleep)).length === 0) await sleep(10)
}

const reason = new Error('the user has closed the page')

/** A pattern that backtracks, and a name with which it takes minutes. */
const slow = { pattern: /^(a+)+$/, table: `${'a'.repeat(36)}_` }

conformanceAtEnds((sandbox) => {
  const make = async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    return { box, role, schema, desired: { role, grants: [Grant.schemaUsage(schema)] } }
  }

  test('a call that is aborted before it begins sends nothing', async () => {
    const { box, role, desired } = await make()
    const signal = AbortSignal.abort(reason)
    await expect(box.pool.syncRoles(desired, { signal })).rejects.toBe(reason)
    await expect(box.pool.planRoles(desired, { signal })).rejects.toBe(reason)
    expect(await exists(box, role)).toBe(false)
  })

  test('a call that waits for the lock can be aborted', async () => {
    const { box, role, desired } = await make()
    const other = new pg.Client(connectionTo(box.connection, box.database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    try {
      const controller = new AbortController()
      const syncing = box.pool.syncRoles(desired, { signal: controller.signal, lockTimeout: 0 })
      await untilSomebodyWaits(box)
      controller.abort(reason)
      await expect(syncing).rejects.toBe(reason)
      const waiting = await box.admin(
        `select from pg_locks as l join pg_database as d on d.oid = l.database where d.datname = '${box.database}' and not l.granted`,
      )
      expect(waiting).toEqual([])
    } finally {
      await other.end()
    }
    expect(await busy(box)).toEqual([])
    expect(await exists(box, role)).toBe(false)
    await box.sync(desired)
  })

  test('aborting cancels the running statement on the server, and everything is rolled back', async () => {
    const { box, role, desired } = await make()
    const stop = await sleeping(box)
    try {
      const controller = new AbortController()
      const syncing = box.pool.syncRoles(desired, { signal: controller.signal })
      await untilItSleeps(box)
      controller.abort(reason)
      await expect(syncing).rejects.toBe(reason)
      expect(await busy(box)).toEqual([])

      const error = await box.pool.syncRoles(desired, { timeout: 300 }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(TimeoutError)
      expect(error).toMatchObject({
        _tag: 'TimeoutError',
        timeout: 300,
        outcome: 'unchanged',
        message: expect.stringMatching(
          /^cannot sync roles: timeout of 300 milliseconds exceeded while waiting for .*$/,
        ) as string,
      })
      expect(await busy(box)).toEqual([])
    } finally {
      await stop()
    }
    expect(await exists(box, role)).toBe(false)
    await box.sync(desired)
  })

  test('aborting cancels a statement that has not reached the server yet', async () => {
    const { box, desired } = await make()
    const stop = await sleeping(box)
    const proxy = await startFaultProxy(box.connection)
    const pool = box.driver.pool(proxy.connection, box.database)
    try {
      const controller = new AbortController()
      proxy.expect({
        at: ({ sender, bytes }) => sender === 'frontend' && bytes.includes('GRANT USAGE'),
        happens: async () => {
          controller.abort(reason)
          await sleep(500)
        },
      })
      await expect(pool.syncRoles(desired, { signal: controller.signal })).rejects.toBe(reason)
      expect(proxy.hasHappened()).toBe(true)
      expect(await busy(box)).toEqual([])
    } finally {
      await stop()
      await pool.end()
      await proxy.end()
    }
  })

  test('a cancel request that arrives after the answer does not cancel what runs next on the pool', async () => {
    const { box, desired } = await make()
    const controller = new AbortController()
    let next: Promise<readonly PromiseSettledResult<unknown>[]> | undefined
    const sent = new EventEmitter()
    // Until the next one’s statement runs, if it does not wait for the cancel request.
    const late = async (): Promise<void> => {
      await Promise.race([once(sent, 'next'), sleep(300)])
      await sleep(50)
    }
    const relay = await startRelay(box.connection, ({ frontend, backend, cut }) => {
      const forward = async (): Promise<void> => {
        for await (const [, bytes] of messagesFrom(frontend, 'frontend')) {
          if (isCancelRequest(bytes)) await late()
          if (bytes.includes('pg_sleep')) sent.emit('next')
          if (bytes.includes('with recursive') && next === undefined) {
            // What postgres.js sends before it has been answered then.
            await sleep(100)
            next = Promise.allSettled([pool.run('select pg_sleep(0.2)')])
            controller.abort(reason)
          }
          backend.write(bytes)
        }
        backend.end()
      }
      forward().catch(cut)
      backend.pipe(frontend)
    })
    const pool = box.driver.pool(relay.connection, box.database, 1)
    try {
      await expect(pool.planRoles(desired, { signal: controller.signal })).rejects.toBe(reason)
      expect(await next).toMatchObject([{ status: 'fulfilled' }])
      await pool.planRoles(desired)
    } finally {
      await pool.end()
      await relay.end()
    }
  })

  test('aborting ends planning, and leaves pools and the caller’s transactions as they were', async () => {
    const { box, role, schema, desired } = await make()
    await box.run(`create table ${schema}.${slow.table} ()`)
    const patient = { role, grants: [...desired.grants, Grant.tableSelect(schema, slow.pattern)] }
    const error = { _tag: 'TimeoutError', timeout: 500, outcome: 'unchanged' }
    await expect(box.pool.planRoles(patient, { timeout: 500 })).rejects.toMatchObject(error)
    await expect(box.pool.syncRoles(patient, { timeout: 500 })).rejects.toMatchObject(error)
    await box.driver.transaction(box.connection, box.database, async (inside) => {
      await expect(inside.syncRoles(patient, { timeout: 500 })).rejects.toMatchObject(error)
      await inside.run(`create table ${schema}.log ()`)
    })
    expect(await box.run(`select to_regclass('${schema}.log') is not null`)).toEqual([[true]])
    expect(await busy(box)).toEqual([])
    expect(await exists(box, role)).toBe(false)
    await box.sync(desired)
  })

  test('aborting ends planning under the lock, and releases the lock', async () => {
    const { box, role, schema, desired } = await make()
    const patient = { role, grants: [...desired.grants, Grant.tableSelect(schema, slow.pattern)] }
    const other = new pg.Client(connectionTo(box.connection, box.database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    try {
      const syncing = box.pool.syncRoles(patient, { timeout: 3_000, lockTimeout: 0 })
      const refused = expect(syncing).rejects.toMatchObject({ _tag: 'TimeoutError', outcome: 'unchanged' })
      await untilSomebodyWaits(box)
      await box.run(`create table ${schema}.${slow.table} ()`)
      await other.query('rollback')
      await refused
      await other.query('select pg_advisory_xact_lock(1)')
    } finally {
      await other.end()
    }
    expect(await busy(box)).toEqual([])
    expect(await exists(box, role)).toBe(false)
    await box.sync(desired)
  })

  test('a transaction of the caller goes on after an aborted call', async () => {
    const { box, role, schema, desired } = await make()
    await box.run(`create table ${schema}.log (x int)`)
    const stop = await sleeping(box)
    try {
      await box.driver.transaction(box.connection, box.database, async (inside) => {
        await inside.run(`insert into ${schema}.log values (1)`)
        await expect(inside.syncRoles(desired, { timeout: 300 })).rejects.toBeInstanceOf(TimeoutError)
        await inside.run(`insert into ${schema}.log values (2)`)
      })
    } finally {
      await stop()
    }
    expect(await box.run(`select x from ${schema}.log order by x`)).toEqual([[1], [2]])
    expect(await exists(box, role)).toBe(false)
  })

  test('a transaction of the caller goes on after a call that was aborted while the catalogs were being read', async () => {
    const { box, role, desired } = await make()
    const proxy = await startFaultProxy(box.connection)
    const controller = new AbortController()
    let isLooking = false
    try {
      await box.driver.transaction(proxy.connection, box.database, async (inside) => {
        proxy.expect({
          at: ({ sender, type, bytes }) => {
            isLooking ||= sender === 'frontend' && bytes.includes('with recursive')
            return isLooking && sender === 'backend' && type === 'Z'
          },
          happens: async () => {
            controller.abort(reason)
            await sleep(100)
          },
        })
        await expect(inside.syncRoles(desired, { signal: controller.signal })).rejects.toBe(reason)
        expect(proxy.hasHappened()).toBe(true)
        await inside.run(`create role ${role}`)
      })
    } finally {
      await proxy.end()
    }
    expect(await exists(box, role)).toBe(true)
  })

  test('the error of an aborted call says what the call was waiting for', async () => {
    const { box, schema, desired } = await make()
    const table = `${schema}.t`
    await box.run(`create table ${table} ()`)
    const grants = [...desired.grants, Grant.tableSelect(schema, 't', { direct: true })]
    const pool = box.driver.pool(box.connection, box.database, 1)
    const others = [1, 2].map(() => new pg.Client(connectionTo(box.connection, box.database)))
    await Promise.all(others.map((other) => other.connect()))
    const [first, second] = others as [pg.Client, pg.Client]
    const awaited = async (timeout: number): Promise<string> => {
      const syncing = pool.syncRoles({ ...desired, grants }, { timeout, lockTimeout: 0 })
      const error: unknown = await syncing.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(TimeoutError)
      const { awaits, message } = error as TimeoutError
      expect(message).toContain(` exceeded while waiting for ${awaits}`)
      return awaits
    }
    try {
      await pool.planRoles(desired)
      await first.query('begin; select pg_advisory_xact_lock(1)')
      expect(await awaited(1000)).toBe('the advisory lock 1')
      await second.query(`begin; lock table ${table} in access share mode; drop table ${table}`)
      await first.query('rollback')
      expect(await awaited(2000)).toBe(
        `a lock to grant SELECT on table "${schema}"."t" to role "${desired.role}"`,
      )
      await second.query('rollback')
      await pool.run('select 1')
      const stop = await sleeping(box)
      const controller = new AbortController()
      const busyFor = expect(pool.syncRoles(desired, { signal: controller.signal })).rejects.toBe(reason)
      await untilItSleeps(box)
      expect(await awaited(300)).toBe('a connection')
      controller.abort(reason)
      await busyFor
      await stop()
    } finally {
      await Promise.all(others.map((other) => other.end()))
      await pool.end()
    }
  })

  test('a call that waits for a connection of the pool can be aborted, and the connection is not lost', async () => {
    const { box, desired } = await make()
    const pool = box.driver.pool(box.connection, box.database, 1)
    const stop = await sleeping(box)
    try {
      const controller = new AbortController()
      const first = pool.syncRoles(desired, { signal: controller.signal })
      await untilItSleeps(box)
      await expect(pool.planRoles(desired, { timeout: 100 })).rejects.toBeInstanceOf(TimeoutError)
      await expect(pool.planRoles(desired, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
        name: 'TimeoutError',
      })
      controller.abort(reason)
      await expect(first).rejects.toBe(reason)
      expect((await pool.planRoles(desired)).transactions).toHaveLength(1)
    } finally {
      await stop()
      await pool.end()
    }
  })

  test('a call cannot be aborted once it has committed', async () => {
    const { box, desired } = await make()
    const controller = new AbortController()
    const { changed } = await box.pool.syncRoles(desired, {
      signal: controller.signal,
      onEvent: ({ kind }: SyncEvent) => {
        if (kind === 'committed') controller.abort(reason)
      },
    })
    expect(changed).toBe(true)
    expect((await box.pool.planRoles(desired)).transactions).toEqual([])
  })
})
