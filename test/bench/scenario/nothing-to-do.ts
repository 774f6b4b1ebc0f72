import type { DesiredRole } from '@pgsr/node-postgres'
import { look, lookText } from '../by-hand.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import { makeTables, reader, thirteenGrants } from '../desired.ts'
import { openConnection } from '../bench-connection.ts'
import type { Scenario } from '../scenario.ts'
import { syncChanges, syncFindsNothing } from '../sync.ts'

const nothingToDo = (
  what: string,
  tables: number,
  rounds: number,
  desired: readonly DesiredRole[],
): Scenario => ({
  name: `nothing to do: ${what}`,
  floor: 'one bare look',
  aim: { ratio: 1.3, roundTrips: 1 },
  rounds,
  prepare: async (bench) => {
    const { actor, driver } = bench
    await makeTables(bench, 'app', tables)
    const connection = openConnection(driver, actor)
    await syncChanges(connection, desired).finally(connection.end)
    const text = await lookText(actor, desired)
    return {
      floor: { at: actor, run: (warm) => look(warm, text) },
      subject: { at: actor, run: (warm) => syncFindsNothing(warm, desired) },
    }
  },
})

export const nothingToDoScenarios: readonly Scenario[] = [
  nothingToDo('13 grants', 10, 40, [{ role: 'alice', grants: thirteenGrants('app') }]),
  nothingToDo('1,000 table grants', 1000, 20, [reader('alice', 'app', 1000)]),
  nothingToDo(
    '300 roles × 13 grants',
    10,
    20,
    numbered(300, 'r').map((role) => ({ role, grants: thirteenGrants('app') })),
  ),
]
