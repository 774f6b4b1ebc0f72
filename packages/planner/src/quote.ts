import { InvalidTextError } from './errors.ts'
import { hasLoneSurrogate, nameProblem, storedNameProblem } from './name.ts'

const inQuotes = (name: string, problem: string | undefined): string => {
  if (problem !== undefined)
    throw new InvalidTextError(
      `cannot quote ${typeof name === 'string' ? `the name ${JSON.stringify(name)}` : 'a name'}: it ${problem}`,
    )
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * Quotes a name as `quote_ident` would if it always quoted: one that the catalogs have, or that has been checked.
 * @throws InvalidTextError when no statement can name what has it
 */
export const quoteIdent = (name: string): string => inQuotes(name, storedNameProblem(name))

/**
 * The same of any name.
 * @throws InvalidTextError when PostgreSQL would refuse the name or store another one
 */
export const quoteGivenIdent = (name: string): string => inQuotes(name, nameProblem(name))

/** Quotes the parts of a qualified name, joined by dots. */
export const quoteQualified = (parts: readonly string[]): string => parts.map(quoteIdent).join('.')

/**
 * Quotes a text as `quote_literal` does: the same value whatever `standard_conforming_strings` is.
 * @throws InvalidTextError when the text holds NUL or a lone surrogate, which no PostgreSQL text can
 */
export const quoteLiteral = (text: string): string => {
  if (typeof text !== 'string') throw new InvalidTextError('cannot quote what is no text')
  if (text.includes('\0') || hasLoneSurrogate(text))
    throw new InvalidTextError('cannot quote a text that contains NUL or a lone surrogate')
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? ` E${quoted}` : quoted
}
