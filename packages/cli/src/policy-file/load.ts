import type { Policy } from '@pgsr/policy'
import { access, readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FileError, fileError } from './file-error.ts'
import { isPlanFile } from './is-plan-file.ts'

/** Imports a module: with jiti if it is TypeScript, which old versions of Node cannot read. */
const importModule = async (path: string): Promise<unknown> => {
  const absolute = resolve(path)
  if (!/^\.[cm]?ts$/.test(extname(path)))
    return ((await import(pathToFileURL(absolute).href)) as { readonly default?: unknown }).default
  const { createJiti } = await import('jiti')
  // What it compiles may hold more than is good to keep on disk.
  const jiti = createJiti(import.meta.url, { fsCache: false, moduleCache: false })
  return jiti.import(absolute, { default: true })
}

/** A module may throw anything. */
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What a module exports: a policy, or a function that makes one. */
const dataOf = async (path: string): Promise<unknown> => {
  // To say so of a file that is missing, and not of one that it imports.
  await access(path).catch((error: unknown) => {
    throw fileError(`read ${path}`, error)
  })
  const exported = await importModule(path).catch((error: unknown) => {
    throw new FileError(`cannot load ${path}: ${messageOf(error)}`, { cause: error })
  })
  if (exported === undefined)
    throw new FileError(`cannot load ${path}: it has no default export`, {
      hint: 'export default { pgsr: 1, roles: { … } }, or a function that makes this',
    })
  if (typeof exported !== 'function') return exported
  try {
    return await (exported as () => unknown)()
  } catch (error) {
    throw new FileError(`cannot load ${path}: its function fails: ${messageOf(error)}`, { cause: error })
  }
}

const textFormats: Readonly<Record<string, 'yaml' | 'json'>> = {
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.json': 'json',
}

export const moduleExtensions = /^\.[cm]?[jt]s$/

/** Reads a file as text. */
export const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(`read ${path}`, error)
  })

/**
 * Reads a policy file: YAML or JSON, or a module that exports a policy.
 * @throws FileError, PolicyError
 */
export const loadPolicy = async (path: string): Promise<Policy> => {
  const extension = extname(path).toLowerCase()
  const { parsePolicy, policyFrom } = await import('@pgsr/policy')
  if (moduleExtensions.test(extension)) return policyFrom(await dataOf(path), { file: path })
  const format = textFormats[extension]
  if (format === undefined)
    throw new FileError(
      `cannot read ${path} as a policy: its name ends with none of .yaml, .yml, .json, .ts, .js, .mjs`,
    )
  const text = await readText(path)
  if (format === 'json' && isPlanFile(text))
    throw new FileError(`cannot read ${path} as a policy: it is a saved plan`, {
      hint: `pgsr apply ${path} shows it, and executes it`,
    })
  return parsePolicy(text, { file: path, format })
}
