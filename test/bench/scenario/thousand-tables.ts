import type { DesiredRole } from '@pgsr/node-postgres'
import { lookText, lookThrice, messagesOf } from '../by-hand.ts'
import { makeTables, reader } from '../desired.ts'
import type { Address, BenchConnection } from '../bench-connection.ts'
import type { Bout, Scenario } from '../scenario.ts'
import type { BenchDatabase } from '../bench-database.ts'
import { syncChanges } from '../sync.ts'

/**
 * Compares a sync with its own plan, sent by hand.
 * @param looks whether what is done by hand looks, too
 */
export const besideItsPlan = async (
  at: Address,
  desired: DesiredRole | readonly DesiredRole[],
  before: (connection: BenchConnection) => Promise<unknown>,
  looks = true,
): Promise<Bout> => {
  const text = await lookText(at, desired)
  let messages: readonly string[] = []
  const send = async (connection: BenchConnection): Promise<void> => {
    for (const message of messages) await connection.send(message)
  }
  return {
    floor: {
      at,
      before: async (connection) => {
        await before(connection)
        messages = messagesOf(await connection.pgsr.planRoles(desired, { timeout: 0 }))
      },
      run: (connection) => (looks ? lookThrice(connection, text, () => send(connection)) : send(connection)),
    },
    subject: { at, before, run: (connection) => syncChanges(connection, desired) },
  }
}

const [alice, bob] = ['alice', 'bob'].map((role) => reader(role, 'app', 1000)) as [DesiredRole, DesiredRole]

interface Case {
  readonly name: string
  readonly desired: DesiredRole
  readonly before: (bench: BenchDatabase) => (connection: BenchConnection) => Promise<unknown>
}

const cases: readonly Case[] = [
  {
    name: 'first sync of one role, 1,000 tables',
    desired: alice,
    before: (bench) => () => bench.dropRolesBut(),
  },
  {
    name: 'second role, the same 1,000 tables',
    desired: bob,
    before: (bench) => async (connection) => {
      await connection.pgsr.syncRoles(alice, { timeout: 0 })
      await bench.admin('drop role if exists bob')
      await bench.vacuum()
    },
  },
  {
    name: 'everything revoked again',
    desired: { role: 'alice', grants: [] },
    before: (bench) => async (connection) => {
      await connection.pgsr.syncRoles(alice, { timeout: 0 })
      await bench.vacuum()
    },
  },
]

export const thousandTablesScenarios: readonly Scenario[] = cases.map(({ name, desired, before }) => ({
  name,
  floor: 'the plan’s SQL + three bare looks',
  aim: { ratio: 1.5, roundTrips: 5 },
  rounds: 7,
  prepare: async (bench) => {
    await makeTables(bench, 'app', 1000)
    return besideItsPlan(bench.actor, desired, before(bench))
  },
}))
