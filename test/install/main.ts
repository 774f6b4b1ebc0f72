import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCluster } from '../harness/servers/cluster.ts'
import { nodeBinaries, testDirectory } from '../nodes/binaries.ts'
import { helpTime, useCommand } from './cli.ts'
import { run } from './command.ts'
import { hover } from './hover.ts'
import { importTimes } from './import-time.ts'
import { commonJs, driverOf, esm, type PackageName, packageNames, typed, typedDriver } from './programs.ts'
import { newProject, type Project, sizesOf } from './project.ts'
import { packAll, withItsOwn } from './tarballs.ts'
import { type Compiler, compile, installCompilers } from './types.ts'

/** What a package may add to its driver, in kilobytes on disk. */
const mostSize = 2048

/** How much longer than importing `pg` it may take to import a package. */
const mostTime = 2

/** Of what a program says when it fails. */
const shownLines = 8

/** A project that a package and its driver have been installed in. */
interface Installed extends Project {
  readonly name: PackageName
}

let failures = 0

/** Says how a check ended. One that fails does not keep others from being made. */
const check = async (what: string, work: () => Promise<string>): Promise<void> => {
  try {
    console.log(`ok      ${what}: ${await work()}`)
  } catch (error) {
    failures += 1
    const [first = '', ...others] = (error as Error).message.split('\n')
    console.log(`FAILED  ${what}: ${first}`)
    for (const line of others.slice(0, shownLines)) console.log(`        ${line}`)
    if (others.length > shownLines) console.log(`        … and ${others.length - shownLines} more lines`)
  }
}

const demand = (condition: boolean, text: string): string => {
  if (!condition) throw new Error(text)
  return text
}

const megabytes = (kilobytes: number): string => `${(kilobytes / 1024).toFixed(1)} MB`

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0)

/** What is installed beside the driver and what it brings, which takes how much room. */
const checkSize = async (installed: Installed, driver: Project): Promise<string> => {
  const [all, before] = [await sizesOf(installed), await sizesOf(driver)]
  const added = new Map([...all].filter(([name]) => !before.has(name)))
  const others = [...added.keys()].filter((name) => !name.startsWith('@pgsr/'))
  demand(others.length === 0, `brings ${others.join(', ')}`)
  const size = sum(added.values())
  const list = [...added].slice(0, 5).map(([name, each]) => `${name} ${megabytes(each)}`)
  return demand(
    size <= mostSize,
    `${megabytes(size)} beside the ${megabytes(sum(before.values()))} of ${driverOf(installed.name)}, at most ${megabytes(mostSize)}: ${list.join(', ')}`,
  )
}

/** The last compiler whose language service can be asked from JavaScript is that of TypeScript 5. */
const checkHover = async (
  compilers: readonly Compiler[],
  { name, directory }: Installed,
): Promise<string> => {
  const compiler = compilers.findLast(({ version }) => version.startsWith('5'))!
  const silent: string[] = []
  for (const called of ['syncRoles', 'planRoles', 'executePlan'])
    if ((await hover(compiler, directory, name, called)) === '') silent.push(called)
  demand(silent.length === 0, `nothing of ${silent.join(', ')}`)
  return 'documentation'
}

