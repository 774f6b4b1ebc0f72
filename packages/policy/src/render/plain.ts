/** Plain data, as a policy file has it. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

/** Each once: in a policy, nothing is twice in a list. */
export const distinct = (all: readonly Plain[]): readonly Plain[] => [
  ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
]

/** One alone, or several as a list. */
export const oneOrList = (given: readonly Plain[]): Plain => {
  const all = distinct(given)
  return all.length === 1 ? all[0]! : all
}

/** Puts together what differs only in the list that one key has. */
export const together = <T>(
  all: readonly T[],
  keyOf: (one: T) => string,
  merge: (same: readonly T[]) => Plain,
): readonly Plain[] => {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [one])
    else known.push(one)
  }
  return distinct([...groups.values()].map(merge))
}
