import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, test } from 'vitest'
import { inWorkplaces } from '../../harness/command/in-each.ts'
import type { Ended } from '../../harness/command/run-pgsr.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

const marker = 'hush-4711-marker'

/** What one can do without a password. */
const withoutPasswords =
  '  pgsr plan works without. With login: true a role keeps the password that it has; with initialPassword it gets one only if it has none\n'

/** The arguments of a process, as everybody on the machine sees them. */
const argumentsOf = async (pid: number): Promise<string> =>
  process.platform === 'linux'
    ? readFile(`/proc/${pid}/cmdline`, 'utf8')
    : (await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)])).stdout

inWorkplaces((place, server) => {
  const storedOf = async (role: string): Promise<unknown> =>
    (await place().sql(`select rolpassword from pg_authid where rolname = '${role}'`))[0]?.[0]

  test('passwords come from the environment and from files, and are never seen', async () => {
    const { write, read, pgsr, name } = place()
    const [alice, bob] = [name('alice'), name('bob')]
    await write('bob.txt', `${marker}-in-a-file\n`)
    await write(
      'pgsr.yaml',
      `pgsr: 1\nroles:\n  ${alice}:\n    login:\n      password: { env: ALICE_PASSWORD }\n  ${bob}:\n    login:\n      password: { file: bob.txt }\n`,
    )
    const env = { ALICE_PASSWORD: `${marker}-in-a-variable` }
    const seen: Ended[] = []
    const run = async (args: readonly string[], more: NodeJS.ProcessEnv = env): Promise<Ended> => {
      const ended = await pgsr(args, more)
      seen.push(ended)
      return ended
    }

    const without = await run(['plan', '--out', 'plan.json'], {})
    expect(without.code).toBe(2)
    expect(without.stdout).toContain(
      `note: the password of role "${alice}" is not at hand: the environment variable ALICE_PASSWORD is not set; to apply the plan, it has to be\n`,
    )
    expect(without.stdout).not.toContain(`the password of role "${bob}"`)
    for (const format of ['sql', 'json', 'markdown']) await run(['plan', '--format', format])

    const missing = await run(['apply', '--yes'], {})
    expect(missing).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `error: cannot read the password of role "${alice}": the environment variable ALICE_PASSWORD is not set\n${withoutPasswords}`,
    })
    const lacking = await run(['apply', 'plan.json', '--yes'], {})
    expect(lacking.code).toBe(1)
    expect(lacking.stderr).toContain('the environment variable ALICE_PASSWORD is not set')
    expect(await storedOf(alice)).toBeUndefined()

    expect((await run(['apply', 'plan.json', '--yes', '--debug'])).code).toBe(0)
    const stored = [await storedOf(alice), await storedOf(bob)]
    expect(stored).toEqual([expect.stringMatching(/^SCRAM|^md5/), expect.stringMatching(/^SCRAM|^md5/)])
    // They are what they should be: a superuser may compare.
    expect((await run(['check'])).code).toBe(0)

    // Another password in the environment is one to set; one that is not at hand is not.
    expect((await run(['check'], { ALICE_PASSWORD: `${marker}-another` })).code).toBe(2)
    expect((await run(['check'], {})).code).toBe(0)
    await write('bob.txt', '')
    const kept = await run(['plan', '--out', 'kept.json'], {})
    expect(kept.stdout).toContain(
      `note: the password of role "${alice}" is not compared: the environment variable ALICE_PASSWORD is not set; a plan that is saved leaves it as it is\n`,
    )
    const empty = await run(['apply', '--yes'])
    expect(empty.stderr).toContain(`of role "${bob}": the file bob.txt is empty`)

    for (const { stdout, stderr } of seen) expect(`${stdout}${stderr}`).not.toContain(marker)
    expect(await read('plan.json')).not.toContain(marker)
    if (server.logFile !== undefined) expect(await readFile(server.logFile, 'utf8')).not.toContain(marker)
  })

  test('a password in --url is not in what is said, nor in the list of processes', async () => {
    const { write, pgsr, name, sql, database } = place()
    const role = name('carol')
    await write('carol.yaml', `pgsr: 1\nroles: { ${role}: {} }\n`)
    const url = `postgres://${server.user}:${marker}@/${database}?host=${encodeURIComponent(server.host)}&port=${server.port}`
    const other = new pg.Client(connectionTo(server, database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    let listed = marker
    try {
      const running = pgsr(
        ['apply', 'carol.yaml', '--yes', '--debug', '--url', url],
        { PGHOST: '/nowhere' },
        (pid) => {
          void (async () => {
            const waits = `select from pg_stat_activity where datname = '${database}' and application_name = 'pgsr' and wait_event_type = 'Lock'`
            while ((await sql(waits, 'postgres')).length === 0) await sleep(10)
            listed = await argumentsOf(pid)
            await other.query('rollback')
          })()
        },
      )
      const { code, stdout, stderr } = await running
      expect(code).toBe(0)
      expect(`${stdout}${stderr}`).not.toContain(marker)
    } finally {
      await other.end()
    }
    expect(listed).toContain('pgsr')
    expect(listed).not.toContain(marker)
  })

  test('a password that was not compared stays as it is by a saved plan, which does not end with 0', async () => {
    const { write, pgsr, sql, name } = place()
    const [carl, dora, emil] = [name('carl'), name('dora'), name('emil')]
    await sql(
      [carl, dora, emil].map((role) => `create role ${role} login password '${marker}-old'`).join('; '),
    )
    const policy = (comment: string): string =>
      `pgsr: 1\nroles:\n  ${carl}: { comment: ${comment}, login: { password: { env: CARL } } }\n  ${dora}: { login: { initialPassword: { env: DORA } } }\n`
    const env = { CARL: `${marker}-new`, DORA: `${marker}-new` }
    const before = await storedOf(carl)
    for (const comment of ['one', 'two']) {
      await write('kept.yaml', policy(comment))
      if (comment === 'two') await sql(`comment on role ${carl} is 'two'`)
      const planned = await pgsr(['plan', 'kept.yaml', '--out', 'kept.json'])
      expect(planned.stdout).toContain(
        `note: the password of role "${carl}" is not compared: the environment variable CARL is not set; a plan that is saved leaves it as it is\n`,
      )
      // It is compared with nothing.
      expect(planned.stdout).not.toContain(`the password of role "${dora}"`)
      expect(planned.code).toBe(comment === 'two' ? 0 : 2)
      const applied = await pgsr(['apply', 'kept.json', '--yes'], env)
      expect(applied.stdout).toContain(
        `note: the password of role "${carl}" was not compared when the plan was made: the environment variable CARL is not set; it stays as it is, and pgsr apply with the policy sets it\n`,
      )
      expect(applied.stdout).not.toContain('in sync')
      expect(applied.code).toBe(3)
      expect(await storedOf(carl)).toBe(before)
    }
    expect((await pgsr(['apply', 'kept.json', '--yes', '--strict'], env)).code).toBe(1)
    expect((await pgsr(['apply', 'kept.yaml', '--yes'], env)).code).toBe(0)
    expect(await storedOf(carl)).not.toBe(before)

    // One that only a role without a password gets needs no comparison: the saved plan does all of it.
    await write(
      'initial.yaml',
      `pgsr: 1\nroles: { ${emil}: { login: { initialPassword: { env: EMIL } } } }\n`,
    )
    expect((await pgsr(['plan', 'initial.yaml', '--out', 'initial.json'])).stdout).not.toContain('note: ')
    const initial = await pgsr(['apply', 'initial.json', '--yes'], { EMIL: `${marker}-new` })
    expect(initial.code).toBe(0)
    expect(initial.stdout).toMatch(/\nnothing to do when the plan was made\nin sync: nothing differs\n$/)
  })

  test('an initial password is needed only for a role that has none, by a policy and by a saved plan', async () => {
    const { write, pgsr, sql, name } = place()
    const [old, another, compared] = [name('old'), name('another'), name('compared')]
    await sql(`create role ${old} login password '${marker}-old'`)
    const before = await storedOf(old)
    const policy = (comment: string, more = ''): string =>
      `pgsr: 1\nroles:\n  ${old}: { comment: ${comment}, login: { initialPassword: { env: OLD } } }\n${more}`
    await write('initial.yaml', policy('one'))
    expect(await pgsr(['apply', 'initial.yaml', '--yes'])).toMatchObject({ code: 0 })
    await write('initial.yaml', policy('two'))
    expect(await pgsr(['plan', 'initial.yaml', '--out', 'initial-later.json'])).toMatchObject({ code: 2 })
    expect(await pgsr(['apply', 'initial-later.json', '--yes'])).toMatchObject({ code: 0 })
    expect(
      await sql(`select shobj_description(oid, 'pg_authid') from pg_roles where rolname = '${old}'`),
    ).toEqual([['two']])
    expect(await storedOf(old)).toBe(before)

    await write(
      'initial.yaml',
      policy('three', `  ${another}: { login: { initialPassword: { env: ANOTHER } } }\n`),
    )
    const lacking = await pgsr(['apply', 'initial.yaml', '--yes'])
    expect(lacking).toMatchObject({ code: 1, stdout: '' })
    expect(lacking.stderr).toContain(
      `error: cannot read the password of role "${another}": the environment variable ANOTHER is not set\n${withoutPasswords}`,
    )
    await pgsr(['plan', 'initial.yaml', '--out', 'initial-new.json'])
    expect((await pgsr(['apply', 'initial-new.json', '--yes'])).stderr).toContain(
      `error: cannot read the password of role "${another}": the environment variable ANOTHER is not set\n`,
    )
    expect(await sql(`select from pg_roles where rolname = '${another}'`)).toEqual([])

    // Those that are compared are all missing, whatever is planned.
    const two = [name('one'), compared].map(
      (role) => `  ${role}: { login: { password: { env: ${role.toUpperCase()} } } }\n`,
    )
    await write('initial.yaml', policy('three', two.join('')))
    const both = await pgsr(['apply', 'initial.yaml', '--yes'])
    expect(both.stderr).toMatch(/^error: cannot read the password of role .*; and the one of role .*\n.*\n$/)
  })

  test('a file of a password is UTF-8, whose byte order mark is no part of it', async () => {
    const { write, pgsr, name } = place()
    const role = name('erin')
    await write('erin.yaml', `pgsr: 1\nroles:\n  ${role}:\n    login: { password: { file: erin.txt } }\n`)
    await write('erin.txt', Buffer.from(`${marker}-\u00FC`, 'latin1'))
    const refused = await pgsr(['apply', 'erin.yaml', '--yes'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toBe(
      `error: cannot read the password of role "${role}": the file erin.txt is not UTF-8\n${withoutPasswords}`,
    )
    await write('erin.txt', `\uFEFF${marker}-\u00FC\r\n`)
    expect((await pgsr(['apply', 'erin.yaml', '--yes'])).code).toBe(0)
    await write('erin.txt', `${marker}-\u00FC`)
    expect((await pgsr(['check', 'erin.yaml'])).code).toBe(0)
  })

  test('a password that is written into the file is refused, and not repeated', async () => {
    const { write, pgsr, name } = place()
    await write('written.yaml', `pgsr: 1\nroles:\n  ${name('dan')}:\n    login: { password: ${marker} }\n`)
    for (const command of ['plan', 'validate']) {
      const { code, stdout, stderr } = await pgsr([command, 'written.yaml', '--debug'])
      expect(code).toBe(1)
      expect(stderr).toContain('written.yaml:4:')
      expect(`${stdout}${stderr}`).not.toContain(marker)
    }
  })
})
