/** Orders texts by code unit: the same everywhere, whatever the locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A sorted copy, ordered by a key. */
export const sortedBy = <T>(values: Iterable<T>, key: (value: T) => string): T[] =>
  [...values]
    .map((value) => [key(value), value] as const)
    .sort(([a], [b]) => compareText(a, b))
    .map(([, value]) => value)

/** Sorted, without repeats. */
export const sortedUnique = (values: Iterable<string>): string[] => [...new Set(values)].sort(compareText)
