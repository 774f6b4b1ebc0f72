import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { connectionTo, type TestConnection } from '../servers/servers.ts'
import { type Ended, plainEnvironment, runPgsr } from './run-pgsr.ts'
import { Screen } from './screen.ts'

/** A directory and a database of its own, where somebody uses the command. */
export interface Workplace {
  readonly directory: string
  readonly database: string
  readonly env: NodeJS.ProcessEnv
  /** A role or database that no other test has. */
  readonly name: (base: string) => string
  readonly write: (file: string, text: string | Uint8Array) => Promise<void>
  readonly read: (file: string) => Promise<string>
  /** Runs the command without a terminal. */
  readonly pgsr: (
    args: readonly string[],
    env?: NodeJS.ProcessEnv,
    onStart?: (pid: number) => void,
  ) => Promise<Ended>
  /** Runs the command on a terminal. */
  readonly onScreen: (args: readonly string[], env?: NodeJS.ProcessEnv) => Screen
  /** Sends statements as the superuser, and gives the rows of the last one. */
  readonly sql: (text: string, database?: string) => Promise<readonly (readonly unknown[])[]>
  readonly leave: () => Promise<void>
}

let count = 0

const send = async (server: TestConnection, database: string, text: string) => {
  const client = new pg.Client(connectionTo(server, database))
  await client.connect()
  try {
    const result = (await client.query<unknown[]>({ text, rowMode: 'array' })) as
      | pg.QueryArrayResult
      | pg.QueryArrayResult[]
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
  } finally {
    await client.end()
  }
}

/** Makes a directory and a database on a server. */
export const openWorkplace = async (server: TestConnection): Promise<Workplace> => {
  const tag = `${process.pid.toString(36)}${(++count).toString(36)}`
  const directory = await mkdtemp(join(tmpdir(), 'pgsr-command-'))
  const database = `command_${tag}`
  await send(server, 'postgres', `create database ${database}`)
  const env = {
    ...plainEnvironment(),
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGDATABASE: database,
    ...(server.password !== undefined && { PGPASSWORD: server.password }),
  }
  return {
    directory,
    database,
    env,
    name: (base) => `${base}_${tag}`,
    write: (file, text) => writeFile(join(directory, file), text),
    read: (file) => readFile(join(directory, file), 'utf8'),
    pgsr: (args, more = {}, onStart) => runPgsr(directory, args, { ...env, ...more }, onStart),
    onScreen: (args, more = {}) => new Screen(directory, args, { ...env, ...more }),
    sql: (text, where = database) => send(server, where, text),
    leave: async () => {
      // Connections of a program that was stopped may still be open.
      await send(
        server,
        'postgres',
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
      )
      await send(server, 'postgres', `drop database ${database}`)
      // Shared roles go with what they have left in other databases: nothing.
      const roles = await send(
        server,
        'postgres',
        `select quote_ident(rolname) from pg_roles where rolname like '%\\_${tag}'`,
      )
      for (const [role] of roles)
        await send(server, 'postgres', `drop role ${String(role)}`).catch(() => undefined)
      await rm(directory, { recursive: true, force: true })
    },
  }
}
