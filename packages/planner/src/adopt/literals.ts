import { describeName } from '../model/describe.ts'

/** A text as a literal in single quotes. Whatever could mislead a reader is escaped. */
export const textLiteral = (text: string): string =>
  `'${describeName(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

export const listLiteral = (texts: readonly string[]): string => `[${texts.map(textLiteral).join(', ')}]`

/** A value of the options of a grant. */
type Value = string | boolean | readonly string[] | undefined

const valueLiteral = (value: Exclude<Value, undefined>): string => {
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? textLiteral(value) : listLiteral(value)
}

/** An object, without the fields that are undefined; `undefined` if it would be empty. */
export const objectLiteral = (fields: Readonly<Record<string, Value>>): string | undefined => {
  const written = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${valueLiteral(value)}`],
  )
  return written.length === 0 ? undefined : `{ ${written.join(', ')} }`
}

/** A call, without the arguments at the end that are undefined. */
export const call = (name: string, ...given: readonly (string | undefined)[]): string =>
  `${name}(${given.filter((one) => one !== undefined).join(', ')})`
