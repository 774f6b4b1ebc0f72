import { look, lookText } from '../by-hand.ts'
import { fill } from '../filler-roles.ts'
import { makeTables, thirteenGrants } from '../desired.ts'
import { openLane } from '../bench-connection.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../bench-database.ts'
import { syncChanges, syncFindsNothing } from '../sync.ts'
import { ownServer } from './own-server.ts'

const alice = { role: 'alice', grants: thirteenGrants('app') }

const syncAlice = async (stage: Stage): Promise<void> => {
  await makeTables(stage, 'app', 10)
  const lane = openLane(stage.driver, stage.actor)
  await syncChanges(lane, alice).finally(lane.end)
}

export const crowdedClusterScenarios: readonly Scenario[] = [
  {
    name: 'nothing to do for one role among 20,000 roles, 50,000 tables, 500,000 memberships',
    floor: 'one bare look on an empty server',
    aim: { ratio: 2, roundTrips: 1 },
    rounds: 40,
    isFor: ({ role, driver }) => role === 'database owner' && driver.name === 'pg',
    prepare: async (empty) => {
      await syncAlice(empty)
      const text = await lookText(empty.actor, alice)
      const { stage: crowded, stop } = await ownServer(empty)
      await fill(crowded)
      await syncAlice(crowded)
      return {
        floor: { at: empty.actor, run: (lane) => look(lane, text) },
        subject: { at: crowded.actor, run: (lane) => syncFindsNothing(lane, alice) },
        end: stop,
      }
    },
  },
]
