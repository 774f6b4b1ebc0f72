import { besideLook } from '../by-hand.ts'
import { fill } from '../filler-roles.ts'
import { makeTables, thirteenGrants, thirteenObjects } from '../desired.ts'
import { openConnection } from '../bench-connection.ts'
import type { Scenario } from '../scenario.ts'
import type { BenchDatabase } from '../bench-database.ts'
import { syncChanges } from '../sync.ts'
import { ownServer } from './own-server.ts'

const alice = { role: 'alice', grants: thirteenGrants('app') }

const syncAlice = async (bench: BenchDatabase): Promise<void> => {
  await makeTables(bench, 'app', 10)
  const connection = openConnection(bench.driver, bench.actor)
  await syncChanges(connection, alice).finally(connection.end)
}

export const largeClusterScenarios: readonly Scenario[] = [
  {
    name: 'nothing to do for one role among 20,000 roles, 50,000 tables, 500,000 memberships',
    floor: 'one look by hand on an empty server',
    aim: { ratio: 2, roundTrips: 1 },
    rounds: 300,
    isFor: ({ role, driver }) => role === 'database owner' && driver.name === 'pg',
    prepare: async (empty) => {
      await syncAlice(empty)
      const { bench: large, stop } = await ownServer(empty)
      await fill(large)
      await syncAlice(large)
      const asked = { roles: ['alice'], ...thirteenObjects('app') }
      const { floor } = besideLook(empty, alice, asked)
      const { subject } = besideLook(large, alice, asked)
      return { floor, subject, end: stop }
    },
  },
]
