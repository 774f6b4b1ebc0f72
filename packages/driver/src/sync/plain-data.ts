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

/** In a list of tokens, an array or an object begins. The next token is how many items or keys it has. */
const begins = { array: Symbol('an array begins'), object: Symbol('an object begins') } as const

/** Plain data as a flat list, which takes less than half of the time to compare that a tree takes. */
export type Tokens = readonly unknown[]

/** The tokens of plain data: of an object, each key and what it has, in their order. */
export const tokensOf = (plain: unknown): Tokens => {
  const tokens: unknown[] = []
  const add = (one: unknown): void => {
    if (typeof one !== 'object' || one === null) tokens.push(one)
    else if (Array.isArray(one)) {
      tokens.push(begins.array, one.length)
      one.forEach(add)
    } else {
      const entries = Object.entries(one)
      tokens.push(begins.object, entries.length)
      for (const [key, value] of entries) {
        tokens.push(key)
        add(value)
      }
    }
  }
  add(plain)
  return tokens
}

/** Compares something with tokens, from the first to the last. */
class Comparison {
  readonly #tokens: Tokens
  #at = 0

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  isNext(given: unknown): boolean {
    const tokens = this.#tokens
    const expected = tokens[this.#at++]
    if (typeof given !== 'object' || given === null) return given === expected
    const prototype: unknown = Object.getPrototypeOf(given)
    if (Array.isArray(given)) {
      if (expected !== begins.array || prototype !== Array.prototype || given.length !== tokens[this.#at++])
        return false
      for (let index = 0; index < given.length; index += 1) if (!this.isNext(given[index])) return false
      return true
    }
    if (expected !== begins.object || prototype !== Object.prototype) return false
    let left = tokens[this.#at++] as number
    // V8 lists no keys for this, unlike for Object.keys. It would come to inherited keys, too, which are not among the tokens.
    for (const key in given) {
      if (left === 0 || key !== tokens[this.#at++]) return false
      if (!this.isNext((given as Record<string, unknown>)[key])) return false
      left -= 1
    }
    return left === 0
  }
}

/** Whether something equals plain data: the same keys in the same order, with the same values, and nothing else. */
export const equalsTokens = (tokens: Tokens, given: unknown): boolean => new Comparison(tokens).isNext(given)
