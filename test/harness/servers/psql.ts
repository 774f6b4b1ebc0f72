import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import { connectionTo, type TestConnection } from './servers.ts'

/** Where `psql` is on this machine. The binaries from npm have none. */
export const findPsql = async (): Promise<string | undefined> => {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const program = join(directory, 'psql')
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return program
  }
  return undefined
}

/** The server takes a script that has nothing of psql’s own in one message, and stops at the first error as well. */
const withoutPsql = async (server: TestConnection, database: string, script: string): Promise<void> => {
  const client = new pg.Client(connectionTo(server, database))
  await client.connect()
  await client.query(script).finally(() => client.end())
}

/** Runs a script, unchanged, in `psql` up to its first error. If there is no psql, it is sent to the server. */
export const psql = async (server: TestConnection, database: string, script: string): Promise<void> => {
  const program = await findPsql()
  if (program === undefined) return withoutPsql(server, database, script)
  const address = ['-h', server.host, '-p', String(server.port), '-U', server.user, '-d', database]
  const child = spawn(program, ['-X', '-w', '-v', 'ON_ERROR_STOP=1', ...address, '-f', '-'], {
    env: { ...process.env, ...(server.password !== undefined && { PGPASSWORD: server.password }) },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.stdin.on('error', () => undefined) // psql stopped reading at an error; its exit code tells
  child.stdin.end(script)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`psql ended with ${code}\n${errors}`)
}
