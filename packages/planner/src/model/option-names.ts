import { InvalidGrantError } from './invalid-grant.ts'

/** What to say of an option that somebody may expect to exist. */
const instead: ReadonlyMap<string, string> = new Map([
  ['scope', 'to leave alone what belongs to the whole cluster, set manages: { cluster: false }'],
])

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
  const expected = `expected ${known.length === 1 ? known[0] : `one of ${known.join(', ')}`}`
  const remedy = known.includes('manages') ? instead.get(unknown) : undefined
  throw new InvalidGrantError({ field: unknown, message: `${doing}: ${problem}; ${remedy ?? expected}` })
}
