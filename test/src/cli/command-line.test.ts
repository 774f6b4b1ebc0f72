import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plainEnvironment, runPgsr } from '../../harness/command/run-pgsr.ts'

/** No server is there: what is tested here must not need one. */
const env = { ...plainEnvironment(), PGHOST: '127.0.0.1', PGPORT: '1', PGUSER: 'nobody' }

describe('the command line', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgsr-command-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const pgsr = (...args: readonly string[]) => runPgsr(directory, args, env)

  test.for([
    [['plam'], 'unknown command "plam"\n  did you mean plan?'],
    [
      ['everything'],
      'unknown command "everything"\n  there are plan, apply, check, import, validate, prune, explain, who-can, access, report, init',
    ],
    [['plan', '--frmat', 'json'], 'unknown option --frmat\n  did you mean --format?'],
    [['-z'], 'unknown option -z'],
    ...['--database', '--databases', '--dbname', '-d'].map((option): [string[], string] => [
      ['import', option, 'shop'],
      `unknown option ${option}\n  it works in the database that --url or PGDATABASE names, or in all databases that the policy lists in databases. pgsr import writes one database to one file`,
    ]),
    [['plan', '--format', 'yaml'], 'option --format must be one of text, sql, json, markdown, mermaid, dot'],
    [
      ['validate', '--url', 'x'],
      'pgsr validate takes no option --url\n  it takes --format, --quiet, --debug, --help, --version',
    ],
    [['init', 'a.yaml', 'b.yaml'], 'pgsr init takes one argument, not "b.yaml" too'],
    [['prune', 'a.yaml'], 'pgsr prune takes no argument, not "a.yaml" too'],
    [['plan', '--url'], 'option --url needs a value'],
    [['plan', '--out', '--sql'], 'option --out needs a value'],
    [['apply', '--yes=no'], 'option --yes takes no value'],
    [['apply', '--timeout', '1e3'], 'option --timeout must be a number of seconds'],
    [['plan', '--out', 'a', '--out', 'b'], 'option --out is given twice'],
    [
      ['plan', 'pgsr.toml'],
      'cannot read pgsr.toml as a policy: its name ends with none of .yaml, .yml, .json, .ts, .js, .mjs',
    ],
    [['plan', 'missing.yaml'], 'cannot read missing.yaml: there is no such file or directory'],
    [['plan', 'missing.ts'], 'cannot read missing.ts: there is no such file or directory'],
    [['plan', 'missing.mjs'], 'cannot read missing.mjs: there is no such file or directory'],
    [
      ['import', '--url', 'mysql://root:hush@db/x'],
      'option --url is not a URL of PostgreSQL\n  it looks like postgres://user@host:5432/database',
    ],
    [
      ['import', '--url', 'postgres://root:hush@db:port/x'],
      'option --url cannot be read\n  it looks like postgres://user@host:5432/database',
    ],
    ...(
      [
        [],
        ['plan', 'pgsr.yaml'],
        ['apply'],
        ['import'],
        ['report'],
        ['init'],
        ['explain'],
        ['help'],
        ['--format'],
      ] as const
    ).map(
      (before) =>
        [
          [...before, 'Postgres://alice:hush@host/db'],
          before[0] === '--format'
            ? 'option --format must be one of text, sql, json, markdown, mermaid, dot'
            : 'a URL is no argument\n  --url URL says where to connect',
        ] as const,
    ),
    ...['2024/hush', '2024?hush', '2024#hush', '2024/hu@sh'].map(
      (password) =>
        [
          ['import', '--url', `postgres://alice:${password}@127.0.0.1:1/shop`],
          'option --url has an @ behind a /, a ? or a #\n  in a password, / is written %2F, ? is %3F, # is %23 and @ is %40',
        ] as const,
    ),
  ] as const)('%j is an error', async ([args, message]) => {
    const { code, stdout, stderr } = await pgsr(...args)
    expect(stderr).toBe(`error: ${message}\n`)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  test('without a policy file it says how to get one', async () => {
    const { code, stderr } = await pgsr()
    expect(stderr).toContain('none of pgsr.yaml, pgsr.yml, pgsr.json, pgsr.ts, pgsr.js, pgsr.mjs\n')
    expect(stderr).toContain('pgsr import --out pgsr.yaml')
    expect(code).toBe(1)
  })

  test('helps with the program and with each command, on standard output', async () => {
    const { code, stdout, stderr } = await pgsr('--help')
    expect([code, stderr]).toEqual([0, ''])
    const commands = ['plan', 'apply', 'check', 'import', 'validate', 'prune', 'init']
    for (const command of commands) {
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
      const [asked, named] = [await pgsr(command, '-h'), await pgsr('help', command)]
      expect(asked).toEqual(named)
      expect(asked.code).toBe(0)
      expect(asked.stdout).toContain('\nExamples\n  pgsr')
    }
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
  })

  test('says its version', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../../packages/cli/package.json', import.meta.url), 'utf8'),
    ) as { readonly version: string }
    expect(await pgsr('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('says where it could not connect to, without the password', async () => {
    await writeFile(join(directory, 'one.yaml'), 'pgsr: 1\nroles: { one: {} }\n')
    const { code, stderr } = await pgsr('one.yaml', '--url', 'postgres://me:hush@127.0.0.1:1/there')
    expect(stderr).toMatch(/error: cannot connect: .*ECONNREFUSED/)
    expect(stderr).toContain('it was to be database "there" at 127.0.0.1:1, as "me"')
    expect(stderr).not.toContain('hush')
    expect(stderr).not.toContain('at async')
    expect(code).toBe(1)

    const debugged = await pgsr('one.yaml', '--debug', '--url', 'postgres://me:hush@127.0.0.1:1/there')
    expect(debugged.stderr).toContain('DatabaseError: cannot connect')
    expect(debugged.stderr).not.toContain('hush')
  })

  test('init writes a file that is valid and full of comments, and never writes over one', async () => {
    const own = await mkdtemp(join(tmpdir(), 'pgsr-command-'))
    try {
      const run = (...args: readonly string[]) => runPgsr(own, args, env)
      expect(await run('init')).toMatchObject({ code: 0, stdout: 'wrote pgsr.yaml\n' })
      const text = await readFile(join(own, 'pgsr.yaml'), 'utf8')
      expect(text).toMatch(/^# yaml-language-server: \$schema=/)
      expect(await run('validate')).toMatchObject({ code: 0, stdout: 'pgsr.yaml is valid: 0 roles\n' })
      // What it shows in comments is valid, too.
      const lines = text
        .split('\n')
        .slice(1)
        .map((line) => line.replace(/^roles: \{\}$/, 'roles:').replace(/^# ?(?=( {2})*[\w-]+:( |$)|- )/, ''))
      await writeFile(join(own, 'whole.yaml'), lines.join('\n'))
      expect(await run('validate', 'whole.yaml')).toMatchObject({ code: 0, stderr: '' })
      expect(await run('init')).toMatchObject({
        code: 1,
        stderr:
          'error: cannot write a first policy file: there is pgsr.yaml\n  add roles to that one, or write another: pgsr init first.yaml\n',
      })
      expect(await run('init', 'whole.yaml')).toMatchObject({
        code: 1,
        stderr:
          'error: cannot write whole.yaml: it exists\n  pgsr init never writes over a file; name another, or add roles to this one\n',
      })
      expect(await readFile(join(own, 'pgsr.yaml'), 'utf8')).toBe(text)
      expect((await readdir(own)).toSorted()).toEqual(['pgsr.yaml', 'whole.yaml'])
    } finally {
      await rm(own, { recursive: true, force: true })
    }
  })

  describe('validate', () => {
    const wrong = 'pgsr: 1\nroles:\n  one:\n    acess: { sales: readOnly }\n  two:\n    memberOf: two\n'

    test('says everything that is wrong, with its line, and reaches no server', async () => {
      await writeFile(join(directory, 'wrong.yaml'), wrong)
      const { code, stdout, stderr } = await pgsr('validate', 'wrong.yaml')
      expect(stdout).toBe('')
      expect(stderr).toContain('error: the policy has 2 errors\n')
      expect(stderr).toMatch(/^ {2}wrong\.yaml:4:5: roles\.one\.acess: .*did you mean access\?$/m)
      expect(stderr).toMatch(/^ {2}wrong\.yaml:6:\d+: /m)
      expect(code).toBe(1)
    })

    test('says the same for programs', async () => {
      const { code, stdout, stderr } = await pgsr('validate', 'wrong.yaml', '--format', 'json')
      expect([code, stderr]).toEqual([1, ''])
      expect(JSON.parse(stdout)).toMatchObject({
        file: 'wrong.yaml',
        valid: false,
        problems: [{ line: 4, column: 5, path: 'roles.one.acess' }, { line: 6 }],
      })
    })
  })
})
