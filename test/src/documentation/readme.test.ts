import { build } from 'esbuild'
import { execFile } from 'node:child_process'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../../harness/servers/cluster.ts'
import { type Block, type Page, readPages, root } from '../../harness/pages.ts'
import { exitCodes } from '../../../packages/cli/src/command-line/exit-codes.ts'
import { plainEnvironment, program, runPgsr } from '../../harness/command/run-pgsr.ts'
import { Reader } from '../../harness/reader.ts'

/** Inside this package, so that imports are found, and ignored by git. */
const directory = join(root, 'test/dist/readme')

const pages = await readPages()

const nameOf = (path: string): string => path.replaceAll(/[^\w]+/g, '-')

/** Each page has a directory of its own, where its blocks find each other. */
const fileOf = (page: Page, { file, title }: Block): string =>
  join(directory, nameOf(page.path), file ?? `${nameOf(title)}.ts`)

/** The names of new roles end in random digits; those of local intermediate roles have the oid of their database. */
const normal = (text: string): string =>
  text
    .replaceAll(
      /_pgsr_(global|local_\d+|admin|caretaker)(_\w+)?_[0-9a-f]{8}/g,
      (_, where: string, what: string = '') => `_pgsr_${where.replace(/\d+/, 'oid')}${what}_id`,
    )
    .trim()

const expectOutput = ({ text, output }: Block, stdout: string): void => {
  if (text.includes('console.log')) expect(stdout).not.toBe('')
  if (output !== undefined) expect(normal(stdout)).toBe(normal(output))
}

const send = async (cluster: Cluster, database: string, ...texts: readonly string[]): Promise<void> => {
  const client = new pg.Client({ ...cluster, database })
  await client.connect()
  try {
    for (const text of texts) await client.query(text)
  } finally {
    await client.end()
  }
}

/** What every page finds: the database `warehouse`, and no role but `postgres`. */
const reset = async (cluster: Cluster): Promise<void> => {
  await send(
    cluster,
    'postgres',
    'drop database if exists warehouse with (force)',
    'drop database if exists billing with (force)',
    'create database warehouse',
    `do $$ begin
      execute (
        select 'drop role ' || string_agg(quote_ident(rolname), ', ')
        from pg_roles where rolname !~ '^pg_' and oid <> 10 having count(*) > 0
      );
    exception when null_value_not_allowed then null; -- there are none
    end $$`,
  )
  await send(
    cluster,
    'warehouse',
    'create schema sales; create table sales.orders_2026 (id int); create table sales.customers (name text)',
  )
}

/** How the documentation calls the command. */
const callOfPgsr = /(?<=^|[;&|] |=\S+ )(?:npx @pgsr\/cli|npx pgsr|pgsr)(?= |$)/

/** What a process prints. That something differs or remains is no failure of `pgsr`. */
const outputOf = (process: Promise<{ readonly stdout: string }>): Promise<string> =>
  process.then(
    ({ stdout }) => stdout,
    (error: { readonly code?: unknown; readonly stdout: string }) => {
      if (error.code === exitCodes.differs.code || error.code === exitCodes.remains.code) return error.stdout
      throw error
    },
  )

/** The lines of a workflow that call the command, each with its words up to what a shell does with the output. */
const pgsrIn = (text: string): readonly (readonly string[])[] =>
  [...text.matchAll(/^.*\bnpx (?:@pgsr\/cli|pgsr) (.*)$/gm)].map(({ 0: line, 1: words = '' }) => [
    line,
    ...words.replace(/\s*([|>&;].*|\|\| .*)$/, '').split(' '),
  ])

const readJson = async (file: string): Promise<Record<string, Record<string, string>>> =>
  JSON.parse(await readFile(join(root, file), 'utf8')) as Record<string, Record<string, string>>

/** An installation has to name the packages that a package takes as peers. */
const checkInstall = async ([name = '', ...beside]: readonly string[]): Promise<void> => {
  const { peerDependencies = {} } = await readJson(`packages/${name.replace('@pgsr/', '')}/package.json`)
  const peers = Object.keys(peerDependencies).filter((peer) => peer !== 'effect')
  expect(beside).toEqual(expect.arrayContaining(peers))
}

const checkCommand = async (line: string): Promise<void> => {
  const [command, ...words] = line.split(' ')
  if (command === 'npm' && words[0] === 'install') {
    if (words[1]?.startsWith('@pgsr/') === true) await checkInstall(words.slice(1))
  } else if (command === 'npm' && words[0] !== 'ci') {
    const { scripts } = await readJson('package.json')
    expect(Object.keys(scripts ?? {})).toContain(words[0] === 'run' ? words[1] : words[0])
  } else
    for (const path of words.filter((word) => /^(src|lowest)\//.test(word)))
      await access(join(root, 'test', path))
}

/** Compiles a block, with what it imports of its page, and says where it is. */
const compiled = async (file: string): Promise<string> => {
  const outfile = file.replace(/ts$/, 'mjs')
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  })
  return outfile
}

