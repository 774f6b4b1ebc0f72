import type { CallOptions, TransactionOptions } from '@pgsr/node-postgres'
import type { CommandLine } from './command-line/parse.ts'
import type { Place } from './connection/place.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What every command gets. */
export interface Context {
  readonly line: CommandLine
  readonly terminal: Terminal
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Where it connects, once that is known: for errors. */
  place?: Place
  /** Where the policy asserts something, by its index, once it is read: for errors. */
  placeOfAssertion?: (index: number) => string | undefined
}

/** The options of a call that only reads. */
export const callOptions = ({ line: { actAs, timeout }, signal }: Context): CallOptions => ({
  signal,
  ...(actAs !== undefined && { actAs }),
  ...(timeout !== undefined && { timeout }),
})

/** The options of a call that changes something. */
export const transactionOptions = (context: Context): TransactionOptions => {
  const { lockTimeout } = context.line
  return { ...callOptions(context), ...(lockTimeout !== undefined && { lockTimeout }) }
}
