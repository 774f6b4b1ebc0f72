import { syncDatabases } from '@pgsr/node-postgres'
import pg from 'pg'
import { connectionTo } from '../../harness/servers/servers.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import { lookOf } from '../by-hand.ts'
import { makeTables, thirteenGrants, thirteenObjects } from '../desired.ts'
import type { Scenario } from '../scenario.ts'

const roles = numbered(300, 'r')
const others = numbered(19, 'bench')

const desired = roles.map((role) => ({ role, grants: thirteenGrants('app') }))

/** Where it runs: the functions for several databases take the connections of a driver. */
export const twentyDatabasesScenarios: readonly Scenario[] = [
  {
    name: 'nothing to do in 20 databases: 300 roles × 13 grants',
    floor: 'one look by hand in each, one after the other',
    aim: {},
    rounds: 5,
    isFor: ({ role, driver }) => role === 'superuser' && driver.library === 'pg',
    prepare: async (bench) => {
      const { actor: at } = bench
      const admin = new pg.Pool({ ...connectionTo(at.connection), max: 1 })
      for (const other of others) await admin.query(`create database ${other}`)
      const pools = ['bench', ...others].map(
        (database) => [database, new pg.Pool({ ...connectionTo(at.connection, database), max: 1 })] as const,
      )
      for (const [, pool] of pools)
        await makeTables({ run: async (...texts) => void (await pool.query(texts.join(';'))) }, 'app', 10)
      const connections = Object.fromEntries(pools)
      await syncDatabases(connections, desired, { timeout: 0 })
      const text = lookOf(bench, { roles, ...thirteenObjects('app') })
      return {
        floor: {
          at,
          run: async () => {
            for (const [, pool] of pools) await pool.query(text)
          },
        },
        subject: {
          at,
          run: async () => {
            const { changed } = await syncDatabases(connections, desired, { timeout: 0 })
            if (changed) throw new Error('a sync of several databases changed something')
          },
        },
        end: async () => {
          for (const [, pool] of pools) await pool.end()
          for (const other of others) await admin.query(`drop database ${other}`)
          await admin.end()
        },
      }
    },
  },
]
