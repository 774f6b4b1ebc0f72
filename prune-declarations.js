// Removes from `dist` of a package the declarations that its entry points do not name, directly or not.
import { readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'

const named = new Set()

const follow = async (file) => {
  if (named.has(file)) return
  named.add(file)
  const text = await readFile(file, 'utf8')
  for (const [, path] of text.matchAll(/(?:from |import |import\()['"](\.[^'"]+)\.[jt]s['"]/g))
    await follow(join(dirname(file), `${path}.d.ts`))
}

const { exports } = JSON.parse(await readFile('package.json', 'utf8'))
for (const { types } of Object.values(exports)) if (types !== undefined) await follow(normalize(types))

for (const file of await readdir('dist', { recursive: true }))
  if (file.endsWith('.d.ts') && !named.has(join('dist', file))) await rm(join('dist', file))
