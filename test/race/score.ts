/** What was given up. */
export interface Failure {
  readonly what: string
  readonly error: unknown
}

/** Counts how often something happens. */
class Tally<Key> extends Map<Key, number> {
  add(key: Key): void {
    this.set(key, (this.get(key) ?? 0) + 1)
  }
}

/** Why something was tried again, without the names that make each message its own. */
const reasonOf = (reason: Error): string => {
  const { sqlState = '' } = reason as { readonly sqlState?: string }
  const message = reason.cause instanceof Error ? `: ${reason.cause.message}` : ''
  return `${reason.name} ${sqlState}${message.replaceAll(/"[^"]*"/g, '"…"').replaceAll(/\d+/g, '…')}`
}

/** What is counted while a race runs. */
export class Score {
  syncs = 0
  changed = 0
  readonly retries = new Tally<string>()
  readonly attempts = new Tally<number>()
  readonly failures: Failure[] = []
  readonly wrong: string[] = []

  /** A sync came to its end after so many attempts. */
  synced(attempts: number, changed: boolean): void {
    this.syncs += 1
    this.attempts.add(attempts)
    if (changed) this.changed += 1
  }

  retried(reason: Error): void {
    this.retries.add(reasonOf(reason))
  }

  failed(what: string, error: unknown): void {
    this.failures.push({ what, error })
  }

  expect(isSo: boolean, otherwise: string): void {
    if (!isSo) this.wrong.push(otherwise)
  }
}
