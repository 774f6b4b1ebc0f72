import { type IPty, spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { program } from './run-pgsr.ts'

const [cols, rows] = [110, 60]

/** The program on a terminal of its own, and what somebody sees there. */
export class Screen {
  readonly #process: IPty
  readonly #terminal = new xterm.Terminal({ cols, rows, scrollback: 1000, allowProposedApi: true })
  readonly #ended: Promise<number>
  /** Everything that was written, with what a terminal obeys. */
  written = ''

  constructor(directory: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#process = spawn(process.execPath, [program, ...args], {
      cols,
      rows,
      cwd: directory,
      env: { ...env, TERM: 'xterm-256color' },
    })
    this.#process.onData((text) => {
      this.written += text
      this.#terminal.write(text)
    })
    this.#ended = new Promise((resolve) => this.#process.onExit(({ exitCode }) => resolve(exitCode)))
  }

  get pid(): number {
    return this.#process.pid
  }

  /** What is on the screen, as lines without the empty ones at the end. */
  async text(): Promise<string> {
    await new Promise<void>((resolve) => this.#terminal.write('', resolve))
    const { active } = this.#terminal.buffer
    const lines = Array.from({ length: active.length }, (_, index) =>
      (active.getLine(index)?.translateToString(true) ?? '').trimEnd(),
    )
    return lines.join('\n').trimEnd()
  }

  /** Waits until something is to be seen. */
  async until(text: string | RegExp): Promise<void> {
    const isThere = (seen: string): boolean =>
      typeof text === 'string' ? seen.includes(text) : text.test(seen)
    let over = false
    void this.#ended.then(() => (over = true))
    for (const deadline = Date.now() + 30_000; !isThere(await this.text());) {
      if (over || Date.now() > deadline)
        throw new Error(`${String(text)} was not to be seen, but this was:\n${await this.text()}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** Types a text. `\u0003` is Ctrl-C. */
  type(text: string): void {
    this.#process.write(text)
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Waits until the program ends, and gives its exit code and what was last on the screen. */
  async ended(): Promise<{ readonly code: number; readonly text: string }> {
    const code = await this.#ended
    return { code, text: await this.text() }
  }
}
