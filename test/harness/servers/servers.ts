import pg from 'pg'
import { majors } from './binaries.ts'
import { startCluster, type Cluster } from './cluster.ts'

/** How to connect to a server as a superuser. */
export interface TestConnection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string
}

/** A throw-away server that tests may do anything to. */
export interface TestServer extends TestConnection {
  /** As test titles say it: `PostgreSQL 16`. */
  readonly name: string
  /** The server's `server_version_num`. */
  readonly version: number
  /** What the server logs, if it is one that we started. */
  readonly logFile?: string
}

/** The servers of a test run, and how to stop those that were started for it. */
export interface TestServers {
  readonly servers: readonly TestServer[]
  readonly stop: () => Promise<void>
}

/** Options, for `pg` and `postgres` alike, to connect to a database of a server as its superuser. */
export const connectionTo = (server: TestConnection, database = 'postgres') => ({
  host: server.host,
  port: server.port,
  user: server.user,
  ...(server.password !== undefined && { password: server.password }),
  database,
})

export const readVersion = async (connection: TestConnection): Promise<number> => {
  const client = new pg.Client(connectionTo(connection))
  await client.connect()
  try {
    const { rows } = await client.query<{ readonly server_version_num: string }>('show server_version_num')
    return Number(rows[0]?.server_version_num)
  } finally {
    await client.end()
  }
}

const nameOf = (version: number): string =>
  `PostgreSQL ${version >= 100_000 ? Math.floor(version / 10_000) : `9.${Math.floor(version / 100) % 100}`}`

const serverOf = (cluster: Cluster, version: number): TestServer => {
  const { host, port, user, logFile } = cluster
  return { name: nameOf(version), version, host, port, user, logFile }
}

/** A server named by its URL; a socket's directory is written percent-encoded in place of the host. */
const serverAt = async (text: string): Promise<TestServer> => {
  const url = new URL(text)
  const connection = {
    host: decodeURIComponent(url.hostname),
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username) || 'postgres',
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
  }
  const version = await readVersion(connection)
  return { name: `${nameOf(version)} at ${connection.host}:${connection.port}`, version, ...connection }
}

/** The oldest and the newest of some servers, which may be the same one. */
export const oldestAndNewest = (servers: readonly TestServer[]): readonly TestServer[] => [
  ...new Set([...servers.slice(0, 1), ...servers.slice(-1)]),
]

/**
 * Those that differ most in what plans depend on, whichever objects and privileges they have: the oldest, the newest, and the
 * last and the first one before and after memberships got grantors. Each of the planner’s features is there on one of them
 * and missing on another, if any server lacks it.
 */
export const serversAround16 = (servers: readonly TestServer[]): readonly TestServer[] => {
  const before = servers.filter(({ version }) => version < 160_000)
  const after = servers.filter(({ version }) => version >= 160_000)
  const chosen = new Set([servers.at(0), before.at(-1), after.at(0), servers.at(-1)])
  return servers.filter((server) => chosen.has(server))
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '')

/**
 * Starts one server of each major version, and adds those that the environment names.
 *
 * `PGSR_TEST_MAJORS="15 18"` starts only these; `PGSR_TEST_SERVERS` has the URLs of other servers.
 */
export const startServers = async (): Promise<TestServers> => {
  const { PGSR_TEST_MAJORS, PGSR_TEST_SERVERS = '' } = process.env
  const wanted = PGSR_TEST_MAJORS === undefined ? majors : words(PGSR_TEST_MAJORS).map(Number)
  const unknown = wanted.find((major) => !majors.some((known) => known === major))
  if (unknown !== undefined) throw new Error(`PGSR_TEST_MAJORS may name ${majors.join(' ')}, not ${unknown}`)

  const clusters: Cluster[] = []
  const servers: TestServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(clusters.map((cluster) => cluster.stop()))
  }
  const startNext = async (waiting: number[]): Promise<void> => {
    for (let major = waiting.shift(); major !== undefined; major = waiting.shift()) {
      const cluster = await startCluster(major)
      clusters.push(cluster)
      servers.push(serverOf(cluster, await readVersion(cluster)))
    }
  }
  const waiting = [...wanted]
  const others = words(PGSR_TEST_SERVERS).map(serverAt)
  const started = await Promise.allSettled([startNext(waiting), startNext(waiting), ...others])
  const failed = started.find((result) => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  servers.push(...(await Promise.all(others)))
  if (servers.length === 0)
    throw new Error('PGSR_TEST_MAJORS and PGSR_TEST_SERVERS name no server to test on')
  return { servers: servers.toSorted((a, b) => a.version - b.version), stop }
}
