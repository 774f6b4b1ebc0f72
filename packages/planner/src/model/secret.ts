import { InvalidGrantError } from './invalid-grant.ts'

const redacted = '[redacted]'

/**
 * A password on its way to the server. Whatever prints it (JSON, a template string, `inspect`) shows
 * `[redacted]`; only {@link reveal} gives it back.
 */
export class Secret {
  readonly #value: unknown

  constructor(value: unknown) {
    this.#value = value
  }

  /** What was put in; not necessarily a text, since nothing has been checked yet. */
  static reveal(secret: Secret): unknown {
    if (typeof secret !== 'object' || secret === null || !(#value in secret))
      throw new InvalidGrantError({ field: 'password', message: 'cannot reveal a password: it is no Secret' })
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
