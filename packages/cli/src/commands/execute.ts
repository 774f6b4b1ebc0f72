import {
  executePlan,
  operationsOf,
  type Plan,
  PlanChangedError,
  type PlanEntry,
  type SyncEvent,
  type SyncResult,
} from '@pgsr/node-postgres'
import type { ExitName } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Server } from '../connection/connect.ts'
import { type Context, transactionOptions } from '../context.ts'
import { describeError } from '../output/errors.ts'
import { counted } from '../output/counted.ts'
import { asText } from '../output/text.ts'
import { writePlan } from '../output/write-plan.ts'
import { assertionOptions, withPools } from '../planned/make-plan.ts'
import { planLater } from '../planned/plan-later.ts'
import { leavesPasswords, leavesUndone, type Planned, stepsIn } from '../planned/planned.ts'
import { ask } from '../terminal/ask.ts'
import { InterruptedError } from '../terminal/interruption.ts'
import type { Line } from '../terminal/line.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { areDone, type Ended, writeResults } from './results.ts'

/** What the events of a call say on the terminal. */
const watch = (terminal: Terminal, onCommitted: () => void) => (event: SyncEvent) => {
  switch (event.kind) {
    case 'planned':
      return undefined
    case 'lockRequested':
      return terminal.progress('waiting for the lock')
    case 'lockAcquired':
      return terminal.progress('planning again under the lock', true)
    case 'executed':
      if (event.number === 1) terminal.progress(`executing ${counted(event.of, 'operation')}`)
      return terminal.progress(`executed ${event.number} of ${event.of}`, true)
    case 'proved':
      return terminal.progress('proved: the catalogs say what the plan predicts')
    case 'committed':
      onCommitted()
      return terminal.progress('committed')
    case 'retry':
      return terminal.progress(
        `once more, attempt ${event.attempt + 1} of ${event.attempts}: ${event.reason.message}`,
      )
  }
}

