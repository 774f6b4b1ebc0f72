import { writeFileSync } from 'node:fs'
import { majors } from '../harness/servers/binaries.ts'
import { type Listed, historyText, listOf } from '../harness/texts/catalog-history.ts'
import { startCluster } from '../harness/servers/cluster.ts'

// Writes fixtures/pg-catalog.txt from the servers whose binaries come from npm.

/**
 * What 10 has and 9.6 has not, of which nobody has a binary for npm: by the release notes, and the catalogs’ chapters of
 * both manuals.
 * @see https://www.postgresql.org/docs/release/10.0/
 */
const newIn10: Readonly<Record<string, readonly string[] | 'all'>> = {
  pg_hba_file_rules: 'all',
  pg_partitioned_table: 'all',
  pg_publication: 'all',
  pg_publication_rel: 'all',
  pg_publication_tables: 'all',
  pg_sequence: 'all',
  pg_sequences: 'all',
  pg_stat_subscription: 'all',
  pg_statistic_ext: 'all',
  pg_subscription: 'all',
  pg_subscription_rel: 'all',
  pg_attribute: ['attidentity'],
  pg_class: ['relispartition', 'relpartbound'],
  pg_collation: ['collprovider', 'collversion'],
  pg_policies: ['permissive'],
  pg_policy: ['polpermissive'],
  pg_replication_slots: ['temporary'],
  pg_stat_activity: ['backend_type'],
  pg_stat_replication: ['write_lag', 'flush_lag', 'replay_lag'],
  pg_trigger: ['tgoldtable', 'tgnewtable'],
}

/** Whole families of functions; 9.6 has others of some of these names, which are not needed. */
const functionsNewIn10 =
  /^(macaddr8|pg_ndistinct_|pg_dependencies_|pg_walfile|pg_wal_|pg_current_wal|pg_last_wal|pg_ls_(log|wal)dir$|regexp_match$|txid_status$|pg_(hba_file_rules|current_logfile|switch_wal|is_wal_replay_paused|import_system_collations|collation_actual_version|sequence_last_value|get_statisticsobjdef|statistics_obj_is_visible|get_publication_tables|get_partkeydef|get_partition_constraintdef|stat_get_subscription|safe_snapshot_blocking_pids|isolation_test_session_is_blocked)$)/

const nineSix = (ten: Listed): Listed =>
  new Map(
    [...ten].flatMap(([name, has]): [string, ReadonlySet<string>][] => {
      if (name === '()') return [[name, new Set([...has].filter((one) => !functionsNewIn10.test(one)))]]
      const added = newIn10[name] ?? []
      return added === 'all' ? [] : [[name, new Set([...has].filter((one) => !added.includes(one)))]]
    }),
  )

const listed: (readonly [number, Listed])[] = []
for (const major of majors) {
  const cluster = await startCluster(major)
  const list = await listOf(cluster).finally(() => cluster.stop())
  if (major === 10) listed.push([90600, nineSix(list)])
  listed.push([major * 10000, list])
}
writeFileSync(new URL('../../fixtures/pg-catalog.txt', import.meta.url), historyText(listed))
