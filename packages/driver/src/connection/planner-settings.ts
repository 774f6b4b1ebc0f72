/**
 * Settings for PostgreSQL’s planner. Compiling a statement with JIT, and starting parallel workers, takes longer than running
 * it. Without `enable_seqscan = off`, PostgreSQL would read catalogs that have just grown in full, again and again, since
 * its statistics still show them as small.
 * @see https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const all: readonly (readonly [name: string, value: string, since: number])[] = [
  ['jit', 'off', 110000],
  ['enable_seqscan', 'off', 0],
  ['max_parallel_workers_per_gather', '0', 0],
]

export const plannerSettingNames: readonly string[] = all.map(([name]) => name)

/** Those that a server of some version knows, as literals by their names. */
export const plannerSettings = (version: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    all.filter(([, , since]) => version >= since).map(([name, value]) => [name, `'${value}'`]),
  )
