import { UsageError } from '../command-line/usage-error.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Server } from './connect.ts'

const named = (databases: readonly string[]): string =>
  `${databases.length === 1 ? 'database' : 'databases'} ${databases.map((name) => JSON.stringify(name)).join(', ')}`

/**
 * Refuses to work elsewhere than in the database that `--url` names. That PGDATABASE names another one is only said: it may have
 * been set for other programs.
 * @param what what says in which databases to work: a policy, or a plan
 * @param remedy what would be right instead
 * @throws UsageError
 */
export const checkDatabases = (
  terminal: Terminal,
  { named: asked }: Server,
  databases: readonly string[],
  what: 'policy' | 'plan',
  remedy: string,
): void => {
  if (asked === undefined || databases.includes(asked.database)) return
  const meant = `the ${what} is for ${named(databases)}`
  const other = JSON.stringify(asked.database)
  if (asked.by === '--url')
    throw new UsageError(`cannot work in database ${other}, which --url names: ${meant}`, remedy)
  terminal.say({
    text: `note: PGDATABASE is ${other}, which is not used: ${meant}`,
    tone: 'faint',
  })
}
