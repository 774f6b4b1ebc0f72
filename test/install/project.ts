import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

/** A project of somebody who installs something. */
export interface Project {
  readonly directory: string
  readonly install: (dependencies: Readonly<Record<string, string>>) => Promise<void>
}

export const newProject = async (parent: string, name: string): Promise<Project> => {
  const directory = join(parent, name)
  await mkdir(directory)
  const installed: Record<string, string> = {}
  return {
    directory,
    install: async (dependencies) => {
      Object.assign(installed, dependencies)
      const manifest = { name, private: true, dependencies: installed }
      await writeFile(join(directory, 'package.json'), JSON.stringify(manifest, undefined, 2))
      await run(directory, 'npm', [
        'install',
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        '--ignore-scripts',
      ])
    },
  }
}

/** What is on disk for each package, in kilobytes, the largest first. */
export const sizesOf = async ({ directory }: Project): Promise<ReadonlyMap<string, number>> => {
  const modules = join(directory, 'node_modules')
  const names = (await readdir(modules, { recursive: false })).filter((name) => !name.startsWith('.'))
  const scoped = await Promise.all(
    names.map(async (name) =>
      name.startsWith('@') ? (await readdir(join(modules, name))).map((inner) => `${name}/${inner}`) : [name],
    ),
  )
  const printed = await run(modules, 'du', ['-sk', ...scoped.flat()])
  const rows = printed
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  return new Map(
    rows.map(([size, name]) => [name ?? '', Number(size)] as const).sort(([, one], [, other]) => other - one),
  )
}
