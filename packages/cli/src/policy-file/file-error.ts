/** A file cannot be read, written or used. */
export class FileError extends Error {
  readonly _tag = 'FileError'
  override readonly name = 'FileError'
  readonly hint: string | undefined

  constructor(message: string, { cause, hint }: { readonly cause?: unknown; readonly hint?: string } = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.hint = hint
  }
}

/** What the operating system says, for people. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'you may not',
  EPERM: 'you may not',
  EISDIR: 'it is a directory',
  EEXIST: 'it exists',
  ENOTDIR: 'a part of its path is not a directory',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left on its device',
}

/** Says what could not be done with a file, and why. */
export const fileError = (doing: string, error: unknown, hint?: string): FileError => {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new FileError(`cannot ${doing}: ${reasons[code] ?? message}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  })
}
