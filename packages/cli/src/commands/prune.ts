import { planDropUnusedRoles } from '@pgsr/node-postgres'
import type { ExitName } from '../command-line/exit-codes.ts'
import { serverAt } from '../connection/connect.ts'
import { describePlace } from '../connection/place.ts'
import { type Context, transactionOptions } from '../context.ts'
import { withPools } from '../planned/make-plan.ts'
import type { Planned } from '../planned/planned.ts'
import { showAskExecute } from './execute.ts'

/** Drops the roles of pgsr’s own that nobody needs. */
export const run = async (context: Context): Promise<ExitName> => {
  const server = serverAt(context.line.url)
  context.place = server.place
  const { database } = server.place
  context.terminal.progress(`reading ${describePlace(server.place)}`)
  const plan = await withPools(server, [database], (pools) =>
    planDropUnusedRoles(pools[database]!, transactionOptions(context)),
  )
  context.terminal.endProgress()
  const planned: Planned = {
    policyFile: undefined,
    databases: [{ database, plan }],
    passwords: new Map(),
    notAtHand: [],
    placeOf: () => undefined,
    assertions: [],
  }
  return showAskExecute(context, planned, server, async () => ({}))
}
