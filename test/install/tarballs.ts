import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

export type Tarballs = Readonly<Record<string, string>>

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Packs every package as it would be published, and tells where each tarball is. */
export const packAll = async (root: string, directory: string): Promise<Tarballs> => {
  const tarballs: Record<string, string> = {}
  for (const name of await readdir(join(root, 'packages'))) {
    const printed = await run(join(root, 'packages', name), 'pnpm', [
      'pack',
      '--json',
      '--pack-destination',
      directory,
    ])
    const packed = JSON.parse(printed) as { readonly name: string; readonly filename: string }
    tarballs[packed.name] = packed.filename
  }
  return tarballs
}

/** A package and those of ours that it depends on, as a registry would give them. */
export const withItsOwn = async (
  tarballs: Tarballs,
  name: string,
): Promise<Readonly<Record<string, string>>> => {
  const file = tarballs[name]!
  const text = await run('.', 'tar', ['-xzOf', file, 'package/package.json'])
  const { dependencies = {} } = JSON.parse(text) as Manifest
  const ours = Object.keys(dependencies).filter((dependency) => dependency in tarballs)
  const theirs = await Promise.all(ours.map((dependency) => withItsOwn(tarballs, dependency)))
  return Object.assign({ [name]: `file:${file}` }, ...theirs) as Readonly<Record<string, string>>
}
