import { asciiLiteral } from '../connection/ascii-literal.ts'
import type { Settings } from '../options.ts'

/** Who reads. */
export type Actor = Pick<Settings, 'actAs'>

/**
 * Sets, for the transaction, what pgsr’s statements depend on: the acting role, the encoding, and a search_path in which
 * temporary objects come last. Nothing before this statement may depend on these settings.
 */
export const settingsStatement = ({ actAs }: Actor, more: Readonly<Record<string, string>> = {}): string => {
  const values = {
    search_path: quoted('pg_catalog, pg_temp'),
    client_encoding: quoted('UTF8'),
    ...(actAs !== undefined && { role: asciiLiteral(actAs) }),
    ...more,
  }
  const set = Object.entries(values).map(
    ([name, value]) => `pg_catalog.set_config('${name}', ${value}, true)`,
  )
  return `select ${set.join(', ')}`
}

const quoted = (text: string): string => `'${text}'`
