import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Imports programs, one after another, and says what each has printed and whether it has left a connection open. */
const script = `
const open = () => process.getActiveResourcesInfo().filter((name) => /(TCPSocket|Pipe)Wrap/.test(name)).length
const write = process.stdout.write.bind(process.stdout)
// Each is a pipe of its own once somebody has asked for it.
void process.stderr
const run = async (program) => {
  const before = open()
  let printed = ''
  process.stdout.write = (chunk) => {
    printed += chunk
    return true
  }
  try {
    await import(program)
    for (let tries = 0; open() > before; tries++) {
      if (tries === 500) throw new Error('it has left a connection open')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return { printed }
  } catch (error) {
    return { error: String(error?.stack ?? error) }
  } finally {
    process.stdout.write = write
  }
}
process.on('message', async (program) => process.send(await run(program)))
`

interface Answer {
  readonly printed?: string
  readonly error?: string
}

/**
 * A process that runs the programs of the documentation, each of which it loads for itself. What they import it loads once:
 * that takes longer than most of them.
 */
export class Reader {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(directory: string, env: NodeJS.ProcessEnv): Promise<Reader> {
    const file = join(directory, 'reader.mjs')
    await writeFile(file, script)
    return new Reader(fork(file, { env, execArgv: [] }))
  }

  /** Runs a program, and answers what it prints. */
  async run(program: string): Promise<string> {
    this.#child.send(program)
    const [{ printed, error }] = (await once(this.#child, 'message')) as [Answer]
    if (printed === undefined) throw new Error(error)
    return printed
  }

  stop(): void {
    this.#child.kill()
  }
}
