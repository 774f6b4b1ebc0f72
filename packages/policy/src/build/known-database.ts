import { describeName } from '@pgsr/planner/internal'
import { suggestion } from '../check/nearest.ts'

/** What is wrong about databases that are named in a policy without a list of its databases. */
export const noDatabases = 'the policy does not say for which databases it is; list them in databases'

/** What is wrong about a database that is named; `undefined` if the policy lists it. */
export const databaseProblem = (database: string, databases: readonly string[]): string | undefined =>
  databases.includes(database)
    ? undefined
    : `${describeName(database)} is not in databases${suggestion(database, databases)}`
