/** The value that a map has for a key, made and put there if it is missing. */
export const getOrMake = <K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: (key: K) => V,
): V => {
  const existing = map.get(key)
  if (existing !== undefined) return existing
  const made = make(key)
  map.set(key, made)
  return made
}

/**
 * Appends to the list that a map has for a key. A new list is created with its first value, so that it takes
 * no more memory than needed.
 */
export const append = <K, V>(lists: Map<K, V[]>, key: K, value: V): void => {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** What an array’s own `flatMap` makes, in a tenth of the time: V8 looks up each element of each list by its name. */
export const flatMap = <T, U>(values: Iterable<T>, make: (value: T) => readonly U[]): U[] => {
  const all: U[] = []
  for (const value of values) for (const one of make(value)) all.push(one)
  return all
}

/** The values that there are. */
export const defined = <T>(values: readonly (T | undefined)[]): T[] =>
  values.filter((value) => value !== undefined)

/** The elements of all lists. */
export const flat = <T>(lists: Iterable<readonly T[]>): T[] => flatMap(lists, (list) => list)

/** How many elements all lists have. */
export const countIn = (lists: readonly (readonly unknown[])[]): number =>
  lists.reduce((sum, { length }) => sum + length, 0)

/** Orders texts by code unit: the same everywhere, whatever the locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a === b ? 0 : 1)

/** A sorted copy, ordered by a key. */
export const sortedBy = <T>(values: Iterable<T>, key: (value: T) => string): T[] => {
  const all = [...values]
  if (all.length < 2) return all
  const keyed = all.map((value) => ({ key: key(value), value }))
  return keyed.sort((a, b) => compareText(a.key, b.key)).map(({ value }) => value)
}

/** The values of a map, in the order of their keys. */
export const inKeyOrder = <T>(map: ReadonlyMap<string, T>): T[] =>
  [...map.keys()].sort().map((key) => map.get(key)!)

/** Sorted, without duplicates. */
export const sortedUnique = <T extends string>(values: Iterable<T>): T[] => {
  const all = [...values]
  return all.length < 2 ? all : [...new Set(all)].sort()
}
