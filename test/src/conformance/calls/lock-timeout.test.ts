import { Grant, LockTimeoutError, Target } from '@pgsr/node-postgres'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAtEnds } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import { type Message, startFaultProxy } from '../../../harness/faults/fault-proxy.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'
import { untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'
import { whenGranted } from '../../../harness/sandbox/when-granted.ts'

/** Somebody else, with a name. */
const connect = async ({ connection, database }: Sandbox, application = 'someone'): Promise<pg.Client> => {
  const client = new pg.Client({ ...connectionTo(connection, database), application_name: application })
  await client.connect()
  return client
}

const codeOf = ({ bytes }: Message): string => /\0C([0-9A-Z]{5})\0/.exec(bytes.toString('latin1'))?.[1] ?? ''

/** How long each lock was waited for in vain, in milliseconds: what `lock_timeout` was when the server gave up. */
const waitsOf = (passed: readonly Message[]): readonly number[] => {
  let lockTimeout = 0
  const waits: number[] = []
  for (const message of passed) {
    const { sender, type, bytes } = message
    if (type === 'Q')
      lockTimeout = Number(/set local lock_timeout = (\d+)/.exec(bytes.toString())?.[1] ?? lockTimeout)
    if (sender === 'backend' && type === 'E' && codeOf(message) === '55P03') waits.push(lockTimeout)
  }
  return waits
}

/** Waits until something is done, or waits for a lock that one operation needs. */
const untilOneIsWaitedFor = async ({ admin, database }: Sandbox, work: Promise<unknown>): Promise<void> => {
  const waiting = `select from pg_stat_activity where datname = '${database}' and wait_event_type = 'Lock'
    and query like '%lock_timeout = ____;%' and query not like '%OWNER%OWNER%'`
  const settled = work.then(() => true)
  while ((await admin(waiting)).length === 0) if (await Promise.race([settled, sleep(10, false)])) return
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** Does something with a pool whose messages are seen. */
const seen = async <T>(
  box: Sandbox,
  work: (pool: Connected) => Promise<T>,
): Promise<readonly [T, readonly Message[]]> => {
  const proxy = await startFaultProxy(box.connection)
  const pool = box.driver.pool(proxy.connection, box.database)
  try {
    proxy.expect()
    const result = await work(pool)
    return [result, proxy.passed()]
  } finally {
    await pool.end()
    await proxy.end()
  }
}

/** Tables that a role is to own. */
const tablesOf = async (box: Sandbox, count: number) => {
  const [role, schema] = [box.name('r'), box.name('s')]
  const names = Array.from({ length: count }, (_, index) => `t${index + 1}`)
  await box.run(
    `create role ${role}; create schema ${schema}; ${names.map((name) => `create table ${schema}.${name} ();`).join('')}`,
  )
  const owned = names.map((name) => Grant.ownership(Target.table(schema, name)))
  return { role, schema, names, desired: { role, grants: owned } }
}

conformanceAtEnds((sandbox) => {
  test('a sync waits once for a lock that another session holds, and the error names the statement', async () => {
    const box = sandbox()
    const { role, schema, desired } = await tablesOf(box, 20)
    const reader = await connect(box)
    const lockTimeout = 800
    try {
      await reader.query(`begin; lock table ${schema}.t9 in access share mode`)
      const [error, passed] = await seen(box, (pool) =>
        pool.syncRoles(desired, { lockTimeout }).catch((reason: unknown) => reason),
      )
      expect(error).toBeInstanceOf(LockTimeoutError)
      expect(error).toMatchObject({
        lockTimeout,
        operation: `make role "${role}" the owner of table "${schema}"."t9"`,
        holders: [],
        message: expect.stringContaining(`"${schema}"."t9"`) as string,
      })
      // A millisecond each to find out which it is, and what is left is rounded up.
      const waits = waitsOf(passed)
      expect(sum(waits)).toBeLessThanOrEqual(lockTimeout + waits.length)
      expect(Math.max(...waits)).toBeGreaterThan(lockTimeout / 2)
    } finally {
      await reader.end()
    }
    await box.sync(desired)
  })

  test('a sync waits for a lock that is released in time, and then for the next one', async () => {
    const box = sandbox()
    const { schema, desired } = await tablesOf(box, 8)
    const readers = [await connect(box), await connect(box)] as const
    const [first, second] = readers
    const lockTimeout = 5000
    const held = 500
    try {
      await first.query(`begin; lock table ${schema}.t2 in access share mode`)
      await second.query(`begin; lock table ${schema}.t7 in access share mode`)
      const [error, passed] = await seen(box, async (pool) => {
        const syncing = pool.syncRoles(desired, { lockTimeout }).catch((reason: unknown) => reason)
        await untilOneIsWaitedFor(box, syncing)
        await sleep(held)
        await first.query('rollback')
        return syncing
      })
      expect(error).toMatchObject({
        _tag: 'LockTimeoutError',
        operation: expect.stringContaining(`"${schema}"."t7"`) as string,
      })
      // What was waited for the first is not left for the second.
      expect(sum(waitsOf(passed))).toBeLessThan(lockTimeout - held / 2)
    } finally {
      await Promise.all(readers.map((reader) => reader.end()))
    }
  })

  test('the time spent waiting for the advisory lock counts towards the timeout of the other locks and attempts', async () => {
    const box = sandbox()
    const { schema, desired } = await tablesOf(box, 4)
    const holders = [await connect(box), await connect(box)] as const
    const [syncer, reader] = holders
    const lockTimeout = 5000
    const held = 500
    try {
      await syncer.query('begin; select pg_advisory_xact_lock(1)')
      await reader.query(`begin; lock table ${schema}.t3 in access share mode`)
      const [error, passed] = await seen(box, async (pool) => {
        const syncing = pool.syncRoles(desired, { lockTimeout }).catch((reason: unknown) => reason)
        await untilSomebodyWaits(box)
        await sleep(held)
        await syncer.query('rollback')
        return syncing
      })
      expect(error).toBeInstanceOf(LockTimeoutError)
      expect(sum(waitsOf(passed))).toBeLessThan(lockTimeout - held / 2)
    } finally {
      await Promise.all(holders.map((holder) => holder.end()))
    }
  })

  test('a sync that gets its locks at once sends no additional messages', async () => {
    const box = sandbox()
    const { desired } = await tablesOf(box, 8)
    const [result, passed] = await seen(box, (pool) => pool.syncRoles(desired))
    expect(result.changed).toBe(true)
    const batches = passed.filter(({ type, bytes }) => type === 'Q' && bytes.includes('pgsr_batch'))
    expect(batches).toHaveLength(1)
  })

  test('the lock timeout applies in a transaction of the caller, which goes on', async () => {
    const box = sandbox()
    const { schema, desired } = await tablesOf(box, 8)
    const reader = await connect(box)
    const other = box.name('r')
    try {
      await reader.query(`begin; lock table ${schema}.t2 in access share mode`)
      await box.driver.transaction(box.connection, box.database, async (inside) => {
        await inside.run(`set local lock_timeout = '7min'; create role ${other}`)
        await expect(inside.syncRoles(desired, { lockTimeout: 200 })).rejects.toMatchObject({
          _tag: 'LockTimeoutError',
          operation: expect.stringContaining(`"${schema}"."t2"`) as string,
        })
        await inside.run(
          `do $$ begin if current_setting('lock_timeout') <> '7min' then raise 'it is %', current_setting('lock_timeout'); end if; end $$`,
        )
      })
    } finally {
      await reader.end()
    }
    expect(await box.admin(`select from pg_roles where rolname = '${other}'`)).toHaveLength(1)
  })

  test('a statement that takes too long is run at most twice', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(
      `create schema ${schema}; ${Array.from({ length: 16 }, (_, index) => `create table ${schema}.t${index} ();`).join('')}`,
    )
    const stop = await whenGranted(box, 'perform pg_sleep(60)')
    const grants = Array.from({ length: 16 }, (_, index) =>
      Grant.privilege(Target.table(schema, `t${index}`), index % 2 ? ['SELECT'] : ['INSERT'], {
        direct: true,
      }),
    )
    try {
      const [error, passed] = await seen(box, (pool) =>
        pool.syncRoles({ role, grants }, { statementTimeout: 300 }).catch((reason: unknown) => reason),
      )
      expect(error).toMatchObject({
        _tag: 'DatabaseError',
        sqlState: '57014',
        operation: expect.stringContaining(`"${schema}"."t`) as string,
      })
      expect(passed.filter((message) => message.type === 'E' && codeOf(message) === '57014')).toHaveLength(2)
    } finally {
      await stop()
    }
  })

  test('the error names the session that holds the advisory lock', async () => {
    const box = sandbox()
    const desired = { role: box.name('r'), grants: [] }
    const holder = await connect(box, 'a "migration"')
    const pid = (await holder.query<{ readonly pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid
    try {
      for (const lockKey of [1, -1n, 2n ** 62n + 5n, -(2n ** 63n)]) {
        // Others have other keys, and those of two halves.
        await holder.query(
          `select pg_advisory_lock(${lockKey}), pg_advisory_lock(0, 1), pg_advisory_lock(1, 1)`,
        )
        const error: unknown = await box.pool
          .syncRoles(desired, { lockTimeout: 50, lockKey })
          .catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(LockTimeoutError)
        const role = box.connection.user
        expect(error).toMatchObject({
          operation: `take the advisory lock ${lockKey}`,
          holders: [{ pid, role, application: 'a "migration"' }],
          message: `cannot take the advisory lock ${lockKey}: session ${pid} of role "${role}" ("a \\"migration\\"") holds it (lockTimeout is 50 milliseconds)`,
        })
        await holder.query('select pg_advisory_unlock_all()')
      }
      await holder.query('select pg_advisory_lock_shared(1)')
      const shared = await connect(box)
      await shared.query('select pg_advisory_lock_shared(1)')
      await expect(box.pool.syncRoles(desired, { lockTimeout: 50 })).rejects.toMatchObject({
        holders: [{ role: box.connection.user }, { role: box.connection.user }],
      })
      await shared.end()
    } finally {
      await holder.end()
    }
    expect((await box.pool.syncRoles(desired)).changed).toBe(true)
  })
})
