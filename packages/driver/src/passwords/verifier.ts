import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { maxScramIterations } from '../options.ts'
import { saslprep } from './saslprep.ts'

const saltLength = 16
const keyLength = 32

/** The number that PostgreSQL itself uses. */
const defaultIterations = 4096

/** The parts of a SCRAM-SHA-256 verifier. */
interface Scram {
  readonly iterations: number
  readonly salt: string
  /** StoredKey and ServerKey. */
  readonly keys: string
}

const digit = '[A-Za-z\\d+/]'
const base64 = `(?:${digit}{4})*${digit}{2}(?:${digit}{2}|${digit}=|==)`
const keyOf32Bytes = `${digit}{43}=`

/**
 * The verifiers that every version of PostgreSQL accepts. Each version accepts some others, such as signs and blanks before
 * the number, double delimiters, or padding in the middle, but not the same ones, and most of them let nobody log in.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/libpq/auth-scram.c parse_scram_secret
 */
const scramParts = new RegExp(`^SCRAM-SHA-256\\$([1-9]\\d*):(${base64})\\$(${keyOf32Bytes}:${keyOf32Bytes})$`)

const scramOf = (text: string): Scram | undefined => {
  const [, number, salt, keys] = scramParts.exec(text) ?? []
  const iterations = Number(number)
  if (salt === undefined || keys === undefined || iterations >= 2 ** 31) return undefined
  return { iterations, salt, keys }
}

const isScram = (text: string): boolean => scramOf(text) !== undefined

/** Whether a text is a verifier, which PostgreSQL stores as it is. It hashes any other text. */
export const isVerifier = (text: string): boolean => /^md5[\da-f]{32}$/.test(text) || isScram(text)

/** Whether a text looks like a verifier but is not valid, so that PostgreSQL would hash it. */
export const isBrokenVerifier = (text: string): boolean => text.startsWith('SCRAM-SHA-256$') && !isScram(text)

/** Whether the server would take minutes to store a verifier, which it compares with the empty password. */
export const isEndlessVerifier = (text: string): boolean =>
  (scramOf(text)?.iterations ?? 0) > maxScramIterations

/** Whether a text is a verifier that a server is too old to know, so that it would hash it. */
export const isUnknownVerifier = (version: number, text: string): boolean => version < 100000 && isScram(text)

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** @see https://www.rfc-editor.org/rfc/rfc5802#section-3 */
const keysOf = async (password: string, { iterations, salt }: Omit<Scram, 'keys'>): Promise<string> => {
  const bytes = Buffer.from(salt, 'base64')
  const salted = await promisify(pbkdf2)(saslprep(password), bytes, iterations, keyLength, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  return `${storedKey}:${hmac(salted, 'Server Key').toString('base64')}`
}

const scramVerifier = async (password: string, iterations: number): Promise<string> => {
  const salt = randomBytes(saltLength).toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt}$${await keysOf(password, { iterations, salt })}`
}

const md5Verifier = (role: string, password: string): string =>
  `md5${createHash('md5').update(`${password}${role}`).digest('hex')}`

/** The verifier that is sent in place of a password. A verifier is sent as it is. PostgreSQL 9.6 knows only md5. */
export const verifierOf = async (
  version: number,
  role: string,
  password: string,
  iterations = defaultIterations,
): Promise<string> => {
  if (isVerifier(password)) return password
  return version >= 100000 ? scramVerifier(password, iterations) : md5Verifier(role, password)
}

/** Compares in constant time. */
const areEqual = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const hasIterations = (iterations: number, asked: number | undefined): boolean =>
  iterations <= maxScramIterations && (asked === undefined || iterations === asked)

const isOf = async (scram: Scram, password: string): Promise<boolean> =>
  areEqual(scram.keys, await keysOf(password, scram))

/**
 * Whether a stored verifier is, except for the salt, what {@link verifierOf} returns for a password: SCRAM-SHA-256 from
 * PostgreSQL 10 on, with the requested number of iterations if one is requested.
 */
export const matches = async (
  stored: string,
  role: string,
  password: string,
  version: number,
  iterations?: number,
): Promise<boolean> => {
  if (isVerifier(password)) return areEqual(stored, password)
  if (version < 100000) return areEqual(stored, md5Verifier(role, password))
  const scram = scramOf(stored)
  return scram !== undefined && hasIterations(scram.iterations, iterations) && isOf(scram, password)
}

/** Whether a stored verifier belongs to a password, whatever its kind. */
export const isVerifierOf = async (stored: string, role: string, password: string): Promise<boolean> => {
  if (areEqual(stored, md5Verifier(role, password))) return true
  const scram = scramOf(stored)
  return scram !== undefined && hasIterations(scram.iterations, undefined) && isOf(scram, password)
}

/** Whether a verifier belongs to the empty password. PostgreSQL 10 and later do not store such a verifier. */
export const isOfEmptyPassword = async (version: number, role: string, verifier: string): Promise<boolean> =>
  version >= 100000 &&
  (areEqual(verifier, md5Verifier(role, '')) || (await matches(verifier, role, '', version)))
