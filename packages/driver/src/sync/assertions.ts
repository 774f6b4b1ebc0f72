import {
  AssertionsError,
  type BrokenAssertion,
  checkAssertions,
  type Plan,
  type Snapshot,
} from '@pgsr/planner'
import { nothingToRead, objectKey, unknownAfter } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { inSpan } from '../span.ts'
import type { Settings } from '../options.ts'
import type { IntrospectError } from '../failures.ts'
import type { PlanSource } from './plan-source.ts'
import { planningInTime } from './planning.ts'
import { readAgain } from './read-under-lock.ts'
import { readSnapshot } from './run-plan.ts'
import { anySize } from './workload.ts'

const everything = { ...nothingToRead, access: { roles: 'all', objects: 'all' } } as const

/** Reads everything that decides about access before and after a plan. */
export const readAccessFor = Effect.fnUntraced(function* (plan: Plan, settings: Settings) {
  const passwords = new Map<string, never>()
  const all = yield* readSnapshot({ scope: everything, passwords }, settings)
  const missing = yield* planningInTime(settings, anySize, () => unknownAfter(all, plan))
  if (missing.length === 0) return all
  // What PostgreSQL itself brings along is read only where the plan changes it.
  const scope = { ...nothingToRead, access: { roles: 'all', objects: missing } } as const
  const { objects } = yield* readSnapshot({ scope, passwords }, settings)
  const known = new Set(all.objects.map(objectKey))
  return { ...all, objects: [...all.objects, ...objects.filter((one) => !known.has(objectKey(one)))] }
})

type AssertingError = AssertionsError | IntrospectError

const refuse = (broken: readonly BrokenAssertion[]): Effect.Effect<void, AssertionsError> =>
  broken.length === 0 ? Effect.void : Effect.fail(new AssertionsError(broken))

const brokenIn = (snapshot: Snapshot, settings: Settings, plan?: Plan) =>
  planningInTime(settings, anySize, () => checkAssertions(snapshot, settings.assertions, plan))

/** The same plans, refused if something would not be as the caller asserts, or is not when they have been executed. */
export const withAssertions = <E>(
  source: PlanSource<E>,
  settings: Settings,
): PlanSource<E | AssertingError> => {
  if (settings.assertions.length === 0) return source
  return {
    ...source,
    checkOutcome: (plan) =>
      Effect.gen(function* () {
        const snapshot = yield* readAccessFor(plan, settings)
        yield* refuse(yield* brokenIn(snapshot, settings, plan))
      }).pipe(inSpan('pgsr.assert')),
    // Others may have changed something meanwhile, or the code of a trigger.
    checkReality: (call, attempt) =>
      Effect.gen(function* () {
        const snapshot = yield* readAgain(everything, call, attempt, 'change')
        yield* refuse(yield* brokenIn(snapshot, settings))
      }).pipe(inSpan('pgsr.assert')),
  }
}
