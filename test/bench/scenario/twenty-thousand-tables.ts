import { Grant, TooManyLocksError } from '@pgsr/node-postgres'
import { numbered } from '../../harness/texts/numbered.ts'
import type { ClusterSettings } from '../../harness/servers/cluster.ts'
import { besideHand, lookerOf } from '../by-hand.ts'
import { makeTables } from '../desired.ts'
import { openConnection } from '../bench-connection.ts'
import { createHolders, createRoles, groupsOf, join, selectOn } from '../floor/change.ts'
import { message } from '../floor/sql-text.ts'
import type { Scenario } from '../scenario.ts'
import type { Combination, BenchDatabase } from '../bench-database.ts'
import { onOwnServer, ownServer } from './own-server.ts'

const desired = { role: 'alice', grants: [Grant.tableSelect('app', /^t_/)] }

const tables = numbered(20_000, 't')

const makeAll = (bench: BenchDatabase): Promise<void> => makeTables(bench, 'app', tables.length)

/** For how many tables one message creates roles, so that its locks fit into the lock table. */
const together = 2000

/** Roles that nobody is a member of change nothing yet: only the last message has to be one transaction. */
const byHand = (combination: Combination): readonly string[] => {
  const privileges = selectOn('app', tables)
  const groups = groupsOf(privileges, lookerOf(combination))
  const holders = groups.flatMap((group) => group.holders)
  const messages = Array.from({ length: tables.length / together }, (_, index) => {
    const part = [index * together, (index + 1) * together] as const
    return message(createHolders([{ holders: holders.slice(...part) }], privileges.slice(...part)))
  })
  return [...messages, message([...createRoles(['alice']), ...join(['alice'], groups, combination)])]
}

/** The error of pgsr if the lock table of the server is too small; otherwise `undefined`. */
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
  const { setting, needed, message: refused } = error
  return [{ [setting]: needed }, `with the default settings: ${refused}; so here with ${setting} = ${needed}`]
}

export const twentyThousandTablesScenarios: readonly Scenario[] = [
  {
    name: '20,000 tables by pattern, one role',
    floor: 'the SQL and three looks by hand',
    aim: { ratio: 2 },
    rounds: 3,
    isFor: ({ role, driver }) => role === 'superuser' && driver.name === 'pg',
    prepare: async (combination) => {
      const [settings, ...notes] = await raisedAsAsked(combination)
      const { bench, stop } = await ownServer(combination, settings)
      await makeAll(bench)
      const messages = byHand(bench)
      const bout = besideHand(
        bench,
        desired,
        { asked: { roles: ['alice'], schema: 'app', tables: '^t_' }, messages: () => messages },
        () => bench.dropRolesBut(),
      )
      return { ...bout, notes, end: stop }
    },
  },
]
