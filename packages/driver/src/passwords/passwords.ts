import { Secret, type Snapshot, UnsupportedServerError } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import { asciiLiteral } from '../connection/ascii-literal.ts'
import type { Settings } from '../options.ts'
import { type Password, refusePassword } from './password.ts'
import {
  isOfEmptyPassword,
  isUnknownVerifier,
  isVerifier,
  isVerifierOf,
  matches,
  verifierOf,
} from './verifier.ts'

/** The stored verifiers by role; `null` where only the existence of one was read. */
type Stored = ReadonlyMap<string, string | null>

/** Snapshots with the stored passwords compared, by the snapshots before. */
type Comparisons = WeakMap<Snapshot, { readonly stored: string | null; readonly compared: Snapshot }>

/** Without passwords of its own, a call finds the same as the one before. */
const withoutPasswords: Comparisons = new WeakMap()

/**
 * The passwords of a call. Each is hashed when needed and only once, since hashing is slow on purpose. It runs on other
 * threads of the process.
 */
export class Passwords {
  readonly #given: ReadonlyMap<string, Password>
  readonly #iterations: number | undefined
  /** What is sent for the password of a role. */
  readonly #sent = new Map<string, Promise<string>>()
  /** What `compared` gave last for a snapshot. */
  readonly #last: Comparisons
  /** The last comparison by role. */
  readonly #compared = new Map<string, readonly [stored: string, isSame: Promise<boolean>]>()

  constructor(given: ReadonlyMap<string, Password>, { scramIterations }: Pick<Settings, 'scramIterations'>) {
    this.#given = given
    this.#last = given.size === 0 ? withoutPasswords : new WeakMap()
    this.#iterations = scramIterations
  }

  get roles(): readonly string[] {
    return [...this.#given.keys()]
  }

  /** The roles whose stored verifiers are compared. */
  get compares(): readonly string[] {
    return this.roles.filter((role) => this.#given.get(role)!.initial !== true)
  }

  #reveal(role: string): string {
    return Secret.reveal(this.#given.get(role)!.secret) as string
  }

  #isHashedByServer(role: string): boolean {
    return this.#given.get(role)!.hashedBy === 'server'
  }

  /**
   * Refuses verifiers that a server of this version would not store as verifiers.
   * @throws InvalidGrantError, UnsupportedServerError
   */
  async check(version: number): Promise<void> {
    for (const role of this.roles) {
      const password = this.#reveal(role)
      if (isUnknownVerifier(version, password))
        throw new UnsupportedServerError(
          `cannot set the password of role ${describeName(role)}: it is a SCRAM-SHA-256 verifier, which needs PostgreSQL 10 or later`,
        )
      if (isVerifier(password) && (await isOfEmptyPassword(version, role, password)))
        refusePassword(role, 'it is the verifier of the empty password, which PostgreSQL does not store')
    }
  }

  async #make(role: string, version: number): Promise<string> {
    const password = this.#reveal(role)
    return this.#isHashedByServer(role) ? password : verifierOf(version, role, password, this.#iterations)
  }

  /** What is sent for a role’s password: a verifier, or the password itself if the server hashes it. */
  sent(role: string, version: number): Promise<string> {
    const sent = this.#sent.get(role) ?? this.#make(role, version)
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
   * Adds to the snapshot which roles have a password, and which of the passwords are stored already. The same snapshot and
   * the same stored passwords give the same object.
   */
  async compared(snapshot: Snapshot, stored: string | null): Promise<Snapshot> {
    const last = this.#last.get(snapshot)
    if (last?.stored === stored) return last.compared
    const verifiers = parseStored(stored)
    const { version } = snapshot.server
    const unchanged = new Set<string>()
    await Promise.all(
      [...verifiers].map(async ([role, verifier]) => {
        if (verifier !== null && (await this.#isStored(role, verifier, version))) unchanged.add(role)
      }),
    )
    const roles = snapshot.roles.map((role) => {
      if (verifiers.has(role.name))
        return {
          ...role,
          hasPassword: true,
          ...(unchanged.has(role.name) && { passwordUnchanged: true as const }),
        }
      return this.#given.get(role.name)?.initial === true ? { ...role, hasPassword: false } : role
    })
    const isSame = verifiers.size === 0 && this.compares.length === this.roles.length
    const compared = isSame ? snapshot : { ...snapshot, roles }
    this.#last.set(snapshot, { stored, compared })
    return compared
  }
}

/** The roles whose stored passwords are read. */
export interface StoredScope {
  /** The roles for which pgsr reads whether they have a password. */
  readonly roles: readonly string[]
  /** The roles whose verifiers pgsr reads, to compare them. */
  readonly compared: readonly string[]
}

const namesOf = (roles: readonly string[]): string =>
  `array[${roles.map((role) => asciiLiteral(role)).join(', ')}]::pg_catalog.name[]`

/** Reads the stored passwords. The answer is one row with a JSON text. */
export const storedQuery = ({ roles, compared }: StoredScope): string =>
  `select pg_catalog.json_agg(pg_catalog.json_build_array(
    a.rolname, case when a.rolname = any(${namesOf(compared)}) then a.rolpassword end
  ) order by a.rolname)::pg_catalog.text from pg_catalog.pg_authid as a
  where a.rolpassword is not null and a.rolname = any(${namesOf(roles)})`

const parseStored = (text: string | null): Stored =>
  new Map(JSON.parse(text ?? 'null') as [string, string | null][] | null)
