import type { Random } from '../race/random.ts'
import type { Part } from './part.ts'

/** What anybody may set for a session, in ways that change what PostgreSQL calls, and when. */
const ofAnybody: readonly (readonly [setting: string, values: readonly string[], since?: number])[] = [
  ['constraint_exclusion', ['on', 'off', 'partition']],
  [
    'search_path',
    ['friend, author, public', 'author, public, pg_catalog', 'public, pg_catalog', '"$user", public'],
  ],
  ['enable_seqscan', ['off', 'on']],
  ['enable_indexscan', ['off', 'on']],
  ['enable_partition_pruning', ['off', 'on'], 110000],
  ['plan_cache_mode', ['force_generic_plan', 'force_custom_plan'], 120000],
  ['row_security', ['on', 'off']],
  ['check_function_bodies', ['off', 'on']],
  ['default_transaction_isolation', ["'serializable'", "'read committed'"]],
  ['jit_above_cost', ['0', '-1'], 110000],
  ['default_statistics_target', ['1', '1000']],
  ['maintenance_work_mem', ["'1MB'", "'64MB'"]],
  ['max_parallel_maintenance_workers', ['0', '2'], 110000],
]

const ofSuperusers: typeof ofAnybody = [['session_replication_role', ['replica', 'origin', 'local']]]

/** Draws settings for somebody’s session. */
export const drawSettings = (random: Random, part: Part, version: number): string => {
  const all = [...ofAnybody, ...(part === 'root' ? ofSuperusers : [])]
  const possible = all.filter(([, , since = 0]) => version >= since)
  const drawn = random.some(possible, 0.3)
  const settings = (drawn.length > 0 ? drawn : [possible[0]!]).map(
    ([setting, values]) => `set ${setting} = ${random.pick(values)}`,
  )
  return settings.join('; ')
}
