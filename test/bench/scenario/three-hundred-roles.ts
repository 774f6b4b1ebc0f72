import { lookText, lookThrice } from '../by-hand.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import { makeTables, thirteenGrants } from '../desired.ts'
import type { Scenario, Turn } from '../scenario.ts'
import type { BenchDatabase } from '../bench-database.ts'
import { syncChanges } from '../sync.ts'

const roles = numbered(300, 'r')

const desired = (schema: string) => roles.map((role) => ({ role, grants: thirteenGrants(schema) }))

/** Each privilege is held by a role of its own, and all of these are granted to all roles at once. */
const byHand = ({ major }: BenchDatabase, schema: string): string => {
  const privileges = [
    'connect on database bench',
    `usage on schema ${schema}`,
    ...numbered(10, 't').map((table) => `select on table ${schema}.${table}`),
  ]
  const holders = numbered(privileges.length, 'h')
  const options = major >= 16 ? ' with inherit true, set false' : ''
  return [
    'begin',
    ...roles.map((role) => `create role ${role} login`),
    ...holders.map((holder) => `create role ${holder}`),
    ...privileges.map((privilege, index) => `grant ${privilege} to ${holders[index]}`),
    `grant ${holders.join(',')} to ${roles.join(',')}${options}`,
    'commit',
  ].join(';')
}

const besideHand: Scenario = {
  name: '300 roles × 13 grants, one call',
  floor: 'the best SQL by hand + three bare looks',
  aim: { ratio: 1.5, roundTrips: 5 },
  rounds: 7,
  prepare: async (bench) => {
    const { actor } = bench
    await makeTables(bench, 'app', 10)
    const text = await lookText(actor, desired('app'))
    const sql = byHand(bench, 'app')
    const before = () => bench.dropRolesBut()
    return {
      floor: {
        at: actor,
        before,
        run: (connection) => lookThrice(connection, text, () => connection.send(sql)),
      },
      subject: { at: actor, before, run: (connection) => syncChanges(connection, desired('app')) },
    }
  },
}

const besideSuperuser: Scenario = {
  name: '300 roles × 13 grants, one call, as CREATEROLE',
  floor: 'pgsr as superuser',
  aim: { ratio: 5 },
  rounds: 7,
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

export const threeHundredRolesScenarios: readonly Scenario[] = [besideHand, besideSuperuser]
