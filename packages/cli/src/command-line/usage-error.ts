/** The command was called in a way that it does not understand. */
export class UsageError extends Error {
  readonly _tag = 'UsageError'
  override readonly name = 'UsageError'
  /** What would be right, if that can be said. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}
