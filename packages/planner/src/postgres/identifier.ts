import { InvalidTextError } from './invalid-text.ts'

/** The length of a text in UTF-8, in bytes. A lone surrogate counts as the three bytes it would be stored as. */
const utf8Length = (text: string): number => {
  let bytes = 0
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 4
  }
  return bytes
}

/** Whether a text holds half of a surrogate pair, which UTF-8 cannot encode. */
export const hasLoneSurrogate = (text: string): boolean => !text.isWellFormed()

/**
 * The longest name PostgreSQL stores, in bytes. A longer one is truncated with no more than a NOTICE.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
 */
const maximumNameLength = 63

/** Why a name is impossible in every database, whatever its encoding. */
const unusualProblem = (name: unknown): string | undefined => {
  if (typeof name !== 'string') return `must be a text, not ${name === null ? 'null' : typeof name}`
  if (name === '') return 'cannot be empty'
  if (name.includes('\0')) return 'cannot contain NUL'
  if (hasLoneSurrogate(name)) return 'cannot contain a lone surrogate'
  return undefined
}

const tooLong = (length: number): string =>
  `is ${length} bytes long, and PostgreSQL truncates names to ${maximumNameLength} bytes`

/** Why PostgreSQL would refuse this name or silently store another one; `undefined` if it keeps the name. */
export const nameProblem = (name: unknown): string | undefined => {
  // Each character of JavaScript takes three bytes at most.
  const length = typeof name === 'string' && name.length * 3 > maximumNameLength ? utf8Length(name) : 0
  return unusualProblem(name) ?? (length > maximumNameLength ? tooLong(length) : undefined)
}

/** The same for a name that the catalogs have. The name may be longer in UTF-8 than in the encoding of its database. */
export const storedNameProblem = (name: string): string | undefined => {
  const problem = unusualProblem(name)
  const length = name.length > maximumNameLength ? Array.from(name).length : name.length
  return problem ?? (length > maximumNameLength ? tooLong(length) : undefined)
}

/** Why no role can have this name. Quoting does not help: `GRANT … TO "public"` acts on PUBLIC. */
export const impossibleRoleNameProblem = (name: string): string | undefined =>
  name === 'public' || name === 'none' ? 'is reserved' : undefined

/**
 * Why nobody can create a role of this name.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/catalog/catalog.c (IsReservedName)
 */
export const reservedRoleNameProblem = (name: string): string | undefined => {
  const problem = impossibleRoleNameProblem(name)
  if (problem !== undefined) return problem
  if (name.startsWith('pg_')) return 'is reserved: the prefix "pg_" is PostgreSQL’s own'
  return undefined
}

const inQuotes = (name: string, problem: string | undefined): string => {
  if (problem !== undefined)
    throw new InvalidTextError(
      `cannot quote ${typeof name === 'string' ? `the name ${JSON.stringify(name)}` : 'a name'}: it ${problem}`,
    )
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * Quotes a name that the catalogs have or that has been checked, as `quote_ident` would if it always quoted.
 * @throws InvalidTextError if no statement can use the name
 */
export const quoteIdent = (name: string): string => inQuotes(name, storedNameProblem(name))

/**
 * Quotes any name, as `quote_ident` would if it always quoted.
 * @throws InvalidTextError if PostgreSQL would refuse the name or store another one
 */
export const quoteGivenIdent = (name: string): string => inQuotes(name, nameProblem(name))

/** Quotes the parts of a qualified name, joined by dots. */
export const quoteQualified = (parts: readonly string[]): string => parts.map(quoteIdent).join('.')

/**
 * Quotes a text as `quote_literal` does: the same value whatever `standard_conforming_strings` is.
 * @throws InvalidTextError if the text holds NUL or a lone surrogate, which PostgreSQL cannot store
 */
export const quoteLiteral = (text: string): string => {
  if (typeof text !== 'string') throw new InvalidTextError('cannot quote a value that is not a text')
  if (text.includes('\0') || hasLoneSurrogate(text))
    throw new InvalidTextError('cannot quote a text that contains NUL or a lone surrogate')
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? ` E${quoted}` : quoted
}
