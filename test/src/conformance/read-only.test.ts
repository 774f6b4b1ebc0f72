import { Grant } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { startCluster } from '../../harness/cluster.ts'
import { conformanceAtEndsInTurn } from '../../harness/conformance.ts'
import { drivers } from '../../harness/drivers.ts'
import { connectionTo, oldestAndNewest } from '../../harness/servers.ts'

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
            message: 'cannot execute the plan: the server is a replica, on which nothing can be written',
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
  test('where transactions are read-only by default, that is said before the lock is waited for', async () => {
    const box = sandbox()
    const role = box.name('r')
    const desired = { role, grants: [Grant.databaseConnect(box.database)] }
    const held = await box.driver.client(box.connection, box.database)
    const other = new pg.Client(connectionTo(box.connection, box.database))
    await other.connect()
    try {
      await other.query('begin; select pg_advisory_xact_lock(1)')
      await held.run('set default_transaction_read_only = on')
      expect((await held.planRoles(desired)).transactions).toHaveLength(1)
      const syncing = held.syncRoles(desired, { lockTimeout: 0 })
      await expect(syncing).rejects.toMatchObject({ _tag: 'DatabaseError', sqlState: '25006' })
      await expect(syncing).rejects.toThrow('default_transaction_read_only')
      await other.query('rollback')
      await held.run('set default_transaction_read_only = off')
      expect((await held.syncRoles(desired)).changed).toBe(true)
      await held.run('set default_transaction_read_only = on')
      expect((await held.syncRoles(desired)).changed).toBe(false)
    } finally {
      await other.end()
      await held.end()
    }
  })
})
