import { format, inspect } from 'node:util'

/** How an application may come to print a value, be it by accident. */
const ways: readonly ((value: unknown) => string)[] = [
  (value) => inspect(value, { depth: 20, showHidden: true, getters: true, maxArrayLength: null }),
  (value) => format('%s %o %O %j', value, value, value, value),
  (value) => JSON.stringify(value, null, 2),
  (value) => JSON.stringify(value, Object.getOwnPropertyNames(Object(value))),
  String,
  (value) => `value: ${value as string}`,
  (value) => (value instanceof Error ? (value.stack ?? '') : ''),
]

const attempted = (way: (value: unknown) => string, value: unknown): string => {
  try {
    return way(value)
  } catch (error) {
    return inspect(error, { depth: 20, showHidden: true })
  }
}

/** Prints a value in every way that there is, and what caused it. */
export const show = (value: unknown): void => {
  for (const way of ways) console.log(attempted(way, value))
  console.log(value)
  if (value instanceof Error && value.cause !== undefined) show(value.cause)
}
