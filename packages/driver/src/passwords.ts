import { describeName, Secret, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import { asciiLiteral } from './ascii-literal.ts'
import type { Settings } from './options.ts'
import { refusePassword } from './prepare.ts'
import { isOfEmptyPassword, isUnknownVerifier, isVerifier, matches, verifierOf } from './verifier.ts'

/** By role: what is stored of its password, as far as it may be read. */
export type Stored = ReadonlyMap<string, string>

/**
 * The passwords of a call, hashed when needed and only once: it is slow on purpose. It never holds up the process, whose
 * threads do it.
 */
export class Passwords {
  readonly #secrets: ReadonlyMap<string, Secret>
  readonly #iterations: number | undefined
  readonly #verifiers = new Map<string, Promise<string>>()
  /** By role, what was compared last, and how that ended. */
  readonly #compared = new Map<string, readonly [stored: string, isSame: Promise<boolean>]>()

  constructor(secrets: ReadonlyMap<string, Secret>, { scramIterations }: Pick<Settings, 'scramIterations'>) {
    this.#secrets = secrets
    this.#iterations = scramIterations
  }

  get roles(): readonly string[] {
    return [...this.#secrets.keys()]
  }

  #reveal(role: string): string {
    return Secret.reveal(this.#secrets.get(role)!) as string
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

  /** What is sent to a server in place of a role’s password. */
  verifier(role: string, version: number): Promise<string> {
    const verifier =
      this.#verifiers.get(role) ?? verifierOf(version, role, this.#reveal(role), this.#iterations)
    this.#verifiers.set(role, verifier)
    return verifier
  }

  async #isStored(role: string, stored: string, version: number): Promise<boolean> {
    const [before, known] = this.#compared.get(role) ?? []
    if (known !== undefined && before === stored) return known
    const isSame = matches(stored, role, this.#reveal(role), version, this.#iterations)
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
