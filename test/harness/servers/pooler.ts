import { execFile, spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { serverOwner } from './server-owner.ts'
import { connectionTo, type TestConnection } from './servers.ts'

const run = promisify(execFile)

/** PgBouncer, and where its libraries are. */
export interface PoolerProgram {
  readonly path: string
  readonly libraries: string
}

const works = ({ path, libraries }: PoolerProgram): Promise<boolean> =>
  run(path, ['--version'], { env: { LD_LIBRARY_PATH: libraries, PATH: process.env.PATH } }).then(
    () => true,
    () => false,
  )

/** Unpacks Debian’s packages of it and of its libraries, without installing them. */
const download = async (directory: string): Promise<void> => {
  const unfinished = await mkdtemp(`${directory}-`)
  try {
    const cwd = { cwd: unfinished, timeout: 60_000 }
    const { stdout } = await run('apt-cache', ['depends', 'pgbouncer'], cwd)
    const libraries = [...stdout.matchAll(/Depends: (lib(?:event|c-?ares)\S*)/g)].map(([, name]) => name!)
    await run('apt-get', ['download', 'pgbouncer', ...libraries], cwd)
    for (const file of await readdir(unfinished)) await run('dpkg', ['-x', file, '.'], cwd)
    // For `nobody`, as whom root runs it.
    await chmod(unfinished, 0o755)
    await rename(unfinished, directory)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

const downloadedIn = async (directory: string): Promise<PoolerProgram> => {
  const lib = join(directory, 'usr/lib')
  const names = await readdir(lib).catch(() => [])
  return {
    path: join(directory, 'usr/sbin/pgbouncer'),
    libraries: names.map((name) => join(lib, name)).join(':'),
  }
}

/**
 * Finds PgBouncer: named by `PGSR_TEST_PGBOUNCER`, on the PATH, or downloaded by apt into a directory of temporary files.
 * `undefined` where it is not to be had.
 */
export const findPooler = async (): Promise<PoolerProgram | undefined> => {
  const { PGSR_TEST_PGBOUNCER: named } = process.env
  if (named !== undefined) return { path: named, libraries: '' }
  const installed = { path: 'pgbouncer', libraries: '' }
  if (await works(installed)) return installed
  const directory = join(tmpdir(), 'pgsr-pgbouncer')
  if (!(await works(await downloadedIn(directory)))) await download(directory).catch(() => undefined)
  const downloaded = await downloadedIn(directory)
  return (await works(downloaded)) ? downloaded : undefined
}

/** A running PgBouncer before a server. */
export interface Pooler {
  /** How to connect through it. */
  readonly connection: TestConnection
  readonly stop: () => Promise<void>
}

/** A transaction has a server connection to itself, and there are two of them; nothing resets them in between. */
const configuration = (directory: string, { host, port }: TestConnection): string => `
[databases]
* = host=${host} port=${port}
[pgbouncer]
unix_socket_dir = ${directory}
listen_port = 6432
auth_type = trust
auth_file = ${directory}/users.txt
pool_mode = transaction
default_pool_size = 2
server_reset_query =
ignore_startup_parameters = extra_float_digits
`

/** Starts a PgBouncer in transaction mode before a server. */
export const startPooler = async (
  { path, libraries }: PoolerProgram,
  server: TestConnection,
): Promise<Pooler> => {
  const directory = await mkdtemp(join(tmpdir(), 'pgsr-pooler-'))
  const owner = await serverOwner()
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(directory, owner.uid, owner.gid)
  const file = join(directory, 'pgbouncer.ini')
  await writeFile(file, configuration(directory, server))
  await writeFile(join(directory, 'users.txt'), `"${server.user}" "${server.password ?? ''}"\n`)
  const env = { LD_LIBRARY_PATH: libraries, PATH: process.env.PATH }
  const child = spawn(path, ['-q', file], { ...owner, env, stdio: ['ignore', 'ignore', 'inherit'] })
  let isRunning = true
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      isRunning = false
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  const connection = { host: directory, port: 6432, user: server.user }
  for (const deadline = Date.now() + 30_000; ; await sleep(20)) {
    const client = new pg.Client(connectionTo(connection))
    const error = await client.connect().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    await client.end()
    if (error === undefined) return { connection, stop }
    if (!isRunning || Date.now() > deadline) {
      await stop()
      throw new Error('cannot start PgBouncer', { cause: error })
    }
  }
}
