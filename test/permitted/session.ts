import type pg from 'pg'

/** A statement, and the role that it is sent as. */
export interface Sent {
  readonly as: string
  readonly text: string
}

/** The acting role’s own connection, in a transaction that is rolled back. */
export class Session {
  readonly #client: pg.ClientBase
  #warned = false
  #depth = 0

  constructor(client: pg.ClientBase) {
    this.#client = client
    client.on('notice', ({ code }) => {
      // What PostgreSQL does not do, and only warns of.
      if (code === '01006' || code === '01007' || code === '01000') this.#warned = true
    })
  }

  async mark(): Promise<string> {
    const name = `s${++this.#depth}`
    await this.#client.query(`savepoint ${name}`)
    return name
  }

  async backTo(name: string): Promise<void> {
    await this.#client.query(`rollback to ${name}; release ${name}`)
  }

  /** Whether PostgreSQL does it; what it refuses changes nothing. */
  async send({ as, text }: Sent): Promise<boolean> {
    this.#warned = false
    const name = `t${++this.#depth}`
    try {
      await this.#client.query(
        `savepoint ${name}; set local role ${as}; ${text}; reset role; release ${name}`,
      )
      return !this.#warned
    } catch {
      await this.#client.query(`rollback to ${name}; release ${name}`)
      return false
    }
  }
}
