import type { DesiredRole } from '@pgsr/node-postgres'
import { besideLook } from '../by-hand.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import { makeTables, reader, thirteenGrants, thirteenObjects } from '../desired.ts'
import { openConnection } from '../bench-connection.ts'
import type { Asked } from '../floor/look.ts'
import type { Aim, Scenario, Turn } from '../scenario.ts'
import { syncChanges } from '../sync.ts'

interface Case {
  readonly what: string
  readonly tables: number
  readonly desired: readonly DesiredRole[]
  readonly asked: Asked
  readonly rounds: number
  readonly aim: Aim
  readonly on?: Turn['on']
}

const roles = numbered(300, 'r')

const thirteen: Pick<Case, 'tables' | 'desired' | 'asked' | 'rounds'> = {
  tables: 10,
  desired: [{ role: 'alice', grants: thirteenGrants('app') }],
  asked: { roles: ['alice'], ...thirteenObjects('app') },
  rounds: 300,
}

const cases: readonly Case[] = [
  { what: '13 grants', ...thirteen, aim: { ratio: 1.5, roundTrips: 1 } },
  { what: '13 grants, on a fresh connection', ...thirteen, aim: { ratio: 2 }, on: 'fresh' },
  {
    what: '1,000 table grants',
    tables: 1000,
    desired: [reader('alice', 'app', 1000)],
    asked: { roles: ['alice'], schema: 'app', tables: numbered(1000, 't') },
    rounds: 100,
    aim: { ratio: 1.5, roundTrips: 1 },
  },
  {
    what: '300 roles × 13 grants',
    tables: 10,
    desired: roles.map((role) => ({ role, grants: thirteenGrants('app') })),
    asked: { roles, ...thirteenObjects('app') },
    rounds: 100,
    aim: { ratio: 1.5, roundTrips: 1 },
  },
]

export const nothingToDoScenarios: readonly Scenario[] = cases.map(
  ({ what, tables, desired, asked, rounds, aim, on }) => ({
    name: `nothing to do: ${what}`,
    floor: on === 'fresh' ? 'to connect, and one look by hand' : 'one look by hand',
    aim,
    rounds,
    prepare: async (bench) => {
      await makeTables(bench, 'app', tables)
      const connection = openConnection(bench.driver, bench.actor)
      await syncChanges(connection, desired).finally(connection.end)
      return besideLook(bench, desired, asked, on)
    },
  }),
)
