import { type ObjectValue, type Value, valueAt } from '../text/tree.ts'

// What is read here has been checked: what is of the wrong kind is not there.

/** The objects of a value. */
export const objectOf = (value: Value | undefined): ObjectValue | undefined =>
  value?.kind === 'object' ? value : undefined

export const objectAt = (object: ObjectValue | undefined, key: string): ObjectValue | undefined =>
  object && objectOf(valueAt(object, key))

export const textOf = (value: Value | undefined): string | undefined =>
  value?.kind === 'text' ? value.text : undefined

export const textAt = (object: ObjectValue, key: string): string | undefined => textOf(valueAt(object, key))

export const flagAt = (object: ObjectValue, key: string): boolean | undefined => {
  const value = valueAt(object, key)
  return value?.kind === 'flag' ? value.flag : undefined
}

/** One value, or those of a list. */
export const valuesOf = (value: Value | undefined): readonly Value[] =>
  value === undefined ? [] : value.kind === 'list' ? value.items : [value]

/** One text, or those of a list. */
export const textsOf = (value: Value | undefined): readonly string[] =>
  valuesOf(value).flatMap((one) => (one.kind === 'text' ? [one.text] : []))

export const textsAt = (object: ObjectValue, key: string): readonly string[] => textsOf(valueAt(object, key))
