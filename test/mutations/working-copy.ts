import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Mutation, packageOf } from './mutation.ts'
import { run } from './run.ts'

/** A copy of the working tree, to break. */
export interface WorkingCopy {
  readonly directory: string
  /** Puts a mutation in, builds what it is in, and does something; then all is as it was. */
  readonly broken: <T>(mutation: Mutation, work: () => Promise<T>) => Promise<T>
  readonly remove: () => Promise<void>
}

const notCopied: ReadonlySet<string> = new Set(['.git', '.turbo', '.vite'])

/**
 * Packages see each other by relative links in their own `node_modules`, so that those are copied; what is installed is
 * in the one of the root, and is only linked.
 */
export const copyOf = async (root: string): Promise<WorkingCopy> => {
  const directory = await mkdtemp(join(tmpdir(), 'pgsr-mutations-'))
  const installed = join(root, 'node_modules')
  await cp(root, directory, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => source !== installed && !notCopied.has(basename(source)),
  })
  await symlink(installed, join(directory, 'node_modules'))

  const build = async (file: string): Promise<void> => {
    const { ok, output } = await run('npm', ['run', '--silent', 'build'], {
      cwd: join(directory, packageOf(file)),
    })
    if (!ok) throw new Error(`${file} does not compile\n${output}`)
  }
  return {
    directory,
    broken: async ({ file, text, by }, work) => {
      const path = join(directory, file)
      const original = await readFile(path, 'utf8')
      await writeFile(
        path,
        original.replace(text, () => by),
      )
      try {
        await build(file)
        return await work()
      } finally {
        await writeFile(path, original)
        await build(file)
      }
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Fails unless each text that a mutation replaces is there, once. */
export const checkTexts = async (root: string, mutations: readonly Mutation[]): Promise<void> => {
  for (const { name, file, text } of mutations) {
    const times = (await readFile(join(root, file), 'utf8')).split(text).length - 1
    if (times !== 1) throw new Error(`cannot make "${name}": its text is ${times} times in ${file}, not once`)
  }
}
