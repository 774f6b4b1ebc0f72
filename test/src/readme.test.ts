import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../harness/cluster.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
/** Inside this package, so that imports are found, and ignored by git. */
const directory = join(root, 'test/dist/readme')

interface Block {
  readonly title: string
  readonly language: string
  readonly text: string
  /** What it prints, where that stands below it. */
  readonly output: string | undefined
}

const readBlocks = async (file: string): Promise<readonly Block[]> => {
  const text = await readFile(join(root, file), 'utf8')
  // The examples of docstrings.
  const markdown = file.endsWith('.ts') ? text.replaceAll(/^ \* ?/gm, '') : text
  const fences = [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
  return fences.flatMap(({ 1: language = '', 2: block = '' }, index) => {
    const next = fences[index + 1]
    const output = next?.[1] === '' ? next[2] : undefined
    return language === '' ? [] : [{ title: `${file} block ${index + 1}`, language, text: block, output }]
  })
}

const files = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/managed-databases.md',
  'docs/security.md',
  'docs/what-is-managed.md',
  'packages/planner/README.md',
  'packages/driver/README.md',
  'packages/node-postgres/README.md',
  'packages/postgres-js/README.md',
  'packages/driver/src/effect.ts',
  'packages/node-postgres/src/effect.ts',
  'packages/node-postgres/src/index.ts',
  'packages/postgres-js/src/effect.ts',
  'packages/postgres-js/src/index.ts',
]
const blocks = (await Promise.all(files.map(readBlocks))).flat()
const of = (...languages: readonly string[]): readonly Block[] =>
  blocks.filter(({ language }) => languages.includes(language))

const nameOf = ({ title }: Block): string => title.replaceAll(/[^\w]+/g, '-')

/** New intermediate roles have random ids, and local ones the oid of their database. */
const normal = (text: string): string =>
  text.replaceAll(
    /_pgsr_(global|local_\d+)_(\w+)_[0-9a-f]{8}/g,
    (_, where: string, what: string) => `_pgsr_${where.replace(/\d+/, 'oid')}_${what}_id`,
  )

describe('the documentation', () => {
  let cluster: Cluster
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    cluster = await startCluster(18)
    env = {
      ...process.env,
      PGHOST: cluster.host,
      PGPORT: String(cluster.port),
      PGUSER: cluster.user,
      PGDATABASE: 'warehouse',
    }
    const client = new pg.Client({ ...cluster, database: 'postgres' })
    await client.connect()
    await client.query('create database warehouse')
    await client.end()
    const warehouse = new pg.Client({ ...cluster, database: 'warehouse' })
    await warehouse.connect()
    await warehouse.query(
      'create schema sales; create table sales.orders_2026 (id int); create table sales.customers (name text)',
    )
    await warehouse.end()
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true })
    for (const block of of('ts')) await writeFile(join(directory, `${nameOf(block)}.ts`), block.text)
  })
  afterAll(() => cluster.stop())

  test('has examples that are typed right', async () => {
    const config = { extends: '../../tsconfig.json', include: ['*.ts'], compilerOptions: { rootDir: '.' } }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(
      dirname(createRequire(join(root, 'package.json')).resolve('typescript/package.json')),
      'bin/tsc',
    )
    await promisify(execFile)(process.execPath, [tsc, '-p', directory]).catch((error: { stdout: string }) => {
      throw new Error(error.stdout)
    })
  })

  test.for(of('ts').map((block) => [block.title, block] as const))(
    '%s runs, and prints what it says',
    async ([, block]) => {
      const { code } = await transform(block.text, { loader: 'ts', format: 'esm' })
      const program = join(directory, `${nameOf(block)}.mjs`)
      await writeFile(program, code)
      const { stdout } = await promisify(execFile)(process.execPath, [program], { env })
      expect(stdout).not.toBe('')
      if (block.output !== undefined) expect(normal(stdout).trim()).toBe(normal(block.output).trim())
    },
  )

  test.for(of('sql').map((block) => [block.title, block] as const))('%s runs', async ([, { text }]) => {
    const client = new pg.Client({ ...cluster, database: 'warehouse' })
    await client.connect()
    await expect(client.query(text)).resolves.toBeDefined()
    await client.end()
  })

  test.for(
    of('sh').flatMap(({ title, text }) =>
      text
        .trim()
        .split('\n')
        .map((line) => [title, line] as const),
    ),
  )('%s: %s', async ([, line]) => {
    const read = async (file: string): Promise<Record<string, Record<string, string>>> =>
      JSON.parse(await readFile(join(root, file), 'utf8')) as Record<string, Record<string, string>>
    const [command, ...words] = line.split(' ')
    if (command === 'npm' && words[0] === 'install') {
      const [, name = '', ...beside] = words
      const { peerDependencies = {} } = await read(`packages/${name.replace('@pgsr/', '')}/package.json`)
      expect(Object.keys(peerDependencies)).toEqual(expect.arrayContaining(beside))
      expect(Object.keys(peerDependencies).filter((peer) => ![...beside, 'effect'].includes(peer))).toEqual(
        [],
      )
    } else if (command === 'npm') {
      const { scripts } = await read('package.json')
      expect(Object.keys(scripts ?? {})).toContain(words[0] === 'run' ? words[1] : words[0])
    } else await expect(readFile(join(root, 'test/package.json'))).resolves.toBeDefined()
  })
})
