import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inWorkplaces } from '../../harness/command/in-each.ts'
import { plainEnvironment, runPgsr } from '../../harness/command/run-pgsr.ts'
import { certificate, greeting, listenWithCertificate } from '../../harness/command/self-signed.ts'

const plain = plainEnvironment()

describe('where it connects', () => {
  let directory: string
  let server: Awaited<ReturnType<typeof listenWithCertificate>>
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgsr-command-'))
    server = await listenWithCertificate()
    await writeFile(join(directory, 'own.pem'), certificate)
  })
  afterAll(async () => {
    await server.close()
    await rm(directory, { recursive: true, force: true })
  })

  const prune = (env: NodeJS.ProcessEnv, ...args: readonly string[]) =>
    runPgsr(directory, ['prune', ...args], { ...plain, ...env })

  test('without variables it is what psql takes, and an error says how to say it', async () => {
    const { USER: _, USERNAME: __, ...nameless } = plain
    const { code, stderr } = await runPgsr(directory, ['prune'], { ...nameless, PGPORT: '1' })
    const user = JSON.stringify(userInfo().username)
    expect(stderr).toMatch(/^error: cannot connect: .*ECONNREFUSED.*$/m)
    expect(stderr.replace(/^error: .*$/m, 'error')).toBe(
      `reading database ${user} at localhost:1, as ${user}\n` +
        'error\n' +
        `  it was to be database ${user} at localhost:1, as ${user}\n` +
        '  --url URL says where a server is, or PGHOST, PGPORT, PGUSER and PGDATABASE do\n',
    )
    expect(code).toBe(1)
  })

  const here = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    PGHOST: 'localhost',
    PGPORT: String(server.port),
    PGUSER: 'me',
    PGSSLMODE: 'verify-full',
    ...more,
  })

  describe('with a certificate of an authority that Node does not know', () => {
    test('it says how to have it trusted', async () => {
      const { code, stderr } = await prune(here(), '--quiet')
      expect(stderr).toBe(
        'error: cannot connect: self-signed certificate\n' +
          `  it was to be database "me" at localhost:${server.port}, as "me"\n` +
          '  PGSSLROOTCERT=FILE names the certificate of the authority that has signed the one of the server; in a URL it is ?sslrootcert=FILE\n',
      )
      expect(code).toBe(1)
    })

    test('PGSSLROOTCERT and sslrootcert name it', async () => {
      const trusted = `error: cannot connect: ${greeting}\n`
      expect((await prune(here({ PGSSLROOTCERT: 'own.pem' }), '--quiet')).stderr).toContain(trusted)
      const url = `postgres://me@localhost:${server.port}/me?sslmode=verify-full&sslrootcert=own.pem`
      expect((await prune({}, '--quiet', '--url', url)).stderr).toContain(trusted)
    })

    test('a file that is missing is an error', async () => {
      expect(await prune(here({ PGSSLROOTCERT: 'none.pem' }))).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'error: cannot read none.pem, which PGSSLROOTCERT names: there is no such file or directory\n',
      })
      const { stderr } = await prune({}, '--url', 'postgres://me:hush@localhost/me?sslrootcert=none.pem')
      expect(stderr).toBe(
        'error: cannot read none.pem, which option --url names: there is no such file or directory\n',
      )
    })
  })
})

inWorkplaces((place) => {
  test('a password that is missing is said to be', async () => {
    const { pgsr, sql, name, env, database } = place()
    const role = name('secretive')
    await sql(`do $$ begin create role pgsr_password; exception when duplicate_object or unique_violation then null; end $$;
      create role ${role} login password 'hush'; grant pgsr_password to ${role}`)
    const where = `${env.PGHOST}${env.PGHOST?.startsWith('/') === true ? '' : `:${env.PGPORT}`}`
    expect(await pgsr(['prune', '--quiet'], { PGUSER: role, PGPASSWORD: '', HOME: '/nowhere' })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: cannot connect: the server asks for a password, and there is none\n' +
        `  it was to be database "${database}" at ${where}, as "${role}"\n` +
        '  PGPASSWORD can have it, or a line in ~/.pgpass, or the URL: postgres://user:password@host:5432/database\n',
    })
  })
})
