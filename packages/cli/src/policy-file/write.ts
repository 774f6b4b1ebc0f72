import { writeFile } from 'node:fs/promises'
import { fileError } from './file-error.ts'

/** Writes a file. One that exists is only written over if that is asked for. */
export const writeText = async (
  path: string,
  text: string,
  isReplaced: boolean,
  hint?: string,
): Promise<void> => {
  try {
    await writeFile(path, text, { flag: isReplaced ? 'w' : 'wx' })
  } catch (error) {
    throw fileError(
      `write ${path}`,
      error,
      (error as NodeJS.ErrnoException).code === 'EEXIST' ? hint : undefined,
    )
  }
}
