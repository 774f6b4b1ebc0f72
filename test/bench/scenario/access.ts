import { renderReport } from '@pgsr/report'
import { numbered } from '../../harness/texts/numbered.ts'
import { type BenchConnection, openConnection } from '../bench-connection.ts'
import type { BenchDatabase } from '../bench-database.ts'
import { lookOf } from '../by-hand.ts'
import { makeTables } from '../desired.ts'
import { fill } from '../filler-roles.ts'
import { heldBy } from '../held-memory.ts'
import type { Scenario } from '../scenario.ts'
import { ownServer } from './own-server.ts'

const isFor: Scenario['isFor'] = ({ role, driver }) => role === 'database owner' && driver.name === 'pg'

const table = { kind: 'table', name: ['filler', 't_7'] } as const

/** Whom a question of the large cluster is about: a role with 25 groups, of which one reads the table. */
const role = 'filler_7'
const company = 'company_3'

const fillAndGrant = async (large: BenchDatabase): Promise<void> => {
  await fill(large)
  await large.admin(
    `grant usage on schema filler to ${company}`,
    `grant select on filler.${table.name[1]} to ${company}`,
  )
}

/** How much memory an answer takes, in megabytes. */
const memoryFor = async (
  { driver, actor }: BenchDatabase,
  ask: (connection: BenchConnection) => Promise<unknown>,
): Promise<string> => {
  const connection = openConnection(driver, actor)
  return heldBy(() => ask(connection)).finally(connection.end)
}

const inLargeCluster = (
  name: string,
  ask: (connection: BenchConnection) => Promise<{ readonly isRight: boolean }>,
): Scenario => ({
  name: `${name} among 20,000 roles, 50,000 tables, 500,000 memberships`,
  floor: 'one look by hand at the role and the table',
  aim: {},
  rounds: 20,
  isFor,
  prepare: async (empty) => {
    const { bench: large, stop } = await ownServer(empty)
    await fillAndGrant(large)
    const text = lookOf(large, { roles: [role], schema: 'filler', tables: [table.name[1]] })
    const memory = await memoryFor(large, ask)
    return {
      floor: { at: large.actor, run: (connection) => connection.send(text) },
      subject: {
        at: large.actor,
        run: async (connection) => {
          if (!(await ask(connection)).isRight) throw new Error('the answer is wrong')
        },
      },
      notes: [`the answer takes ${memory} MB`],
      end: stop,
    }
  },
})

const people = numbered(300, 'r')
const tables = numbered(2000, 't')

/** Each of the people reads some tables itself, and others as a member of two groups, which are in one more. */
const grants = [
  ...people.map(
    (one, index) =>
      `grant select on ${tables
        .slice(index * 6, index * 6 + 6)
        .map((name) => `app.${name}`)
        .join(',')} to ${one}`,
  ),
  'grant usage on schema app to everyone',
  ...numbered(20, 'g').flatMap((group, index) => [
    `grant select, insert on ${tables
      .slice(index * 100, index * 100 + 100)
      .map((name) => `app.${name}`)
      .join(',')} to ${group}`,
    `grant everyone to ${group}`,
    `grant ${group} to ${people.filter((_, place) => place % 20 === index || place % 19 === index).join(',')}`,
  ]),
]

export const accessScenarios: readonly Scenario[] = [
  inLargeCluster('to explain one privilege', async ({ pgsr }) => {
    const { verdict } = await pgsr.explain({ role, privilege: 'SELECT', object: table })
    return { isRight: verdict === 'granted' }
  }),
  inLargeCluster('who can read one table', async ({ pgsr }) => {
    const { roles } = await pgsr.whoCan({ privilege: 'SELECT', object: table })
    return { isRight: roles.length >= 20_000 }
  }),
  {
    name: 'the report of 300 roles and 2,000 tables',
    floor: 'one look by hand',
    aim: {},
    rounds: 5,
    isFor,
    prepare: async (bench) => {
      await makeTables(bench, 'app', tables.length)
      const groups = ['everyone', ...numbered(20, 'g')]
      await bench.run(...[...people, ...groups].map((one) => `create role ${one}`), ...grants)
      let page = ''
      const report = async ({ pgsr }: BenchConnection): Promise<string> => {
        page = renderReport({ snapshot: await pgsr.introspectAccess(), readAt: '2026-01-01 00:00 UTC' })
        return page
      }
      const memory = await memoryFor(bench, ({ pgsr }) => pgsr.introspectAccess())
      const first = openConnection(bench.driver, bench.actor)
      await report(first).finally(first.end)
      const text = lookOf(bench, { roles: people, schema: 'app', tables })
      return {
        floor: { at: bench.actor, run: (connection) => connection.send(text) },
        subject: { at: bench.actor, run: report },
        notes: [`the snapshot takes ${memory} MB, and the page ${(page.length / 1e6).toFixed(2)} MB`],
      }
    },
  },
]
