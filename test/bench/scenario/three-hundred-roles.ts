import { besideHand, lookerOf } from '../by-hand.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import { makeTables, thirteenGrants, thirteenObjects, twelvePrivileges } from '../desired.ts'
import { createHolders, createRoles, groupsOf, join } from '../floor/change.ts'
import { message } from '../floor/sql-text.ts'
import type { Scenario, Turn } from '../scenario.ts'
import { syncChanges } from '../sync.ts'

const roles = numbered(300, 'r')

const desired = (schema: string) => roles.map((role) => ({ role, grants: thirteenGrants(schema) }))

const inOneCall: Scenario = {
  name: '300 roles × 13 grants, one call',
  floor: 'the SQL and three looks by hand',
  aim: { ratio: 1.5, roundTrips: 5 },
  rounds: 25,
  prepare: async (bench) => {
    await makeTables(bench, 'app', 10)
    const privileges = twelvePrivileges('app')
    const groups = groupsOf(privileges, lookerOf(bench))
    const text = message([
      ...createRoles(roles, 'login'),
      ...createHolders(groups, privileges),
      ...join(roles, groups, bench),
    ])
    return besideHand(
      bench,
      desired('app'),
      { asked: { roles, ...thirteenObjects('app') }, messages: () => [text] },
      () => bench.dropRolesBut(),
    )
  },
}

const besideSuperuser: Scenario = {
  name: '300 roles × 13 grants, one call, as CREATEROLE',
  floor: 'pgsr as superuser',
  aim: { ratio: 5 },
  rounds: 25,
  isFor: ({ role, major }) => role === 'database owner' && major >= 16,
  prepare: async (bench) => {
    await makeTables(bench, 'app', 10)
    const turn = (at: Turn['at']): Turn => ({
      at,
      before: () => bench.dropRolesBut(),
      run: (connection) => syncChanges(connection, desired('app')),
    })
    return { floor: turn(bench.superuser), subject: turn(bench.actor) }
  },
}

export const threeHundredRolesScenarios: readonly Scenario[] = [inOneCall, besideSuperuser]
