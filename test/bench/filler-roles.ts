import { numbered } from '../harness/texts/numbered.ts'
import { makeTables } from './desired.ts'
import type { BenchDatabase } from './bench-database.ts'

/** Fills a server with what a role that is synced has nothing to do with. */
export const fill = async ({ admin }: BenchDatabase): Promise<void> => {
  const [groups, members] = [numbered(25, 'company'), numbered(20_000, 'filler')]
  await admin(...[...groups, ...members].map((role) => `create role ${role}`))
  for (const group of groups) await admin(`grant ${group} to ${members.join(',')}`)
  const run = async (...statements: readonly string[]): Promise<void> => void (await admin(...statements))
  await makeTables({ run }, 'filler', 50_000)
  await admin('vacuum analyze')
}
