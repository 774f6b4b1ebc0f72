import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { appendFile, chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { copyBinaries } from './binaries.ts'
import { serverOwner } from './server-owner.ts'

/** A running PostgreSQL server of our own, reached over a unix socket as the superuser `postgres`. */
export interface Cluster {
  /** The directory of the socket, as `pg` and `postgres` take it for a host. */
  readonly host: string
  readonly port: number
  readonly user: string
  /** What the server logs; gone with the server. */
  readonly logFile: string
  /** Shuts the server down and removes all that it left on disk. */
  readonly stop: () => Promise<void>
}

// In the file and not on the command line, so that a test can change them by ALTER SYSTEM.
const settings = (directory: string): string => `
listen_addresses = ''
unix_socket_directories = '${directory}'
port = 5432
max_connections = 100
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 128MB
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
`

// Whoever is a member of this role, where it exists, has to know a password.
const passwordRule = 'local all +pgsr_password scram-sha-256\n'

// Outlives this process, however that ends: when the pipe closes without the word that all is well, it
// kills the server and removes the directory, again if an initdb was still writing there.
const watchdog = `
read -r word && exit
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
for again in 1 2 3; do rm -rf "$1"; sleep 1; done
`

const watch = (directory: string): ChildProcess =>
  spawn('sh', ['-c', watchdog, 'watchdog', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })

/**
 * The environment without PGDATA, PGPORT and the like, which would change what the server does. Planning the query that
 * reads the catalogs takes some megabytes, which glibc would give back to the system and ask for again each time: that
 * takes three times as long as the query itself.
 */
const serverEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name))),
  TZ: 'UTC',
  MALLOC_TRIM_THRESHOLD_: String(2 ** 28),
  MALLOC_MMAP_THRESHOLD_: String(2 ** 27),
})

const isReady = async (data: string): Promise<boolean> => {
  const status = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return ['ready', 'standby'].includes(status.split('\n')[7]?.trim() ?? '')
}

/** Makes a server wait for a primary that does not exist, so that it stays a replica. */
const makeReplica = async (major: number, data: string): Promise<void> => {
  await appendFile(join(data, 'postgresql.conf'), 'wal_level = replica\nmax_wal_senders = 10\n')
  if (major >= 12) await writeFile(join(data, 'standby.signal'), '')
  else await writeFile(join(data, 'recovery.conf'), 'standby_mode = on\n')
}

export type ClusterSettings = Readonly<Record<string, number>>

interface ClusterOptions {
  readonly isReplica?: boolean
  /** Settings other than those of all our servers. */
  readonly set?: ClusterSettings
}

/** Starts a fresh server of a major version in a temporary directory. */
export const startCluster = async (
  major: number,
  { isReplica = false, set = {} }: ClusterOptions = {},
): Promise<Cluster> => {
  const directory = await mkdtemp(join(tmpdir(), `pgsr-${major}-`))
  const guard = watch(directory)
  const data = join(directory, 'data')
  const logFile = join(directory, 'server.log')

  let server: ChildProcess | undefined
  let exited: Promise<unknown> = Promise.resolve()
  const stop = async (): Promise<void> => {
    server?.kill('SIGINT')
    await exited
    await rm(directory, { recursive: true, force: true })
    guard.stdin?.end('stopped\n')
  }

  try {
    const owner = await serverOwner()
    if (owner.uid !== undefined && owner.gid !== undefined) await chown(directory, owner.uid, owner.gid)
    const programs = await copyBinaries(major, directory)
    const options = { ...owner, cwd: directory, env: serverEnvironment() }

    const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--nosync']
    await promisify(execFile)(join(programs, 'initdb'), initdb, options)
    const others = Object.entries(set).map(([name, value]) => `${name} = ${value}\n`)
    await appendFile(join(data, 'postgresql.conf'), `${settings(directory)}${others.join('')}`)
    if (isReplica) await makeReplica(major, data)
    const rules = join(data, 'pg_hba.conf')
    await writeFile(rules, `${passwordRule}${await readFile(rules, 'utf8')}`)

    const log = await open(logFile, 'a')
    // A group of its own, so that Ctrl-C reaches the tests first and the server only when they are done.
    const started = spawn(join(programs, 'postgres'), ['-D', data], {
      ...options,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    server = started
    let failure: Error | undefined
    exited = new Promise<void>((resolve) => {
      started.once('exit', (code, signal) => {
        failure = new Error(`it ended with ${code ?? signal}`)
        resolve()
      })
      started.once('error', (error) => {
        failure = error
        resolve()
      })
    })
    await log.close()

    for (const deadline = Date.now() + 30_000; !(await isReady(data)); await sleep(20)) {
      if (Date.now() > deadline) failure ??= new Error('it was not ready after 30 seconds')
      if (failure) {
        throw new Error(`cannot start PostgreSQL ${major}\n${await readFile(logFile, 'utf8')}`, {
          cause: failure,
        })
      }
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { host: directory, port: 5432, user: 'postgres', logFile, stop }
}
