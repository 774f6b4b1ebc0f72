import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../../harness/servers/cluster.ts'
import { drivers } from '../../harness/drivers/drivers.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

const program = fileURLToPath(new URL('../../dist/leak/main.js', import.meta.url))

/** PostgreSQL takes the second one as SASLprep makes it: with two letters in place of the ligature. */
const passwords = ['correct-horse-battery', 'päßwörd-маркер-ﬁn']

const base64 = (bytes: Buffer): readonly string[] =>
  [0, 1, 2].map((offset) =>
    // Wherever it begins in what is encoded; what depends on what is beside it is left out.
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(offset && offset + 1, -1),
  )

/** How a text may come to be written. */
const formsOf = (text: string): readonly string[] => {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  return [
    text,
    ...base64(bytes),
    ...base64(bytes).map((one) => one.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
    hex.replaceAll(/..(?=.)/g, '$& '),
    [...bytes].join(', '),
    [...bytes].join(','),
    encodeURIComponent(text),
    bytes.toString('latin1'),
    text.replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ]
}

const settings = {
  log_statement: 'all',
  log_min_duration_statement: '0',
  log_min_error_statement: 'debug5',
  log_min_messages: 'debug1',
  log_error_verbosity: 'verbose',
}

/** Each in a database of its own: there is what it does while others grant. */
const cases = drivers.flatMap(({ name }, driver) =>
  passwords.map((password, index) => ({ name, password, database: `leak_${driver}_${index}` })),
)

describe('a password', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster(18)
    const superuser = new pg.Client(connectionTo(cluster))
    await superuser.connect()
    for (const [name, value] of Object.entries(settings))
      await superuser.query(`alter system set ${name} = '${value}'`)
    await superuser.query('select pg_reload_conf()')
    for (const { database } of cases) await superuser.query(`create database ${database}`)
    await superuser.end()
  })
  afterAll(() => cluster.stop())

  test.concurrent.for(cases)(
    'is nowhere to be seen: $password with $name',
    { timeout: 120_000 },
    async ({ name, password, database }) => {
      const { host, port, user } = cluster
      const observer = new pg.Client(connectionTo(cluster))
      await observer.connect()
      const { NODE_DEBUG: _, ...env } = process.env
      const child = spawn(
        process.execPath,
        [program, name, JSON.stringify({ host, port, user }), database, password],
        { env },
      )
      let [output, errors] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
      const ended: { code?: number | null } = {}
      const closed = new Promise<void>((resolve, reject) => {
        child.once('error', reject).once('close', (code) => {
          ended.code = code
          resolve()
        })
      })
      const running = new Set<string>()
      while (ended.code === undefined) {
        const { rows } = await observer.query<{ query: string }>('select query from pg_stat_activity')
        for (const { query } of rows) running.add(query)
        await Promise.race([closed, sleep(20)])
      }
      await observer.end()
      const log = await readFile(cluster.logFile, 'utf8')
      const queries = [...running].join('\n')

      const seen = { output, errors, log, queries }
      const leaks = Object.entries(seen).flatMap(([where, text]) =>
        [...new Set([password, password.normalize('NFKC')].flatMap(formsOf))]

          .filter((form) => text.includes(form))
          .map(
            (form) =>
              `${form} in ${where}: ${text.slice(Math.max(0, text.indexOf(form) - 200), text.indexOf(form) + 100)}`,
          ),
      )
      expect(leaks).toEqual([])
      expect(errors).toBe('')
      expect(ended.code).toBe(0)
      expect(output.match(/^unexpected: .*$/gm) ?? []).toEqual([])
      expect(output.trimEnd().endsWith('the end')).toBe(true)
      // What was sent in its place was, so that the password itself would have been seen there as well.
      expect(log).toContain('SCRAM-SHA-256$')
      expect(queries).toContain('SCRAM-SHA-256$')
      expect(output).not.toContain('SCRAM-SHA-256$')
    },
  )
})
