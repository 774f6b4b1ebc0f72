import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The built program, as an installation has it. */
export const program = join(
  dirname(createRequire(import.meta.url).resolve('@pgsr/cli/package.json')),
  'dist/main.js',
)

/** How a process has ended, and what it has written. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program in a directory, without a terminal, and waits until it ends. */
export const runPgsr = (
  directory: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onStart: (pid: number) => void = () => undefined,
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
    if (child.pid !== undefined) onStart(child.pid)
  })

/** The environment without what could say where to connect, or how to write. */
export const plainEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(PG|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|NODE_V8|VITEST|CI$|TERM$)/.test(name),
    ),
  )