describe('the documentation', () => {
  let cluster: Cluster
  let env: NodeJS.ProcessEnv
  let reader: Reader
  beforeAll(async () => {
    cluster = await startCluster(18)
    env = {
      ...process.env,
      PGHOST: cluster.host,
      PGPORT: String(cluster.port),
      PGUSER: cluster.user,
      PGDATABASE: 'warehouse',
    }
    await rm(directory, { recursive: true, force: true })
    for (const page of pages) {
      await mkdir(join(directory, nameOf(page.path)), { recursive: true })
      for (const block of page.blocks)
        if (block.language === 'ts') await writeFile(fileOf(page, block), block.text)
    }
    reader = await Reader.start(directory, env)
  })
  afterAll(async () => {
    reader.stop()
    await cluster.stop()
  })

  const runShell = async (page: Page, line: string): Promise<string> => {
    const cwd = join(directory, nameOf(page.path))
    if (callOfPgsr.test(line)) {
      const words = line.replace(callOfPgsr, () => `'${process.execPath}' '${program}'`)
      return outputOf(promisify(execFile)('sh', ['-c', words], { cwd, env }))
    }
    const [, file] = /^(?:\w+=\S+ )*node (\S+\.ts)\b/.exec(line) ?? []
    if (file === undefined) {
      await checkCommand(line)
      return ''
    }
    const compiledFile = await compiled(join(cwd, file))
    const words = line.replace(`node ${file}`, `'${process.execPath}' '${compiledFile}'`)
    const { stdout } = await promisify(execFile)('sh', ['-c', words], { cwd, env })
    return stdout
  }

  /** Does what a reader would do with a block. */
  const follow: Readonly<Record<string, (page: Page, block: Block) => Promise<void>>> = {
    ts: async (page, block) => {
      if (block.file !== undefined) return
      expectOutput(block, await reader.run(await compiled(fileOf(page, block))))
    },
    sql: (_, { text }) => send(cluster, 'warehouse', text),
    sh: async (page, block) => {
      let stdout = ''
      for (const line of block.text.trim().split('\n')) stdout += await runShell(page, line)
      expectOutput(block, stdout)
    },
    json: async (_, { text }) => {
      expect(JSON.parse(text)).toBeDefined()
    },
    // It is for another tool.
    hcl: async (_, { text }) => expect(text.match(/[{[]/g)?.length).toBe(text.match(/[}\]]/g)?.length),
    // GitHub draws it.
    mermaid: async (_, { text }) => expect(text).toMatch(/^flowchart TD\n( +\S+ --> \S+\n)+$/),
    // A policy, or a workflow. What a workflow runs has to be there.
    yaml: async (page, block) => {
      const { text } = block
      if (block.file !== undefined) await writeFile(fileOf(page, block), text)
      for (const [line, ...words] of pgsrIn(text)) {
        const { code, stderr } = await runPgsr(directory, [...words, '--help'], plainEnvironment())
        expect([line, code, stderr]).toEqual([line, 0, ''])
      }
      for (const { 1: line = '' } of text.matchAll(/\brun: ([^|].*)$/gm)) {
        if (callOfPgsr.test(line)) continue
        const [, file] = /^node (\S+\.ts)\b/.exec(line) ?? []
        if (file === undefined) await checkCommand(line)
        else expect(page.blocks.map((one) => one.file)).toContain(file)
      }
    },
  }

  test('has examples that compile', async () => {
    const config = {
      extends: '../../tsconfig.json',
      include: ['**/*.ts'],
      compilerOptions: { rootDir: '.' },
    }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(
      dirname(createRequire(join(root, 'package.json')).resolve('typescript/package.json')),
      'bin/tsc',
    )
    await promisify(execFile)(process.execPath, [tsc, '-p', directory]).catch((error: { stdout: string }) => {
      throw new Error(error.stdout)
    })
  })

  describe.each(pages.filter(({ blocks }) => blocks.length > 0))('$path, from top to bottom', (page) => {
    beforeAll(() => reset(cluster))

    test.each(page.blocks.map((block) => [block.title, block.language, block] as const))(
      '%s, %s: runs, and prints what the page says',
      async (_, language, block) => {
        expect(Object.keys(follow)).toContain(language)
        await follow[language]?.(page, block)
      },
    )
  })

  test.each(pages)('every link of $path leads somewhere', async ({ links }) => {
    for (const { text, path, anchor } of links) {
      await access(join(root, path))
      if (anchor === '') continue
      const linked = pages.find((page) => page.path === path)
      expect(linked?.anchors, `"${text}" leads to #${anchor} of ${path}`).toContain(anchor)
    }
  })

  test('every page of docs is linked from another', () => {
    const linked = new Set(
      pages.flatMap(({ path: from, links }) =>
        links.filter(({ path }) => path !== from).map(({ path }) => path),
      ),
    )
    expect(
      pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !linked.has(path)),
    ).toEqual([])
  })
})
