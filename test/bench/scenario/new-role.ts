import { Grant } from '@pgsr/node-postgres'
import { besideHand, lookerOf } from '../by-hand.ts'
import { createHolders, createRoles, groupsOf, join } from '../floor/change.ts'
import { message } from '../floor/sql-text.ts'
import type { Scenario, Turn } from '../scenario.ts'

const desired = { role: 'alice', grants: [Grant.login(), Grant.databaseConnect('bench')] }

const newRole = (on: NonNullable<Turn['on']>, where: string, ratio: number): Scenario => ({
  name: `one new role with LOGIN and CONNECT, ${where}`,
  floor: `${on === 'fresh' ? 'to connect, ' : ''}the SQL and three looks by hand`,
  aim: { ratio },
  rounds: 20,
  prepare: (bench) => {
    const privileges = ['connect on database bench']
    const groups = groupsOf(privileges, lookerOf(bench))
    const text = message([
      ...createRoles(['alice'], 'login'),
      ...createHolders(groups, privileges),
      ...join(['alice'], groups, bench),
    ])
    const byHand = { asked: { roles: ['alice'], database: 'bench' }, messages: () => [text] }
    return Promise.resolve(besideHand(bench, desired, byHand, () => bench.dropRolesBut(), on))
  },
})

export const newRoleScenarios: readonly Scenario[] = [
  newRole('warm', 'over a pool', 1.5),
  newRole('fresh', 'over a fresh connection', 2),
]
