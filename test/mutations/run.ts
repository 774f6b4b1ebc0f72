import { spawn } from 'node:child_process'

/** How a program ended, and all that it printed. */
export interface Ended {
  readonly ok: boolean
  /** Whether it was told to end, having taken too long. */
  readonly isLate: boolean
  readonly output: string
}

interface Running {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** After how many milliseconds it is told to end. */
  readonly timeout?: number
}

export const run = (program: string, args: readonly string[], options: Running): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ ok: code === 0, isLate: child.killed, output }))
  })
