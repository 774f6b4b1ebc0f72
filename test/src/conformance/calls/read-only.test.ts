import { Grant } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { startCluster } from '../../../harness/servers/cluster.ts'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import { drivers } from '../../../harness/drivers/drivers.ts'
import { connectionTo, oldestAndNewest } from '../../../harness/servers/servers.ts'

/** Of other servers we cannot make replicas. */
const ours = inject('servers').filter(({ logFile }) => logFile !== undefined)

test.for(oldestAndNewest(ours))(
  'a replica of $name can be planned for, and says that nothing can be written',
  async (server) => {
    const replica = await startCluster(Math.floor(server.version / 10_000), { isReplica: true })
    try {
      for (const driver of drivers) {
        const pool = driver.pool(replica, 'postgres')
        try {
          const desired = { role: 'r', grants: [Grant.login(), Grant.databaseConnect('postgres')] }
          expect((await pool.planRoles(desired)).transactions).toHaveLength(1)
          await expect(pool.syncRoles(desired)).rejects.toMatchObject({
            _tag: 'DatabaseError',
            sqlState: '25006',
            message: 'cannot execute the plan: the server is a replica, which is read-only',
          })
          const drop = await pool.dropUnusedRoles()
          expect(drop.changed).toBe(false)
        } finally {
          await pool.end()
        }
      }
    } finally {
      await replica.stop()
    }
  },
)

conformanceAtEndsInTurn('read-only', (sandbox) => {
  test('a sync works where transactions are read-only by default', async () => {
    const box = sandbox()
    const [role, other] = [box.name('r'), box.name('r')]
    const grants = [Grant.databaseConnect(box.database)]
    const held = await box.driver.client(box.connection, box.database)
    try {
      await held.run('set default_transaction_read_only = on')
      const plan = await held.planRoles({ role, grants })
      expect((await held.executePlan(plan)).changed).toBe(true)
      expect((await held.syncRoles({ role, grants: [] })).changed).toBe(true)
      await held.run('set default_transaction_read_only = off')
      expect((await held.syncRoles({ role, grants: [] })).changed).toBe(false)
    } finally {
      await held.end()
    }
    await box.admin(`alter database ${box.database} set default_transaction_read_only = on`)
    const pool = box.driver.pool(box.connection, box.database)
    try {
      expect((await pool.syncRoles({ role: other, grants })).changed).toBe(true)
      await pool.dropUnusedRoles()
    } finally {
      await pool.end()
      await box.admin(`alter database ${box.database} reset default_transaction_read_only`)
    }
  })

  test('a read-only transaction of the caller is refused before the lock is taken', async () => {
    const box = sandbox()
    const desired = { role: box.name('r'), grants: [Grant.databaseConnect(box.database)] }
    const held = await box.driver.client(box.connection, box.database)
    const other = new pg.Client(connectionTo(box.connection, box.database))
    await other.connect()
    try {
      await other.query('begin; select pg_advisory_xact_lock(1)')
      for (const [before, begin] of [
        ['select', 'begin read only'],
        ['set default_transaction_read_only = on', 'begin'],
      ] as const) {
        await held.run(before)
        await held.run(begin)
        const syncing = held.syncRoles(desired, { lockTimeout: 0 })
        await expect(syncing).rejects.toMatchObject({ _tag: 'DatabaseError', sqlState: '25006' })
        await expect(syncing).rejects.toThrow('the caller is read-only')
        expect((await held.planRoles(desired)).transactions).toHaveLength(1)
        await held.run('rollback')
      }
    } finally {
      await other.end()
      await held.end()
    }
  })
})