/** The passwords that a plan sets. It has to get these and no others. */
const passwordsFor = (
  { request }: Plan,
  all: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  request.kind === 'sync'
    ? Object.fromEntries(
        request.desired.flatMap(({ role, grants }) =>
          grants.some((grant) => 'password' in grant && grant.password === 'set') && Object.hasOwn(all, role)
            ? [[role, all[role]!] as const]
            : [],
        ),
      )
    : {}

/** Says what is so after a call was stopped or has failed. */
const whatIsSo = (plan: Plan, committed: number, error: unknown): readonly Line[] => {
  if ((error as { readonly outcome?: string }).outcome === 'unknown') return []
  if (committed === 0) return [{ text: '  nothing was changed in this database' }]
  return [
    {
      text: `  ${committed} of ${plan.transactions.length} transactions are committed; they only prepare, and no role has gained anything by them. The same again does the rest`,
    },
  ]
}

/** Asks whether to go on, unless the user has said so before. */
const confirm = async ({ line, terminal, signal }: Context, count: number): Promise<boolean> => {
  if (line.yes) return true
  if (!terminal.canAsk)
    throw new UsageError(
      'nothing was changed: there is no terminal to ask on',
      `pgsr ${line.command} --yes executes without asking`,
    )
  return ask(`Execute ${counted(count, 'operation')}?`, signal)
}

/**
 * Executes a saved plan. If nothing of it is left to do and all else is as the plan says, which is looked at as it is for a plan
 * that has nothing to do, it is done already.
 */
const executeUnlessDone = async (
  plan: Plan,
  execute: (plan: Plan) => Promise<SyncResult>,
): Promise<SyncResult | 'done already'> => {
  try {
    return await execute(plan)
  } catch (error) {
    if (!(error instanceof PlanChangedError) || !saysThatAllIsDone(plan, error)) throw error
    try {
      await execute({ ...plan, transactions: [], effects: [] })
      return 'done already'
    } catch (other) {
      throw other instanceof PlanChangedError ? error : other
    }
  }
}

/** Whether a plan that was made again lacks everything that the plan does, and has nothing else. */
const saysThatAllIsDone = (
  plan: Plan,
  { difference: { missing, unexpected } }: PlanChangedError,
): boolean => {
  const count = (part: PlanEntry['part']): number => missing.filter((one) => one.part === part).length
  const done = operationsOf(plan).length + Math.max(plan.transactions.length - 1, 0)
  return (
    unexpected.length === 0 &&
    count('operations') === done &&
    count('operations') + count('effects') === missing.length
  )
}

/** Executes the plans one after another, until one fails. */
const executeAll = async (
  context: Context,
  planned: Planned,
  server: Server,
  passwords: Readonly<Record<string, string>>,
): Promise<readonly Ended[]> => {
  const { terminal } = context
  const names = planned.databases.map(({ database }) => database)
  return withPools(server, names, async (pools) => {
    const ended: Ended[] = []
    for (const { database, plan: made, isDecisive } of stepsIn(planned)) {
      if (ended.some(({ state }) => state === 'failed')) {
        ended.push({ database, plan: made, state: 'not begun' })
        continue
      }
      let committed = 0
      let plan = made
      try {
        if (names.length > 1) terminal.progress(`in database ${JSON.stringify(database)}`)
        if (ended.length > 0) plan = await planLater(context, pools[database]!, made)
        const execute = (one: Plan): Promise<SyncResult> =>
          executePlan(pools[database]!, one, {
            ...transactionOptions(context),
            ...(isDecisive && assertionOptions(planned.assertions)),
            passwords: passwordsFor(one, passwords),
            onResidue: 'report',
            onEvent: watch(terminal, () => {
              committed += 1
            }),
          })
        const done = planned.isSaved === true ? await executeUnlessDone(plan, execute) : await execute(plan)
        ended.push(
          done === 'done already'
            ? { database, plan, state: done }
            : { database, plan, state: 'done', result: done },
        )
      } catch (error) {
        ended.push({ database, plan, state: 'failed', error, whatIsSo: whatIsSo(plan, committed, error) })
      } finally {
        terminal.endProgress()
      }
    }
    return ended
  })
}

const complain = (context: Context, ended: readonly Ended[]): void => {
  const { terminal, place } = context
  for (const one of ended)
    if (one.state === 'failed') {
      const { error, database } = one
      const where = place === undefined ? undefined : { ...place, database }
      const lines =
        error instanceof InterruptedError
          ? [{ text: `error: ${error.message}`, tone: 'error' as const }]
          : describeError(error, where, context.placeOfAssertion)
      terminal.complain(
        ...(ended.length > 1 ? [{ text: `in database ${JSON.stringify(database)}:` }] : []),
        ...lines,
        ...one.whatIsSo,
      )
    }
}

/** Shows plans, asks, executes exactly these, and says what has become of them. */
export const showAskExecute = async (
  context: Context,
  planned: Planned,
  server: Server,
  readPasswords: () => Promise<Readonly<Record<string, string>>>,
): Promise<ExitName> => {
  const { line, terminal } = context
  context.placeOfAssertion = (index) => planned.assertions[index]?.place
  const plans = stepsIn(planned).map(({ shown }) => shown)
  const count = plans.reduce((sum, plan) => sum + operationsOf(plan).length, 0)
  const undone = plans.some(leavesUndone) || leavesPasswords(planned)
  // An answer for programs comes at the end. People read the plan before they are asked.
  if (line.format === 'text') writePlan(context, planned)
  else if (!line.yes) terminal.complain(...asText(planned, line.sql, line.actAs))
  if (line.strict && undone)
    throw new UsageError('nothing was changed: something would be skipped or stay, and --strict forbids that')
  // A saved plan that has nothing to do may have by now: it is made again all the same.
  if (count > 0 || planned.isSaved === true) {
    const passwords = await readPasswords()
    if (count > 0 && !(await confirm(context, count))) {
      terminal.complain({ text: 'nothing was changed' })
      return 'failed'
    }
    const ended = await executeAll(context, planned, server, passwords)
    complain(context, ended)
    writeResults(context, planned, ended)
    if (!areDone(ended)) return 'failed'
  } else if (line.format !== 'text') writeResults(context, planned, [])
  return undone ? 'remains' : 'done'
}
