import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** The modules that the types of a file name, directly or not, beside those of pgsr. */
const modulesOf = async (file: string, known = new Set<string>()): Promise<ReadonlySet<string>> => {
  if (known.has(file)) return known
  known.add(file)
  const text = await readFile(file, 'utf8')
  for (const [, module = ''] of text.matchAll(/(?:from |import\()['"]([^'"]+)['"]/g)) {
    const isOurs = module.startsWith('@pgsr/')
    const path = isOurs ? fileURLToPath(import.meta.resolve(module)) : join(dirname(file), module)
    if (isOurs || module.startsWith('.')) await modulesOf(path.replace(/\.[jt]s$/, '.d.ts'), known)
    else known.add(module)
  }
  return known
}

test.for([
  ['@pgsr/node-postgres', 'pg'],
  ['@pgsr/postgres-js', 'postgres'],
] as const)('the types of the promise functions of %s need only those of %s', async ([name, driver]) => {
  const entry = fileURLToPath(import.meta.resolve(name)).replace(/\.js$/, '.d.ts')
  const modules = [...(await modulesOf(entry))].filter((module) => !module.startsWith('/'))
  expect(modules).toEqual([driver])
})
