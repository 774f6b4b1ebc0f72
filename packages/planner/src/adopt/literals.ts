import { describeName } from '../model/describe.ts'
import { flatMap } from '../util/collections.ts'

/** A text as a literal in single quotes. Whatever could mislead a reader is escaped. */
export const textLiteral = (text: string): string =>
  `'${describeName(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

export const listLiteral = (texts: readonly string[]): string => `[${texts.map(textLiteral).join(', ')}]`

/** Plain data. */
type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value | undefined }

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

/** Plain data as code, without the fields that are undefined. */
export const literal = (value: Value): string => {
  if (typeof value === 'string') return textLiteral(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (isList(value)) return `[${value.map(literal).join(', ')}]`
  const written = flatMap(Object.entries(value), ([name, one]) =>
    one === undefined ? [] : [`${/^[a-z_]\w*$/i.test(name) ? name : textLiteral(name)}: ${literal(one)}`],
  )
  return written.length === 0 ? '{}' : `{ ${written.join(', ')} }`
}

/** An object, without the fields that are undefined; `undefined` if it would be empty. */
export const objectLiteral = (fields: Readonly<Record<string, Value | undefined>>): string | undefined => {
  const written = literal(fields)
  return written === '{}' ? undefined : written
}

/** A call, without the arguments at the end that are undefined. */
export const call = (name: string, ...given: readonly (string | undefined)[]): string =>
  `${name}(${given.filter((one) => one !== undefined).join(', ')})`
