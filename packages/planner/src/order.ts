/** Orders texts by code unit: the same everywhere, whatever the locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A sorted copy, ordered by a key. */
export const sortedBy = <T>(values: Iterable<T>, key: (value: T) => string): T[] => {
  const all = [...values]
  if (all.length < 2) return all
  const keys = all.map(key)
  return [...keys.keys()].sort((a, b) => compareText(keys[a]!, keys[b]!)).map((index) => all[index]!)
}

/** Sorted, without repeats. */
export const sortedUnique = (values: Iterable<string>): string[] => {
  const all = [...values]
  return all.length < 2 ? all : [...new Set(all)].sort(compareText)
}
