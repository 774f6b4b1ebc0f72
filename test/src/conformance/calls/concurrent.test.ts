import { Grant } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAtEnds } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { whenGranted } from '../../../harness/sandbox/when-granted.ts'

/** Syncs of pairwise different roles, two at a time; some have nothing to do. */
const syncTwoAtATime = async (box: Sandbox, connected: Connected, pairs: number): Promise<void> => {
  const schema = box.name('s')
  await box.run(`create schema ${schema}; create table ${schema}.t ()`)
  const desiredOf = (role: string) => ({
    role,
    grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't'), Grant.login()],
  })
  const roles = Array.from({ length: pairs }, () => [box.name('a'), box.name('b')] as const)
  for (const pair of roles) {
    const first = await Promise.all(pair.map((role) => connected.syncRoles(desiredOf(role))))
    expect(first.map(({ changed }) => changed)).toEqual([true, true])
    const [again, plan] = await Promise.all([
      connected.syncRoles(desiredOf(pair[0])),
      connected.planRoles(desiredOf(pair[1])),
    ])
    expect([again.changed, plan.transactions]).toEqual([false, []])
  }
  for (const role of roles.flat()) await box.as(role, `select from ${schema}.t`)
}

/** Ends all sessions that a test’s application has open, and waits until they are gone. */
const endSessions = async ({ admin, database }: Sandbox, name: string): Promise<number> => {
  const those = `from pg_stat_activity where datname = '${database}' and application_name = '${name}'`
  const ended = await admin(`select pg_terminate_backend(pid) ${those}`)
  while ((await admin(`select ${those}`)).length > 0);
  return ended.length
}

conformanceAtEnds((sandbox) => {
  test.for([1, 2])('two calls at a time work on a pool of %i', async (connections) => {
    const box = sandbox()
    const pool = box.driver.pool(box.connection, box.database, connections)
    try {
      await syncTwoAtATime(box, pool, 2)
    } finally {
      await pool.end()
    }
  })

  test('two calls at a time on one connection wait for each other', async () => {
    const box = sandbox()
    const client = await box.driver.client(box.connection, box.database)
    try {
      await syncTwoAtATime(box, client, 2)
    } finally {
      await client.end()
    }
  })

  test('two calls at a time in one transaction wait for each other', async () => {
    const box = sandbox()
    await box.driver.transaction(box.connection, box.database, async (inside) => {
      const roles = [box.name('r'), box.name('r'), box.name('r'), box.name('r')]
      const results = await Promise.all(roles.map((role) => inside.syncRoles({ role, grants: [] })))
      expect(results.map(({ changed }) => changed)).toEqual(roles.map(() => true))
    })
  })

  test('the next call replaces a connection of the pool that was killed, and the pool loses no slot', async () => {
    const box = sandbox()
    const connections = 2
    const pool = box.driver.pool(box.connection, box.database, connections)
    const mine = box.name('mine')
    // What names a session of the pool, whichever it is.
    const called = `set application_name = '${mine}'`
    try {
      for (let round = 0; round < 2; round++) {
        await Promise.all([pool.run(called), pool.run(called)])
        expect(await endSessions(box, mine)).toBeGreaterThan(0)
        // The first may meet a connection of which the driver has not heard yet that it is gone.
        await Promise.allSettled([pool.run('select 1'), pool.run('select 1')])
        // As many calls as there are slots, which would wait for ever if none were left.
        await syncTwoAtATime(box, pool, 1)
      }
    } finally {
      await pool.end()
    }
  })

  test('a call whose connection is killed fails; the call beside it does not, and the pool still works', async () => {
    const box = sandbox()
    const pool = box.driver.pool(box.connection, box.database, 2)
    const [role, beside, schema] = [box.name('r'), box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    const stop = await whenGranted(box, 'perform pg_sleep(60)')
    const sleeping = `from pg_stat_activity where datname = '${box.database}' and wait_event = 'PgSleep'`
    try {
      const failing = expect(
        pool.syncRoles({ role, grants: [Grant.schemaUsage(schema)] }),
      ).rejects.toMatchObject({ _tag: 'DatabaseError', outcome: 'unchanged' })
      while ((await box.admin(`select ${sleeping}`)).length === 0);
      const other = pool.syncRoles({ role: beside, grants: [] }, { lockKey: 2 })
      await box.admin(`select pg_terminate_backend(pid) ${sleeping}`)
      await failing
      expect((await other).changed).toBe(true)
    } finally {
      await stop()
    }
    await syncTwoAtATime(box, pool, 1)
    await pool.end()
  })
})
