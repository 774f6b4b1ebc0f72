// The licences of the packages that are in the bundles of a package.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Reads the licence of a package, whose file may be in capitals, and in Markdown. */
const readLicence = async (directory) => {
  const file = (await readdir(directory)).find((name) => /^license(\.md)?$/i.test(name))
  return readFile(join(directory, file), 'utf8')
}

/** The directory of the package that a file is in, and its name; nothing if the file is ours. */
export const packageOf = (input) => /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/)/.exec(input) ?? []

/** The licences of the packages that bundles contain, as one text. */
export const licencesOf = async (bundles) => {
  const inputs = bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs))
  const directories = inputs.flatMap((input) => packageOf(input).slice(0, 1))
  const licences = await Promise.all(
    [...new Set(directories)].map(async (directory) => {
      const { name, version } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'))
      return `${name} ${version}\n\n${(await readLicence(directory)).trim()}\n`
    }),
  )
  return licences.join('\n\n')
}
