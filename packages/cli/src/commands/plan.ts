import type { ExitName } from '../command-line/exit-codes.ts'
import { serverAt } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { noteOnNotNamed } from '../output/not-named.ts'
import { writePlan } from '../output/write-plan.ts'
import { makePlan } from '../planned/make-plan.ts'
import { renderPlanFile } from '../planned/plan-file.ts'
import { exitOf } from '../planned/planned.ts'
import { findPolicy } from '../policy-file/find.ts'
import { loadPolicy } from '../policy-file/load.ts'
import { writeText } from '../policy-file/write.ts'
import { unlessInterrupted } from '../terminal/interruption.ts'

/** Shows what would change. `check` is the same for a program. */
export const run = async (context: Context): Promise<ExitName> => {
  const { line, signal, terminal } = context
  const file = await findPolicy(line.argument)
  const policy = await unlessInterrupted(signal, loadPolicy(file))
  const server = serverAt(line.url)
  context.place = server.place
  const planned = await makePlan(context, policy, file, server, { listsNotNamed: true })
  if (line.out !== undefined) {
    await writeText(line.out, renderPlanFile(planned), true)
    terminal.say({ text: `saved the plan: pgsr apply ${line.out} executes exactly this` })
  }
  writePlan(context, planned)
  const { notNamed = [] } = planned
  if (notNamed.length > 0) terminal.say({ text: noteOnNotNamed(notNamed), tone: 'faint' })
  return exitOf(planned)
}
