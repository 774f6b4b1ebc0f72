import { lookOf } from '../by-hand.ts'
import { makeTables } from '../desired.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import type { Scenario } from '../scenario.ts'

const roles = numbered(1000, 'r')
const groups = numbered(10, 'g')
const tables = numbered(5000, 't')

/** Each role reads ten tables itself, and is a member of one of ten groups. */
const grants = roles.flatMap((role, index) => [
  `grant select on ${tables
    .slice(index, index + 10)
    .map((table) => `app.${table}`)
    .join(', ')} to ${role}`,
  `grant ${groups[index % groups.length]} to ${role}`,
])

export const describeRolesScenarios: readonly Scenario[] = [
  {
    name: 'to describe 1,000 roles in a database of 5,000 tables',
    floor: 'one look by hand',
    aim: {},
    rounds: 5,
    prepare: async (bench) => {
      await makeTables(bench, 'app', tables.length)
      await bench.run(...[...roles, ...groups].map((role) => `create role ${role}`), ...grants)
      const { actor: at } = bench
      const text = lookOf(bench, { roles, schema: 'app', tables })
      return {
        floor: { at, run: (connection) => connection.send(text) },
        subject: {
          at,
          run: async ({ pgsr }) => {
            const { desired } = await pgsr.describeRoles({ roles, timeout: 0 })
            if (desired.length !== roles.length) throw new Error(`${desired.length} roles were described`)
          },
        },
      }
    },
  },
]
