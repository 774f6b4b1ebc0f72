import {
  AssertionsError,
  type BrokenAssertion,
  checkAssertions,
  type ObjectName,
  type Plan,
  type Scope,
  type Snapshot,
} from '@pgsr/planner'
import { besidesFor, nothingToRead, objectKey, unknownAfter } from '@pgsr/planner/internal'
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

type ReadScope<E, R> = (scope: Scope) => Effect.Effect<Snapshot, E, R>

/**
 * Reads everything that decides about access. What PostgreSQL itself brings along, and columns without an ACL, are read only
 * where they are named.
 * @param missingIn what has to be read besides, by what was read
 */
const readEverything = <E, R>(
  read: ReadScope<E, R>,
  settings: Settings,
  missingIn: (all: Snapshot) => readonly ObjectName[],
) =>
  Effect.gen(function* () {
    const all = yield* read(everything)
    const besides = yield* planningInTime(settings, anySize, () => missingIn(all))
    if (besides.length === 0) return all
    const { objects } = yield* read({ ...nothingToRead, access: { roles: 'all', objects: besides } })
    const known = new Set(all.objects.map(objectKey))
    return {
      ...all,
      scope: { ...everything, access: { ...everything.access, besides } },
      objects: [...all.objects, ...objects.filter((one) => !known.has(objectKey(one)))],
    }
  })

/** Reads everything that decides about access before and after some plans, and about what is asserted. */
export const readAccessFor = (settings: Settings, ...plans: readonly Plan[]) =>
  readEverything(
    (scope) => readSnapshot({ scope, passwords: new Map<string, never>() }, settings),
    settings,
    (all) => [...unknownAfter(all, ...plans), ...besidesFor(all, settings.assertions)],
  )

type AssertingError = AssertionsError | IntrospectError

const refuse = (broken: readonly BrokenAssertion[]): Effect.Effect<void, AssertionsError> =>
  broken.length === 0 ? Effect.void : Effect.fail(new AssertionsError(broken))

const refuseBroken = (snapshot: Snapshot, settings: Settings, ...plans: readonly Plan[]) =>
  planningInTime(settings, anySize, () => checkAssertions(snapshot, settings.assertions, ...plans)).pipe(
    Effect.flatMap(refuse),
  )

/**
 * Refuses plans, which are executed one after another, if something would not be as the caller asserts.
 * @param beforehand what is different by the time that the plans are executed
 */
export const checkOutcomeOf = (
  settings: Settings,
  plans: readonly Plan[],
  beforehand: (snapshot: Snapshot) => Snapshot = (snapshot) => snapshot,
) =>
  Effect.gen(function* () {
    const snapshot = beforehand(yield* readAccessFor(settings, ...plans))
    yield* refuseBroken(snapshot, settings, ...plans)
  }).pipe(inSpan('pgsr.assert'))

/** The same plans, refused if something would not be as the caller asserts, or is not when they have been executed. */
export const withAssertions = <E>(
  source: PlanSource<E>,
  settings: Settings,
): PlanSource<E | AssertingError> => {
  if (settings.assertions.length === 0) return source
  return {
    ...source,
    checkOutcome: (plan) => checkOutcomeOf(settings, [plan]),
    // Others may have changed something meanwhile, or the code of a trigger.
    checkReality: (call, attempt) =>
      Effect.gen(function* () {
        const snapshot = yield* readEverything(
          (scope) => readAgain(scope, call, attempt, 'change'),
          settings,
          (all) => besidesFor(all, settings.assertions),
        )
        yield* refuseBroken(snapshot, settings)
      }).pipe(inSpan('pgsr.assert')),
  }
}
