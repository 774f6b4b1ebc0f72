import type { Policy } from '@pgsr/policy'
import type { ExitName } from '../command-line/exit-codes.ts'
import { checkDatabases } from '../connection/check-databases.ts'
import { serverAt } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { makePlan } from '../planned/make-plan.ts'
import { readPlanFile } from '../planned/plan-file.ts'
import { needsPassword, type Planned, rolesWithComparedPassword } from '../planned/planned.ts'
import { findPolicy } from '../policy-file/find.ts'
import { isPlanFile } from '../policy-file/is-plan-file.ts'
import { loadPolicy, readText } from '../policy-file/load.ts'
import { passwordsOf, readSecrets } from '../policy-file/secrets.ts'
import { unlessInterrupted } from '../terminal/interruption.ts'
import { showAskExecute } from './execute.ts'

/** The plan in a file, if the file is a plan. */
const savedPlan = async (file: string): Promise<Planned | undefined> => {
  if (!file.toLowerCase().endsWith('.json')) return undefined
  const text = await readText(file)
  return isPlanFile(text) ? readPlanFile(text, file) : undefined
}

const passwordsFor = async (planned: Planned) => {
  const { passwords, policyFile } = planned
  return passwordsOf(
    passwords,
    await readSecrets([...passwords.values()], policyFile),
    needsPassword(planned),
  )
}

/** Whether the password of a role is needed whatever is planned. */
const isAlwaysNeeded = ({ desired }: Policy): ((role: string) => boolean) => {
  const roles = new Set(rolesWithComparedPassword(desired))
  return (role) => roles.has(role)
}

/** Executes a saved plan, or the plan for a policy, once somebody has seen it. */
export const run = async (context: Context): Promise<ExitName> => {
  const { line, signal } = context
  const file = await findPolicy(line.argument)
  const saved = await savedPlan(file)
  const server = serverAt(line.url)
  context.place = server.place
  if (saved !== undefined) {
    const databases = saved.databases.map(({ database }) => database)
    const remedy = 'leave the database out of --url, or make a plan for that one'
    checkDatabases(context.terminal, server, databases, 'plan', remedy)
    return showAskExecute(context, saved, server, () => passwordsFor(saved))
  }
  const policy = await unlessInterrupted(signal, loadPolicy(file))
  const secrets = await readSecrets(policy.secrets, file)
  passwordsOf(policy.passwords, secrets, isAlwaysNeeded(policy))
  const planned = await makePlan(context, policy, file, server, { secrets })
  const passwords = passwordsOf(policy.passwords, secrets, needsPassword(planned))
  return showAskExecute(context, planned, server, async () => passwords)
}
