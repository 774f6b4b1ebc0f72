import { describeName, Secret, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import { asciiLiteral } from './ascii-literal.ts'
import type { Settings } from './options.ts'
import type { Password } from './password.ts'
import { refusePassword } from './prepare.ts'
import {
  isOfEmptyPassword,
  isUnknownVerifier,
  isVerifier,
  isVerifierOf,
  matches,
  verifierOf,
} from './verifier.ts'

/** By role: what is stored of its password, as far as it may be read. */
export type Stored = ReadonlyMap<string, string>

/**
 * The passwords of a call, hashed when needed and only once: it is slow on purpose. It never holds up the process, whose
 * threads do it.
 */
export class Passwords {
  readonly #given: ReadonlyMap<string, Password>
  readonly #iterations: number | undefined
  /** By role. */
  readonly #sent = new Map<string, Promise<string>>()
  /** By role, what was compared last, and how that ended. */
  readonly #compared = new Map<string, readonly [stored: string, isSame: Promise<boolean>]>()

  constructor(given: ReadonlyMap<string, Password>, { scramIterations }: Pick<Settings, 'scramIterations'>) {
    this.#given = given
    this.#iterations = scramIterations
  }

  get roles(): readonly string[] {
    return [...this.#given.keys()]
  }

  #reveal(role: string): string {
    return Secret.reveal(this.#given.get(role)!.secret) as string
  }

  #isHashedByServer(role: string): boolean {
    return this.#given.get(role)!.hashedBy === 'server'
  }

  /**
   * Refuses verifiers that a server would not take for what they are.
   * @throws InvalidGrantError, UnsupportedServerError
   */
  async check(version: number): Promise<void> {
    for (const role of this.roles) {
      const password = this.#reveal(role)
      if (isUnknownVerifier(version, password))
        throw new UnsupportedServerError(
          `cannot set the password of role ${describeName(role)}: PostgreSQL knows SCRAM-SHA-256 verifiers from version 10 on`,
        )
      if (isVerifier(password) && (await isOfEmptyPassword(version, role, password)))
        refusePassword(role, 'the verifier is that of the empty password, of which PostgreSQL stores none')
    }
  }

  async #made(role: string, version: number): Promise<string> {
    const password = this.#reveal(role)
    return this.#isHashedByServer(role) ? password : verifierOf(version, role, password, this.#iterations)
  }

  /** What is sent to a server for a role’s password: a verifier of it, unless the server is to make that. */
  sent(role: string, version: number): Promise<string> {
    const sent = this.#sent.get(role) ?? this.#made(role, version)
    this.#sent.set(role, sent)
    return sent
  }

  async #isStored(role: string, stored: string, version: number): Promise<boolean> {
    const [before, known] = this.#compared.get(role) ?? []
    if (known !== undefined && before === stored) return known
    const isSame = this.#isHashedByServer(role)
      ? isVerifierOf(stored, role, this.#reveal(role))
      : matches(stored, role, this.#reveal(role), version, this.#iterations)
    this.#compared.set(role, [stored, isSame])
    return isSame
  }

  /** The snapshot with what is known of the passwords: which ones are stored already. */
  async compared(snapshot: Snapshot, stored: Stored): Promise<Snapshot> {
    const { version } = snapshot.server
    const unchanged = new Set<string>()
    await Promise.all(
      [...stored].map(async ([role, verifier]) => {
        if (await this.#isStored(role, verifier, version)) unchanged.add(role)
      }),
    )
    if (unchanged.size === 0) return snapshot
    const roles = snapshot.roles.map((role) =>
      unchanged.has(role.name) ? { ...role, passwordUnchanged: true as const } : role,
    )
    return { ...snapshot, roles }
  }
}

/** Reads what is stored of the passwords of some roles: one row, a JSON text. */
export const storedQuery = (roles: readonly string[]): string =>
  `select pg_catalog.json_agg(pg_catalog.json_build_array(a.rolname, a.rolpassword))::pg_catalog.text from pg_catalog.pg_authid as a
  where a.rolpassword is not null and a.rolname = any(array[${roles.map((role) => asciiLiteral(role)).join(', ')}]::pg_catalog.name[])`

export const parseStored = (text: string | null | undefined): Stored =>
  new Map(JSON.parse(text ?? 'null') as [string, string][] | null)
