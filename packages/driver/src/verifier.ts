import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { saslprep } from './saslprep.ts'

const saltLength = 16
const keyLength = 32

/** What PostgreSQL does, and what every client can do. */
const defaultIterations = 4096

/**
 * As many iterations take a good part of a second, here and, at each login and whenever a verifier is set, on the server. A
 * role may give itself a verifier that takes hours: it is that of no password.
 */
export const mostIterations = 1_000_000

/** A SCRAM-SHA-256 verifier in its parts. */
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
 * As every PostgreSQL takes a verifier apart. Each takes some more, but not the same, and nobody can log in by most of
 * that: signs and blanks before the number, delimiters twice, padding in the middle.
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

/** Whether a text is a verifier, which PostgreSQL stores as it is; any other it takes for a password. */
export const isVerifier = (text: string): boolean => /^md5[\da-f]{32}$/.test(text) || isScram(text)

/** Whether a text is meant as a verifier, but is none that every server would take for one. */
export const isBrokenVerifier = (text: string): boolean => text.startsWith('SCRAM-SHA-256$') && !isScram(text)

/** Whether a text is a verifier that the server would take minutes to store: it compares it with the empty password. */
export const isEndlessVerifier = (text: string): boolean => (scramOf(text)?.iterations ?? 0) > mostIterations

/** Whether a text is a verifier that a server is too old for: it would take it for a password. */
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

/**
 * What is sent to the server in place of a password: a verifier of it, or itself where it is one already. PostgreSQL 9.6
 * knows no other than md5.
 */
export const verifierOf = async (
  version: number,
  role: string,
  password: string,
  iterations = defaultIterations,
): Promise<string> => {
  if (isVerifier(password)) return password
  return version >= 100000 ? scramVerifier(password, iterations) : md5Verifier(role, password)
}

/** Takes as long wherever they differ. */
const areEqual = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const isAsAsked = (iterations: number, asked: number | undefined): boolean =>
  iterations <= mostIterations && (asked === undefined || iterations === asked)

const isOf = async (scram: Scram, password: string): Promise<boolean> =>
  areEqual(scram.keys, await keysOf(password, scram))

/**
 * Whether a stored verifier is what {@link verifierOf} would give for a password, but for the salt: of SCRAM-SHA-256 from
 * PostgreSQL 10 on, and with as many iterations as are asked for, if they are.
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
  return scram !== undefined && isAsAsked(scram.iterations, iterations) && isOf(scram, password)
}

/** Whether a stored verifier is one of a password, of whichever kind a server makes. */
export const isVerifierOf = async (stored: string, role: string, password: string): Promise<boolean> => {
  if (areEqual(stored, md5Verifier(role, password))) return true
  const scram = scramOf(stored)
  return scram !== undefined && isAsAsked(scram.iterations, undefined) && isOf(scram, password)
}

/** Whether a verifier is that of the empty password, for which PostgreSQL 10 and later store none at all. */
export const isOfEmptyPassword = async (version: number, role: string, verifier: string): Promise<boolean> =>
  version >= 100000 &&
  (areEqual(verifier, md5Verifier(role, '')) || (await matches(verifier, role, '', version)))
