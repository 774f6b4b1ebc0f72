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

/** By role: what is stored of its password; `null` where only that one is stored has been asked. */
type Stored = ReadonlyMap<string, string | null>

/**
 * The passwords of a call, hashed when needed and only once: it is slow on purpose. It never holds up the process, whose
 * threads do it.
 */
export class Passwords {
  readonly #given: ReadonlyMap<string, Password>
  readonly #iterations: number | undefined
  /** By role. */
  readonly #sent = new Map<string, Promise<string>>()
  /** What was asked last, and how that ended. */
  #last:
    | { readonly snapshot: Snapshot; readonly text: string | null; readonly compared: Snapshot }
    | undefined
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

  /**
   * The snapshot with what is known of the passwords: which roles have one, and for which it is the one asked for. Of the
   * same snapshot and the same passwords it is the same.
   */
  async compared(snapshot: Snapshot, text: string | null): Promise<Snapshot> {
    if (this.#last?.snapshot === snapshot && this.#last.text === text) return this.#last.compared
    const stored = parseStored(text)
    const { version } = snapshot.server
    const unchanged = new Set<string>()
    await Promise.all(
      [...stored].map(async ([role, verifier]) => {
        if (verifier !== null && (await this.#isStored(role, verifier, version))) unchanged.add(role)
      }),
    )
    const roles = snapshot.roles.map((role) =>
      stored.has(role.name)
        ? {
            ...role,
            hasPassword: true as const,
            ...(unchanged.has(role.name) && { passwordUnchanged: true as const }),
          }
        : role,
    )
    const compared = stored.size === 0 ? snapshot : { ...snapshot, roles }
    this.#last = { snapshot, text, compared }
    return compared
  }
}

const namesOf = (roles: readonly string[]): string =>
  `array[${roles.map((role) => asciiLiteral(role)).join(', ')}]::pg_catalog.name[]`

/**
 * Reads which of some roles have a password stored, and of those with a password to compare what is stored: one row, a JSON
 * text.
 */
export const storedQuery = (roles: readonly string[], compared: readonly string[]): string =>
  `select pg_catalog.json_agg(pg_catalog.json_build_array(
    a.rolname, case when a.rolname = any(${namesOf(compared)}) then a.rolpassword end
  ) order by a.rolname)::pg_catalog.text from pg_catalog.pg_authid as a
  where a.rolpassword is not null and a.rolname = any(${namesOf(roles)})`

const parseStored = (text: string | null): Stored =>
  new Map(JSON.parse(text ?? 'null') as [string, string | null][] | null)
