#!/usr/bin/env node
import { commandHelp, generalHelp } from './command-line/help.ts'
import { type CommandName } from './command-line/commands.ts'
import { exitCodes, type ExitName } from './command-line/exit-codes.ts'
import { type CommandLine, parseCommandLine } from './command-line/parse.ts'
import { UsageError } from './command-line/usage-error.ts'
import type { Context } from './context.ts'
import { InterruptedError, listenToSignals } from './terminal/interruption.ts'
import { Terminal } from './terminal/terminal.ts'

/** Each command is imported when it is called: most of what it needs takes longer to load than help takes. */
const load: Readonly<
  Record<CommandName, () => Promise<{ readonly run: (context: Context) => Promise<ExitName> }>>
> = {
  plan: () => import('./commands/plan.ts'),
  check: () => import('./commands/plan.ts'),
  apply: () => import('./commands/apply.ts'),
  import: () => import('./commands/import.ts'),
  validate: () => import('./commands/validate.ts'),
  prune: () => import('./commands/prune.ts'),
  explain: () => import('./commands/explain.ts'),
  'who-can': () => import('./commands/who-can.ts'),
  access: () => import('./commands/access.ts'),
  report: () => import('./commands/report.ts'),
  init: () => import('./commands/init.ts'),
}

const versionOf = async (): Promise<string> => {
  const { createRequire } = await import('node:module')
  const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string }
  return version
}

const explain = async ({ wants, isNamed, command }: CommandLine): Promise<string> => {
  if (wants === 'version') return versionOf()
  return isNamed ? commandHelp(command) : generalHelp()
}

const complain = async (error: unknown, context: Context | undefined, terminal: Terminal, debug: boolean) => {
  terminal.endProgress()
  if (error instanceof InterruptedError) {
    terminal.complain({ text: `error: ${error.message}`, tone: 'error' }, { text: '  nothing was changed' })
    return
  }
  if (error instanceof UsageError) {
    terminal.complain(
      { text: `error: ${error.message}`, tone: 'error' },
      ...(error.hint === undefined ? [] : [{ text: `  ${error.hint}` }]),
    )
    return
  }
  const { describeError, stacksOf } = await import('./output/errors.ts')
  terminal.complain(
    ...describeError(error, context?.place, context?.placeOfAssertion),
    ...(debug ? stacksOf(error) : []),
  )
}

/** Does what the arguments ask for. */
const main = async (args: readonly string[]): Promise<ExitName> => {
  let terminal = new Terminal(false)
  let context: Context | undefined
  try {
    const line = parseCommandLine(args)
    terminal = new Terminal(line.quiet)
    if (line.wants !== 'the command') {
      terminal.answerExactly(await explain(line))
      return 'done'
    }
    const signal = listenToSignals(() =>
      terminal.progress(
        'stopping: the server cancels and undoes what it was doing; Ctrl-C again exits at once',
      ),
    )
    context = { line, terminal, signal }
    const { run } = await load[line.command]()
    return await run(context)
  } catch (error) {
    await complain(error, context, terminal, args.includes('--debug'))
    return 'failed'
  } finally {
    terminal.endProgress()
  }
}

/** Waits until what was written has been taken, since the process does not wait for it by itself. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve())
  })

// A URL may have a password, and other users see the arguments of a process, but not those of one that has a title.
process.title = 'pgsr'
const ended = await main(process.argv.slice(2))
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
// Not when nothing is left to do: a connection that does not answer would keep it waiting.
process.exit(exitCodes[ended].code)
