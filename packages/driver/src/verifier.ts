import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { saslprep } from '@mongodb-js/saslprep'

const iterations = 4096
const saltLength = 16

/**
 * Prepares a password as PostgreSQL does: with SASLprep, or not at all where that does not allow it.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/common/saslprep.c
 */
const prepared = (password: string): string => {
  try {
    return saslprep(password)
  } catch {
    return password
  }
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/**
 * The SCRAM-SHA-256 verifier of a password, which PostgreSQL 10 and later store as it is.
 * @see https://www.rfc-editor.org/rfc/rfc5802#section-3
 */
const scramVerifier = async (password: string): Promise<string> => {
  const salt = randomBytes(saltLength)
  const salted = await promisify(pbkdf2)(prepared(password), salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

const md5Verifier = (role: string, password: string): string =>
  `md5${createHash('md5').update(`${password}${role}`).digest('hex')}`

/** What is sent to the server in place of a password. PostgreSQL 9.6 knows no other verifier than md5. */
export const verifierOf = async (
  version: number,
  role: string,
  password: string,
  _iterations?: number,
): Promise<string> => (version >= 100000 ? scramVerifier(password) : md5Verifier(role, password))

export const matches = async (
  _stored: string,
  _role: string,
  _password: string,
  _version: number,
  _iterations?: number,
): Promise<boolean> => false
