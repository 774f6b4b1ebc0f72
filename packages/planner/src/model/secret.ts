import { InvalidGrantError } from './invalid-grant.ts'

const redacted = '[redacted]'

/**
 * A password on its way to the server. JSON, template strings and `inspect` show it as `[redacted]`; only
 * {@link reveal} gives it back.
 */
export class Secret {
  readonly #value: unknown

  constructor(value: unknown) {
    this.#value = value
  }

  /** The value that was put in. It need not be a string, since it has not been checked yet. */
  static reveal(secret: Secret): unknown {
    if (typeof secret !== 'object' || secret === null || !(#value in secret))
      throw new InvalidGrantError({
        field: 'password',
        message: 'cannot reveal a password: it is not a Secret',
      })
    return secret.#value
  }

  toJSON(): string {
    return redacted
  }

  toString(): string {
    return redacted
  }

  get [Symbol.toStringTag](): string {
    return redacted
  }
}
