import { writeSync } from 'node:fs'
import { exitCodes } from '../command-line/exit-codes.ts'

/** Somebody has pressed Ctrl-C, or asked the process to end. */
export class InterruptedError extends Error {
  readonly _tag = 'InterruptedError'
  override readonly name = 'InterruptedError'

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`)
  }
}

/** What ends the program: Ctrl-C, a service manager, a terminal that is closed, Ctrl-Break on Windows. */
const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK']

/** The milliseconds within which a second signal is the same one: `npx` passes on what its child gets from the terminal, too. */
const sameSignal = 300

/** Listens to signals. The first aborts what is running, and the next exits at once. */
export const listenToSignals = (onInterrupt: () => void): AbortSignal => {
  const controller = new AbortController()
  let first: number | undefined
  const interrupt = (signal: NodeJS.Signals): void => {
    if (first === undefined) {
      first = performance.now()
      onInterrupt()
      controller.abort(new InterruptedError(signal))
      return
    }
    if (performance.now() - first < sameSignal) return
    writeSync(
      2,
      '\nexited at once; the server undoes what is not committed as soon as it notices. `pgsr plan` says what is so\n',
    )
    process.exit(exitCodes.exitedAtOnce.code)
  }
  for (const signal of signals) process.on(signal, interrupt)
  return controller.signal
}

/** Waits for something that knows nothing of signals. */
export const unlessInterrupted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
