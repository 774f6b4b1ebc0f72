import { describeEffect, describeName, describeOperation, describeUnmanaged } from '../model/describe.ts'
import type { Operation } from '../model/operation.ts'
import type { Plan } from '../model/plan.ts'
import { flatMap, getOrMake } from '../util/collections.ts'

/** One entry in one part of a plan. */
export interface PlanEntry {
  readonly part: 'acting role' | 'operations' | 'effects' | 'skipped' | 'residue' | 'kept' | 'unmanaged'
  /** In words, without a full stop. */
  readonly message: string
}

/** How a plan differs from one that was made before for the same request. */
export interface PlanDifference {
  /** Entries that only the plan before has. */
  readonly missing: readonly PlanEntry[]
  /** Entries that only the new plan has. */
  readonly unexpected: readonly PlanEntry[]
}

interface Part<T> {
  readonly part: PlanEntry['part']
  readonly of: (plan: Plan) => readonly T[]
  readonly describe: (said: T) => string
}

const partOf =
  <T>({ part, of, describe }: Part<T>) =>
  (before: Plan, now: Plan): PlanDifference => {
    const entry = (said: T): PlanEntry => ({ part, message: inWords(describe, said) })
    const [old, current] = [of(before), of(now)]
    const missing = without(old, current).map(entry)
    const unexpected = without(current, old).map(entry)
    return missing.length + unexpected.length > 0 || canonical(old) === canonical(current)
      ? { missing, unexpected }
      : { missing, unexpected: [{ part, message: 'the same in another order' }] }
  }

/** An entry in words. A saved plan may have been tampered with, so that its entries are not of the right type. */
const inWords = <T>(describe: (said: T) => string, said: T): string => {
  try {
    const words: unknown = describe(said)
    return typeof words === 'string' ? words : canonical(said)
  } catch {
    return canonical(said)
  }
}

/** A text that is the same for equal values, whatever the order of their fields. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? 'nothing'

/** What is in one list but not in the other; what is there twice has to be in the other twice. */
const without = <T>(list: readonly T[], other: readonly T[]): readonly T[] => {
  const left = new Map<string, { count: number }>()
  for (const one of other) getOrMake(left, canonical(one), () => ({ count: 0 })).count++
  return list.filter((one) => {
    const found = left.get(canonical(one))
    return found === undefined || --found.count < 0
  })
}

/** The operations, with a mark between two transactions: the boundary must not move either. */
const operationsAndBounds = ({ transactions }: Plan): readonly (Operation | undefined)[] =>
  transactions.flatMap((operations, index): readonly (Operation | undefined)[] =>
    index === 0 ? operations : [undefined, ...operations],
  )

const parts = [
  partOf({
    part: 'acting role',
    of: ({ actingRole }) => [actingRole],
    describe: (role) => `run as ${describeName(role)}`,
  }),
  partOf({
    part: 'operations',
    of: operationsAndBounds,
    describe: (operation) =>
      operation === undefined ? 'begin another transaction' : describeOperation(operation),
  }),
  partOf({ part: 'effects', of: ({ effects }) => effects, describe: describeEffect }),
  partOf({ part: 'skipped', of: ({ skipped }) => skipped, describe: ({ message }) => message }),
  partOf({ part: 'residue', of: ({ residue }) => residue, describe: ({ message }) => message }),
  partOf({ part: 'kept', of: ({ kept }) => kept, describe: ({ message }) => message }),
  partOf({ part: 'unmanaged', of: ({ unmanaged }) => unmanaged, describe: describeUnmanaged }),
]

/** How the plan for a request has changed because the catalogs have; both lists are empty if it has not. */
export const planDifferenceOf = (before: Plan, now: Plan): PlanDifference => {
  const differences = parts.map((differenceIn) => differenceIn(before, now))
  return {
    missing: flatMap(differences, ({ missing }) => missing),
    unexpected: flatMap(differences, ({ unexpected }) => unexpected),
  }
}
