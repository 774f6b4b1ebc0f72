import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { inWorkplaces, sample } from '../../harness/command/in-each.ts'
import type { Screen } from '../../harness/command/screen.ts'
import { type FaultProxy, type Message, startFaultProxy } from '../../harness/faults/fault-proxy.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

const interrupt = '\u0003'

/** How to connect through a proxy. */
const through = ({ connection }: FaultProxy): NodeJS.ProcessEnv => ({
  PGHOST: connection.host,
  PGPORT: String(connection.port),
})

/** The message that commits what was granted. */
const commits = (): ((message: Message) => boolean) => {
  let isGranted = false
  return ({ sender, bytes }) => {
    if (sender !== 'frontend') return false
    const text = bytes.toString('latin1')
    if (isGranted && /\bcommit\b/i.test(text)) return true
    isGranted ||= text.includes('GRANT SELECT')
    return false
  }
}

inWorkplaces((place, server) => {
  let roles = 0

  /** A policy with a role that does not exist yet. */
  const withNewRole = async (): Promise<{ readonly role: string; readonly file: string }> => {
    const { name, write, sql } = place()
    if (roles === 0) await sql(sample)
    const role = name(`r${++roles}`)
    const file = `${role}.yaml`
    await write(
      file,
      `pgsr: 1\nroles:\n  ${role}:\n    grants:\n      - { privileges: [SELECT], tables: customers, schema: sales, direct: true }\n`,
    )
    return { role, file }
  }

  const exists = async (role: string): Promise<boolean> =>
    (await place().sql(`select from pg_roles where rolname = '${role}'`)).length > 0

  /** What the program has left running on the server. */
  const busy = () =>
    place().sql(
      `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
       and application_name = 'pgsr' and state <> 'idle'`,
    )

  const untilSomebody = async (waits: string): Promise<void> => {
    const waiting = `select from pg_stat_activity where datname = '${place().database}' and ${waits}`
    while ((await place().sql(waiting, 'postgres')).length === 0) await sleep(10)
  }

  const question = 'Execute 2 operations? [y/N]'

  test.for([
    ['y\r', 0],
    ['Yes\r', 0],
    ['\r', 1],
    ['n\r', 1],
    ['yeah\r', 1],
    ['\u0004', 1],
  ] as const)('asks, and takes %j for an answer', async ([answer, code]) => {
    const { role, file } = await withNewRole()
    const screen = place().onScreen(['apply', file])
    await screen.until(question)
    expect(await exists(role)).toBe(false)
    screen.type(answer)
    const ended = await screen.ended()
    expect(ended.text).toContain(`+ SELECT on table "sales"."customers"  ${file}:5`)
    expect(ended.text).toContain(code === 0 ? 'done: 2 operations' : 'nothing was changed')
    expect(ended.code).toBe(code)
    expect(await exists(role)).toBe(code === 0)
  })

  test('shows how far it is in a line that is gone at the end', async () => {
    const { file } = await withNewRole()
    const screen = place().onScreen(['apply', file, '--yes'])
    const { code, text } = await screen.ended()
    expect(code).toBe(0)
    for (const said of ['reading database', 'waiting for the lock', 'executed 2 of 2', 'committed']) {
      expect(screen.written).toContain(said)
      expect(text).not.toContain(said)
    }
    expect(text.split('\n').at(-1)).toBe(`done: 2 operations in database "${place().database}"`)
  })

  test('has colours on a terminal, unless NO_COLOR is set', async () => {
    const { file } = await withNewRole()
    const [coloured, plain] = [
      place().onScreen(['plan', file]),
      place().onScreen(['plan', file], { NO_COLOR: '1' }),
    ]
    const [one, other] = [await coloured.ended(), await plain.ended()]
    // The note behind the plan lists roles of other tests, which come and go.
    const [planned, alike] = [one, other].map(({ text }) =>
      text.replace(/note: \d+ (roles .* nothing:)[^]*/, 'note: $1'),
    )
    expect(planned).toMatch(/2 operations to do\s+note: roles /)
    expect(planned).toBe(alike)
    expect(coloured.written).toContain('\u001B[32m')
    expect(plain.written).not.toContain('\u001B[3')
    expect(plain.written).not.toContain('\u001B[1m')
  })

  test('a name cannot make the terminal do anything', async () => {
    const { write, name, onScreen, sql } = place()
    const schema = `\u001B[2Jgone\u202E${name('s')}`
    await sql(`create schema ${pg.escapeIdentifier(schema)}`)
    const grants = [{ privileges: ['USAGE'], schemas: schema, direct: true }]
    await write('escape.json', JSON.stringify({ pgsr: 1, roles: { [name('r')]: { grants } } }))
    const screen = onScreen(['plan', 'escape.json', '--sql'])
    const { code, text } = await screen.ended()
    expect(code).toBe(2)
    expect(text).toContain('GRANT USAGE ON SCHEMA "\\u001b[2Jgone\\u202e')
    expect(screen.written).not.toContain('\u001B[2J')
    expect(screen.written).not.toContain('\u202E')
  })

  /** Presses Ctrl-C, and expects that nothing is left of what the program was doing. */
  test('a page of HTML is not written on it', async () => {
    const { code, text } = await place().onScreen(['report']).ended()
    expect(text.replaceAll('\r', '').trimEnd()).toBe(
      'error: a page of HTML is nothing for a terminal\n  pgsr report --out report.html writes a file',
    )
    expect(code).toBe(1)
  })

  const stopped = async (screen: Screen, role: string): Promise<void> => {
    screen.type(interrupt)
    const { code, text } = await screen.ended()
    expect(text).toContain('error: stopped by SIGINT')
    expect(text).toContain('nothing was changed')
    expect(code).toBe(1)
    expect(await busy()).toEqual([])
    expect(await exists(role)).toBe(false)
  }

  test('Ctrl-C at the question changes nothing', async () => {
    const { role, file } = await withNewRole()
    const screen = place().onScreen(['apply', file])
    await screen.until(question)
    await stopped(screen, role)
  })

  test('Ctrl-C while the catalogs are read cancels that', async () => {
    const { role, file } = await withNewRole()
    const other = new pg.Client(connectionTo(server, place().database))
    await other.connect()
    await other.query('begin; lock table pg_catalog.pg_namespace in access exclusive mode')
    try {
      const screen = place().onScreen(['apply', file, '--yes'])
      await screen.until('reading database')
      await untilSomebody(`wait_event_type = 'Lock' and application_name = 'pgsr'`)
      screen.type(interrupt)
      const { code, text } = await screen.ended()
      expect(text).toContain('error: stopped by SIGINT\n  nothing was changed')
      expect(code).toBe(1)
    } finally {
      await other.end()
    }
    expect(await busy()).toEqual([])
    expect(await exists(role)).toBe(false)
  })

  test.for(['SIGINT', 'SIGTERM'] as const)('%s while it waits for the lock rolls back', async (signal) => {
    const { role, file } = await withNewRole()
    const other = new pg.Client(connectionTo(server, place().database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    try {
      const screen = place().onScreen(['apply', file, '--yes', '--lock-timeout', '0'])
      await screen.until('waiting for the lock')
      await untilSomebody(`wait_event_type = 'Lock' and application_name = 'pgsr'`)
      screen.kill(signal)
      const { code, text } = await screen.ended()
      expect(text).toContain(`error: stopped by ${signal}\n  nothing was changed in this database`)
      expect(code).toBe(1)
      expect(await busy()).toEqual([])
    } finally {
      await other.end()
    }
    expect(await exists(role)).toBe(false)
  })

  /** Makes everybody who grants something in the database sleep. */
  const whileGrantsSleep = async (work: () => Promise<void>): Promise<void> => {
    const { sql } = place()
    await sql(
      `create function public.doze() returns event_trigger language plpgsql as 'begin perform pg_sleep(600); end';
       create event trigger doze on ddl_command_end when tag in ('GRANT') execute procedure public.doze()`,
    )
    try {
      await work()
    } finally {
      await sql('drop event trigger doze; drop function public.doze()')
    }
  }

  test('Ctrl-C while it executes cancels on the server and rolls back', () =>
    whileGrantsSleep(async () => {
      const { role, file } = await withNewRole()
      const screen = place().onScreen(['apply', file, '--yes'])
      await untilSomebody(`wait_event = 'PgSleep'`)
      await stopped(screen, role)
    }))

  test('a second Ctrl-C exits at once, and the server rolls back', async () => {
    const { role, file } = await withNewRole()
    const proxy = await startFaultProxy(server)
    try {
      proxy.expect({ at: ({ bytes }) => bytes.includes('GRANT SELECT'), happens: 'stall' })
      const screen = place().onScreen(['apply', file, '--yes'], through(proxy))
      while (!proxy.hasHappened()) await sleep(10)
      screen.type(interrupt)
      await screen.until('stopping')
      await sleep(400)
      screen.type(interrupt)
      const { code, text } = await screen.ended()
      expect(text).toContain('exited at once')
      expect(code).toBe(130)
    } finally {
      await proxy.end()
    }
    while ((await busy()).length > 0) await sleep(10)
    expect(await exists(role)).toBe(false)
  })

  test('Ctrl-C while it commits is too late if the server answers', async () => {
    const { role, file } = await withNewRole()
    const proxy = await startFaultProxy(server)
    let screen: Screen | undefined
    try {
      proxy.expect({
        at: commits(),
        happens: async () => {
          screen?.type(interrupt)
          await screen?.until('stopping')
        },
      })
      screen = place().onScreen(['apply', file, '--yes'], through(proxy))
      const { code, text } = await screen.ended()
      expect(proxy.hasHappened()).toBe(true)
      expect(text).toContain('done: 2 operations')
      expect(code).toBe(0)
    } finally {
      await proxy.end()
    }
    expect(await exists(role)).toBe(true)
  })

  test('Ctrl-C while it commits says that the outcome is unknown if the server does not answer', async () => {
    const { role, file } = await withNewRole()
    const proxy = await startFaultProxy(server)
    try {
      proxy.expect({
        at: commits(),
        happens: 'stall backend',
      })
      const screen = place().onScreen(['apply', file, '--yes'], through(proxy))
      while (!proxy.hasHappened()) await sleep(10)
      screen.type(interrupt)
      const { code, text } = await screen.ended()
      expect(text).toContain('everything has been done in this database, or nothing: pgsr plan says which')
      expect(text).not.toContain('nothing was changed')
      expect(code).toBe(1)
    } finally {
      await proxy.end()
    }
    // The server got COMMIT, so that here it has been done.
    for (const deadline = Date.now() + 10_000; !(await exists(role)) && Date.now() < deadline;)
      await sleep(10)
    expect(await exists(role)).toBe(true)
    expect((await place().pgsr(['check', file])).code).toBe(0)
  })
})
