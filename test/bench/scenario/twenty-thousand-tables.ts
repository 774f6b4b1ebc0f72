import { Grant, TooManyLocksError } from '@pgsr/node-postgres'
import type { ClusterSettings } from '../../harness/servers/cluster.ts'
import { makeTables } from '../desired.ts'
import { openConnection } from '../bench-connection.ts'
import type { Scenario } from '../scenario.ts'
import type { Combination, BenchDatabase } from '../bench-database.ts'
import { onOwnServer, ownServer } from './own-server.ts'
import { besideItsPlan } from './thousand-tables.ts'

const desired = { role: 'alice', grants: [Grant.tableSelect('app', /^t_/)] }

const makeAll = (bench: BenchDatabase): Promise<void> => makeTables(bench, 'app', 20_000)

/** What pgsr says to a server whose lock table is too small; nothing where it is not. */
const refusal = (combination: Combination): Promise<TooManyLocksError | undefined> =>
  onOwnServer(combination, {}, async (bench) => {
    await makeAll(bench)
    const connection = openConnection(bench.driver, bench.actor)
    const error: unknown = await connection.pgsr
      .syncRoles(desired, { timeout: 300_000 })
      .then(() => undefined)
      .catch((reason: unknown) => reason)
    await connection.end()
    if (error === undefined || error instanceof TooManyLocksError) return error
    throw error
  })

/** From 16 on a membership takes a lock, and from 18 on a privilege takes one more. */
const raisedAsAsked = async (
  combination: Combination,
): Promise<readonly [settings: ClusterSettings, ...notes: readonly string[]]> => {
  const error = await refusal(combination)
  if (error === undefined) return [{}]
  const { setting, needed, message } = error
  return [{ [setting]: needed }, `with the default settings: ${message}; so here with ${setting} = ${needed}`]
}

export const twentyThousandTablesScenarios: readonly Scenario[] = [
  {
    name: '20,000 tables by pattern, one role',
    floor: 'the plan’s SQL',
    aim: { ratio: 2 },
    rounds: 1,
    isFor: ({ role, driver }) => role === 'superuser' && driver.name === 'pg',
    prepare: async (combination) => {
      const [settings, ...notes] = await raisedAsAsked(combination)
      const { bench, stop } = await ownServer(combination, settings)
      await makeAll(bench)
      const bout = await besideItsPlan(bench.actor, desired, () => bench.dropRolesBut(), false)
      return { ...bout, notes, end: stop }
    },
  },
]
