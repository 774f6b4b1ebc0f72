import { cpus, loadavg, totalmem } from 'node:os'
import pg from 'pg'
import { connectionTo, type TestConnection } from '../harness/servers/servers.ts'

/** What everything runs on. */
export const machine = (): string => {
  const cores = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cores.length} cores (${cores[0]?.model.trim()}), ${memory} GB, ${process.platform}, Node ${process.versions.node}`
}

/** Whether it has anything else to do. */
export const load = (): string => `load average ${loadavg()[0]!.toFixed(1)}`

/** The version of a server, and what is set in its file. */
export const describeServer = async (server: TestConnection): Promise<string> => {
  const client = new pg.Client(connectionTo(server))
  await client.connect()
  const { rows } = await client.query<{ readonly version: string; readonly settings: readonly string[] }>(
    `select current_setting('server_version') as version, array(
       select name || ' = ' || current_setting(name) from pg_settings
       where source = 'configuration file'
       and name ~ '^(fsync|full_page|synchronous_commit|shared_buffers|autovacuum|wal_level|max_connections|max_wal_size)'
       order by 1
     ) as settings`,
  )
  await client.end()
  const [{ version, settings } = { version: '', settings: [] }] = rows
  return `PostgreSQL ${version} (${settings.join(', ')})`
}
