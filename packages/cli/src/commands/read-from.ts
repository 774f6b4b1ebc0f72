import type pg from 'pg'
import type { Context } from '../context.ts'
import { withPools } from '../planned/make-plan.ts'
import { serverAt } from '../connection/connect.ts'
import { describePlace } from '../connection/place.ts'

/** Reads something from the database that the command line names, and says so meanwhile. */
export const readFrom = async <T>(
  context: Context,
  work: (pool: pg.Pool, database: string) => Promise<T>,
): Promise<T> => {
  const server = serverAt(context.line.url)
  context.place = server.place
  const { database } = server.place
  context.terminal.progress(`reading ${describePlace(server.place)}`)
  const result = await withPools(server, [database], (pools) => work(pools[database]!, database))
  context.terminal.endProgress()
  return result
}
