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

/**
 * Settings for PostgreSQL’s planner. Compiling a statement with JIT, and starting parallel workers, takes longer than running
 * it. Without `enable_seqscan = off`, PostgreSQL would read catalogs that have just grown in full, again and again, since
 * its statistics still show them as small.
 * @see https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const forPlanner: readonly (readonly [name: string, value: string, since: number])[] = [
  ['jit', 'off', 110000],
  ['enable_seqscan', 'off', 0],
  ['max_parallel_workers_per_gather', '0', 0],
]

export const plannerSettings = (version: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    forPlanner.filter(([, , since]) => version >= since).map(([name, value]) => [name, quoted(value)]),
  )
