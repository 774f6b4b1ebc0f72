/** In place of a copy: what was given is not plain data. */
export const notPlain = Symbol('not plain')

/** Deeper than any input that is right. */
const deepest = 10

/**
 * A deep copy of plain data, which is what JSON can say: no Secret, pattern or date, and nothing that is undefined. Each
 * property is read once, whatever its getter answers a second time.
 */
export const plainCopyOf = (given: unknown, depth: number = deepest): unknown => {
  if (typeof given === 'string' || typeof given === 'boolean' || given === null) return given
  if (typeof given === 'number') return Number.isFinite(given) ? given : notPlain
  if (typeof given !== 'object' || depth === 0) return notPlain
  const prototype: unknown = Object.getPrototypeOf(given)
  if (Array.isArray(given)) {
    if (prototype !== Array.prototype) return notPlain
    const copy: unknown[] = []
    for (let index = 0; index < given.length; index += 1) {
      const one = plainCopyOf(given[index], depth - 1)
      if (one === notPlain) return notPlain
      copy.push(one)
    }
    return copy
  }
  if (prototype !== Object.prototype) return notPlain
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(given)) {
    const one = plainCopyOf((given as Record<string, unknown>)[key], depth - 1)
    // To set this key would change the prototype.
    if (one === notPlain || key === '__proto__') return notPlain
    copy[key] = one
  }
  return copy
}

/** Whether something equals plain data: the same keys with the same values, and nothing else. */
export const equalsPlain = (known: unknown, given: unknown): boolean => {
  if (typeof known !== 'object' || known === null) return known === given
  if (typeof given !== 'object' || given === null) return false
  if (Object.getPrototypeOf(known) !== Object.getPrototypeOf(given)) return false
  if (Array.isArray(known)) {
    if (!Array.isArray(given) || known.length !== given.length) return false
    for (let index = 0; index < known.length; index += 1)
      if (!equalsPlain(known[index], given[index])) return false
    return true
  }
  const keys = Object.keys(known)
  if (keys.length !== Object.keys(given).length) return false
  for (const key of keys)
    if (!equalsPlain((known as Record<string, unknown>)[key], (given as Record<string, unknown>)[key]))
      return false
  return true
}
