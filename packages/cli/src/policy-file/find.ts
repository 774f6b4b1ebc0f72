import { stat } from 'node:fs/promises'
import { policyFiles } from '../command-line/commands.ts'
import { FileError } from './file-error.ts'

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )

/** The first file in the working directory that may hold a policy. */
export const findDefault = async (): Promise<string | undefined> => {
  for (const name of policyFiles) if (await exists(name)) return name
  return undefined
}

/**
 * The file that the user has named, or else the first that there is.
 * @throws FileError
 */
export const findPolicy = async (named: string | undefined): Promise<string> => {
  const found = named ?? (await findDefault())
  if (found !== undefined) return found
  throw new FileError(`there is no policy file in ${process.cwd()}: none of ${policyFiles.join(', ')}`, {
    hint: 'pgsr import --out pgsr.yaml writes one of the roles that there are, and pgsr init an empty one',
  })
}
