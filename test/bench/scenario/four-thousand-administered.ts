import { numbered } from '../../harness/texts/numbered.ts'
import { makeTables, reader } from '../desired.ts'
import type { BenchConnection } from '../bench-connection.ts'
import type { Scenario, Turn } from '../scenario.ts'
import { syncChanges } from '../sync.ts'

const alice = reader('alice', 'app', 1000)

const granted = (connection: BenchConnection): Promise<void> => syncChanges(connection, alice)
const revoked = (connection: BenchConnection): Promise<void> =>
  syncChanges(connection, { role: 'alice', grants: [] })
const dropped = ({ pgsr }: BenchConnection): Promise<unknown> => pgsr.dropUnusedRoles({ timeout: 0 })

/** What is measured, and what is done before it. */
const cases: readonly (readonly [name: string, before: readonly Turn['run'][], run: Turn['run']])[] = [
  ['grant', [], granted],
  ['revoke', [granted], revoked],
  ['drop', [granted, revoked], dropped],
]

/** Roles that the role that syncs has created by hand, and so administers from 16 on. */
const others = numbered(4000, 'other')

export const fourThousandAdministeredScenarios: readonly Scenario[] = cases.map(([name, first, run]) => ({
  name: `1,000 more roles to ${name}, 4,000 administered`,
  floor: 'pgsr as superuser',
  aim: { ratio: 20 },
  rounds: 1,
  majors: [16, 18],
  isFor: ({ role, major, driver }) => role === 'database owner' && major >= 16 && driver.name === 'pg',
  prepare: async (bench) => {
    await makeTables(bench, 'app', 1000)
    await bench.run(...others.map((role) => `create role ${role}`))
    const turn = (at: Turn['at']): Turn => ({
      at,
      before: async (connection) => {
        await bench.dropRolesBut(...others)
        for (const step of first) await step(connection)
        await bench.vacuum()
      },
      run,
    })
    return { floor: turn(bench.superuser), subject: turn(bench.actor) }
  },
}))
