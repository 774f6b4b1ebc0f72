import type { DesiredRole } from '@pgsr/node-postgres'
import { numbered } from '../../harness/texts/numbered.ts'
import { type ByHand, besideHand, lookerOf } from '../by-hand.ts'
import { makeTables, reader } from '../desired.ts'
import type { BenchConnection } from '../bench-connection.ts'
import { createHolders, createRoles, type Group, groupsOf, join, leave, selectOn } from '../floor/change.ts'
import { message } from '../floor/sql-text.ts'
import type { Scenario } from '../scenario.ts'
import type { BenchDatabase } from '../bench-database.ts'

const tables = numbered(1000, 't')

const alice = reader('alice', 'app', tables.length)

const privileges = selectOn('app', tables)

/**
 * The roles through which alice has her privileges, by the role that granted them: from 16 on, that role has to grant them
 * to others, and to revoke them.
 */
const groupsOfAlice = async ({ admin, major, actor }: BenchDatabase): Promise<readonly Group[]> => {
  const grantor = major >= 16 ? 'm.grantor::regrole::text' : `'${actor.connection.user}'`
  const groups = await admin(
    `select ${grantor} || ' ' || string_agg(m.roleid::regrole::text, ' ')
     from pg_auth_members as m where m.member = 'alice'::regrole group by m.grantor`,
  )
  return groups.map((text) => {
    const [as, ...holders] = text.split(' ')
    return { holders, as: as! }
  })
}

interface Case {
  readonly name: string
  readonly desired: DesiredRole
  readonly before: (bench: BenchDatabase) => (connection: BenchConnection) => Promise<unknown>
  readonly messages: (bench: BenchDatabase) => ByHand['messages']
}

const cases: readonly Case[] = [
  {
    name: 'first sync of one role, 1,000 tables',
    desired: alice,
    before: (bench) => () => bench.dropRolesBut(),
    messages: (bench) => () => {
      const groups = groupsOf(privileges, lookerOf(bench))
      return [
        message([
          ...createRoles(['alice']),
          ...createHolders(groups, privileges),
          ...join(['alice'], groups, bench),
        ]),
      ]
    },
  },
  {
    name: 'second role, the same 1,000 tables',
    desired: reader('bob', 'app', tables.length),
    before: (bench) => async (connection) => {
      await connection.pgsr.syncRoles(alice, { timeout: 0 })
      await bench.admin('drop role if exists bob')
      await bench.vacuum()
    },
    messages: (bench) => async () => [
      message([...createRoles(['bob']), ...join(['bob'], await groupsOfAlice(bench), bench)]),
    ],
  },
  {
    name: 'everything revoked again',
    desired: { role: 'alice', grants: [] },
    before: (bench) => async (connection) => {
      await connection.pgsr.syncRoles(alice, { timeout: 0 })
      await bench.vacuum()
    },
    messages: (bench) => async () => [message(leave('alice', await groupsOfAlice(bench)))],
  },
]

export const thousandTablesScenarios: readonly Scenario[] = cases.map(
  ({ name, desired, before, messages }) => ({
    name,
    floor: 'the SQL and three looks by hand',
    aim: { ratio: 1.5, roundTrips: 5 },
    rounds: 25,
    prepare: async (bench) => {
      await makeTables(bench, 'app', tables.length)
      const asked =
        desired.grants.length === 0
          ? { roles: [desired.role] }
          : { roles: [desired.role], schema: 'app', tables }
      return besideHand(bench, desired, { asked, messages: messages(bench) }, before(bench))
    },
  }),
)
