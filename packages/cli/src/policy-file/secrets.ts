import type { SecretReference } from '@pgsr/policy'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { FileError } from './file-error.ts'

/** Where a password is, in words. */
export const describeReference = (reference: SecretReference): string =>
  'env' in reference ? `the environment variable ${reference.env}` : `the file ${reference.file}`

/** The key of a reference in a map. */
export const referenceKey = (reference: SecretReference): string => JSON.stringify(reference)

/** The passwords that are at hand, and why others are not. Nothing of this is ever shown but the reasons. */
export interface Secrets {
  readonly at: ReadonlyMap<string, string>
  readonly missing: ReadonlyMap<string, string>
}

/** What is wrong with a file, by the code of the error. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ERR_ENCODING_INVALID_ENCODED_DATA', 'is not UTF-8'],
])

/** Reads one password, or says why that is not possible. */
const read = async (
  reference: SecretReference,
  directory: string,
): Promise<{ value: string } | { why: string }> => {
  const where = describeReference(reference)
  if ('env' in reference) {
    const value = process.env[reference.env]
    return value === undefined || value === ''
      ? { why: `${where} is ${value === undefined ? 'not set' : 'empty'}` }
      : { value }
  }
  try {
    const bytes = await readFile(resolve(directory, reference.file))
    // It drops a byte order mark, which is no part of a password.
    const value = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
    return value === '' ? { why: `${where} is empty` } : { value }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    return { why: `${where} ${reasons.get(code) ?? 'cannot be read'}` }
  }
}

/**
 * Reads passwords.
 * @param policyFile the paths of files are relative to its directory
 */
export const readSecrets = async (
  references: readonly SecretReference[],
  policyFile: string | undefined,
): Promise<Secrets> => {
  const directory = policyFile === undefined ? '.' : dirname(policyFile)
  const at = new Map<string, string>()
  const missing = new Map<string, string>()
  for (const reference of references) {
    const found = await read(reference, directory)
    if ('value' in found) at.set(referenceKey(reference), found.value)
    else missing.set(referenceKey(reference), found.why)
  }
  return { at, missing }
}

/**
 * The passwords by role. In the place of one that is not needed and not at hand there is a text that nobody knows.
 * @throws FileError with everything that is missing
 */
export const passwordsOf = (
  references: ReadonlyMap<string, SecretReference>,
  { at, missing }: Secrets,
  isNeeded: (role: string) => boolean,
): Readonly<Record<string, string>> => {
  const lacks = [...references].flatMap(([role, reference]) => {
    const why = missing.get(referenceKey(reference))
    return why === undefined || !isNeeded(role) ? [] : [`of role ${JSON.stringify(role)}: ${why}`]
  })
  if (lacks.length > 0)
    throw new FileError(`cannot read the password ${lacks.join('; and the one ')}`, {
      hint: 'pgsr plan works without. With login: true a role keeps the password that it has; with initialPassword it gets one only if it has none',
    })
  return Object.fromEntries(
    [...references].map(([role, one]) => [role, at.get(referenceKey(one)) ?? randomUUID()]),
  )
}
