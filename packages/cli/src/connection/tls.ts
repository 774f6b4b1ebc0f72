import type pg from 'pg'
import { readFileSync } from 'node:fs'
import { fileError } from '../policy-file/file-error.ts'

/** The modes in which `pg` encrypts a connection. It does not without a mode, nor if the mode is another one. */
const encrypted: ReadonlySet<string> = new Set(['prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'])

const readNamedBy = (variable: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileError(`read ${path}, which ${variable} names`, error)
  }
}

/**
 * What the environment says of certificates, which `pg` itself does not read: of the server as in PGSSLROOTCERT, of the client
 * as in PGSSLCERT and PGSSLKEY. Nothing if it says nothing, or the connection is not encrypted.
 * @throws FileError
 */
export const tlsIn = (env: NodeJS.ProcessEnv): pg.ConnectionConfig['ssl'] => {
  const { PGSSLMODE: mode = '', PGSSLROOTCERT: ca, PGSSLCERT: cert, PGSSLKEY: key } = env
  if (!encrypted.has(mode) || (!ca && !cert && !key)) return undefined
  return {
    // The authorities that Node knows are used without one.
    ...(ca && ca !== 'system' && { ca: readNamedBy('PGSSLROOTCERT', ca) }),
    ...(cert && { cert: readNamedBy('PGSSLCERT', cert) }),
    ...(key && { key: readNamedBy('PGSSLKEY', key) }),
    ...(mode === 'no-verify' && { rejectUnauthorized: false }),
  }
}
