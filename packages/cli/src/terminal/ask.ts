import { createInterface } from 'node:readline/promises'
import { unlessInterrupted } from './interruption.ts'

/** Asks a question whose answer is yes or no. Anything but yes is no, and so is the end of the input. */
export const ask = async (question: string, signal: AbortSignal): Promise<boolean> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    const answer = await unlessInterrupted(
      signal,
      Promise.race([lines.question(`${question} [y/N] `), ended]),
    )
    return /^\s*y(es)?\s*$/i.test(answer)
  } finally {
    lines.close()
  }
}
