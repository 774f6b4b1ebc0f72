/** Draws the same things each time for the same seed. */
export interface Random {
  /** From 0 to below 1. */
  readonly number: () => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(all: readonly T[]) => T
  /** Each of them with the same probability. */
  readonly some: <T>(all: readonly T[], probability: number) => readonly T[]
}

/** Mulberry32. */
const numbers = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

export const randomFrom = (seed: number): Random => {
  const number = numbers(Math.imul(seed, 0x9e3779b1))
  const chance = (probability: number): boolean => number() < probability
  return {
    number,
    chance,
    pick: (all) => all[Math.floor(number() * all.length)]!,
    some: (all, probability) => all.filter(() => chance(probability)),
  }
}
