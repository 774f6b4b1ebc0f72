import { InvalidGrantError } from './invalid-grant.ts'

/**
 * Refuses unknown options: a misspelt option would silently keep its default.
 * @param doing the beginning of the message, such as `cannot plan`
 * @throws InvalidGrantError
 */
export const checkOptionNames = (options: unknown, known: readonly string[], doing: string): void => {
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options)
  const unknown = isObject ? Object.keys(options).find((name) => !known.includes(name)) : 'options'
  if (unknown === undefined) return
  const problem = isObject ? `unknown option ${JSON.stringify(unknown)}` : 'the options are not an object'
  const expected = known.length === 1 ? known[0] : `one of ${known.join(', ')}`
  throw new InvalidGrantError({ field: unknown, message: `${doing}: ${problem}; expected ${expected}` })
}
