import type { DesiredRole } from '@pgsr/node-postgres'
import { lookText, lookThrice, messagesOf } from '../by-hand.ts'
import { makeTables, reader } from '../desired.ts'
import type { Address, Lane } from '../bench-connection.ts'
import type { Bout, Scenario } from '../scenario.ts'
import type { Stage } from '../bench-database.ts'
import { syncChanges } from '../sync.ts'

/**
 * Compares a sync with its own plan, sent by hand.
 * @param looks whether what is done by hand looks, too
 */
export const besideItsPlan = async (
  at: Address,
  desired: DesiredRole | readonly DesiredRole[],
  before: (lane: Lane) => Promise<unknown>,
  looks = true,
): Promise<Bout> => {
  const text = await lookText(at, desired)
  let messages: readonly string[] = []
  const send = async (lane: Lane): Promise<void> => {
    for (const message of messages) await lane.send(message)
  }
  return {
    floor: {
      at,
      before: async (lane) => {
        await before(lane)
        messages = messagesOf(await lane.pgsr.planRoles(desired, { timeout: 0 }))
      },
      run: (lane) => (looks ? lookThrice(lane, text, () => send(lane)) : send(lane)),
    },
    subject: { at, before, run: (lane) => syncChanges(lane, desired) },
  }
}

const [alice, bob] = ['alice', 'bob'].map((role) => reader(role, 'app', 1000)) as [DesiredRole, DesiredRole]

interface Case {
  readonly name: string
  readonly desired: DesiredRole
  readonly before: (stage: Stage) => (lane: Lane) => Promise<unknown>
}

const cases: readonly Case[] = [
  {
    name: 'first sync of one role, 1,000 tables',
    desired: alice,
    before: (stage) => () => stage.dropRolesBut(),
  },
  {
    name: 'second role, the same 1,000 tables',
    desired: bob,
    before: (stage) => async (lane) => {
      await lane.pgsr.syncRoles(alice, { timeout: 0 })
      await stage.admin('drop role if exists bob')
      await stage.vacuum()
    },
  },
  {
    name: 'everything revoked again',
    desired: { role: 'alice', grants: [] },
    before: (stage) => async (lane) => {
      await lane.pgsr.syncRoles(alice, { timeout: 0 })
      await stage.vacuum()
    },
  },
]

export const thousandTablesScenarios: readonly Scenario[] = cases.map(({ name, desired, before }) => ({
  name,
  floor: 'the plan’s SQL + three bare looks',
  aim: { ratio: 1.5, roundTrips: 5 },
  rounds: 7,
  prepare: async (stage) => {
    await makeTables(stage, 'app', 1000)
    return besideItsPlan(stage.actor, desired, before(stage))
  },
}))