const main = async (directory: string): Promise<void> => {
  const tarballs = await packAll(join(testDirectory, '..'), directory)
  const binaries = await nodeBinaries()

  const drivers = new Map<PackageName, Project>()
  const installed: Installed[] = []
  for (const name of packageNames) {
    const driver = driverOf(name)
    const alone = await newProject(directory, driver)
    await alone.install({ [driver]: 'latest' })
    drivers.set(name, alone)
    await check(`${name} is installed beside ${driver} and nothing else`, async () => {
      const project = await newProject(directory, `with-${driver}`)
      await project.install({ [driver]: 'latest', ...(await withItsOwn(tarballs, name)) })
      installed.push({ ...project, name })
      return 'npm installs it'
    })
  }
  const others = [
    ['effect@3', '^3.0.0'],
    ['effect@4', '^4.0.0'],
  ] as const
  for (const [effect, range] of others)
    for (const name of packageNames)
      await check(`${name} is installed beside ${effect}`, async () => {
        const project = await newProject(directory, `${driverOf(name)}-and-${effect.replace('@', '-')}`)
        await project.install({ [driverOf(name)]: 'latest', effect: range })
        await project.install(await withItsOwn(tarballs, name))
        const entries = range === '^4.0.0' ? [name, `${name}/effect`] : [name]
        for (const entry of entries)
          await run(project.directory, process.execPath, ['-e', `import('${entry}')`])
        return 'it is, and can be imported'
      })

  for (const one of installed)
    await check(`size of ${one.name}`, () => checkSize(one, drivers.get(one.name)!))

  const command = await newProject(directory, 'with-cli')
  await check('@pgsr/cli is installed', async () => {
    await command.install(await withItsOwn(tarballs, '@pgsr/cli'))
    const sizes = await sizesOf(command)
    return `npm installs it with ${sizes.size - 1} others, ${megabytes(sum(sizes.values()))} in all`
  })
  await check('time of pgsr --help', async () => {
    const { times, most } = await helpTime(command)
    return demand(times <= most, `${times.toFixed(1)} times an empty process with pg, at most ${most} times`)
  })

  const cluster = await startCluster(18)
  const env = { ...process.env, PGHOST: cluster.host, PGPORT: String(cluster.port), PGUSER: cluster.user }
  try {
    let roles = 0
    for (const { path, version } of binaries)
      for (const { name, directory: home } of installed)
        for (const [kind, file, program] of [
          ['import', 'program.mjs', esm],
          ['require', 'program.cjs', commonJs],
        ] as const)
          await check(`${kind} of ${name} on Node ${version}`, async () => {
            await writeFile(join(home, file), program(name, `role_${(roles += 1)}`))
            const printed = await run(home, path, [file], { ...env, PGDATABASE: 'postgres' })
            demand(printed.trim() === 'true true', `a sync prints ${printed.trim()}`)
            return 'a sync makes a role'
          })
    for (const { path, version } of binaries)
      await check(`pgsr on Node ${version}`, async () => {
        const printed = await useCommand(command, path, `role_${(roles += 1)}`, {
          ...env,
          PGDATABASE: 'postgres',
        })
        return demand(/^done: 2 operations .*; in sync: nothing differs$/.test(printed), printed)
      })
  } finally {
    await cluster.stop()
  }

  const compilers = await installCompilers(directory)
  for (const one of installed) {
    await one.install({
      '@types/node': '^20.19.0',
      ...(one.name === '@pgsr/node-postgres' && { '@types/pg': '^8' }),
    })
    await writeFile(join(one.directory, 'program.mts'), typed(one.name))
    await writeFile(join(one.directory, 'driver.mts'), typedDriver(one.name))
    for (const compiler of compilers)
      await check(`types of ${one.name} with TypeScript ${compiler.version}`, async () => {
        await compile(compiler, one.directory, 'program.mts', 'driver.mts')
        return 'compiles with nodenext and bundler'
      })
    await check(`what an editor shows of ${one.name}`, () => checkHover(compilers, one))
  }

  const pg = { name: 'pg', directory: drivers.get('@pgsr/node-postgres')!.directory }
  const [base = 0, ...times] = await importTimes([pg, ...installed])
  for (const [index, time] of times.entries())
    await check(`time to import ${installed[index]!.name}`, async () =>
      demand(
        time <= mostTime * base,
        `${time.toFixed(0)} ms, ${(time / base).toFixed(1)} times the ${base.toFixed(0)} ms of pg, at most ${mostTime} times`,
      ),
    )
}

const directory = await mkdtemp(join(tmpdir(), 'pgsr-install-'))
try {
  await main(directory)
} finally {
  await rm(directory, { recursive: true, force: true })
}
console.log(
  failures === 0 ? 'All checks of the installation pass' : `${failures} checks of the installation fail`,
)
process.exitCode = failures === 0 ? 0 : 1
