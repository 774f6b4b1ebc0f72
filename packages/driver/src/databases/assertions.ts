import { type Assertion, AssertionsError, InvalidGrantError, type Plan } from '@pgsr/planner'
import { describeName, isAbout } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import type { SyncRolesOptions } from '../options.ts'
import { checkOutcomeOf } from '../sync/assertions.ts'
import { call, checked } from '../sync/running.ts'
import { type ClusterChange, snapshotAfter } from './cluster-change.ts'
import type { Place } from './place.ts'

type Assertions = readonly Assertion[]

/** Refuses assertions about databases that have no connection. */
export const checkAsserted = (assertions: Assertions, databases: readonly string[]): void => {
  for (const [index, { inDatabases: named = [] }] of assertions.entries()) {
    const unknown = named.find((database) => !databases.includes(database))
    if (unknown !== undefined)
      throw new InvalidGrantError({
        field: `assertions[${index}]`,
        message: `cannot check assertion ${index + 1}: there is no connection to database ${describeName(unknown)}`,
      })
  }
}

/** All assertions, so that each keeps its index, or none, if none is about a database. */
const assertedIn = (assertions: Assertions, database: string): Assertions =>
  assertions.some((one) => isAbout(one, database)) ? assertions : []

/** Options with those assertions that are checked in one database. */
export const withAsserted = (
  { assertions = [], ...options }: SyncRolesOptions,
  database: string,
): SyncRolesOptions => ({ ...options, assertions: assertedIn(assertions, database) })

/** Options without assertions, which are checked by another plan. */
export const withoutAsserted = (options: SyncRolesOptions): SyncRolesOptions => ({
  ...options,
  assertions: [],
})

/** The same error, which says in which of the databases it is so. */
const brokenInside = (database: string, { broken }: AssertionsError): AssertionsError =>
  new AssertionsError(
    broken.map((one) => ({ ...one, message: `in database ${describeName(database)}: ${one.message}` })),
  )

/**
 * Refuses the plans for a database if something would not be as the caller asserts when they have been executed.
 * @param change what is done to the cluster before, in another database
 */
export const checkPlansIn = <E2, R>(
  { database, provide }: Place<E2, R>,
  options: SyncRolesOptions,
  plans: readonly Plan[],
  change?: ClusterChange,
) =>
  Effect.gen(function* () {
    const settings = yield* checked('sync roles', withAsserted(options, database))
    if (settings.assertions.length === 0) return
    yield* call('planRoles', settings, provide, () =>
      checkOutcomeOf(settings, plans, (snapshot) =>
        change === undefined ? snapshot : snapshotAfter(snapshot, change),
      ),
    ).pipe(
      Effect.mapError((error) => (error instanceof AssertionsError ? brokenInside(database, error) : error)),
    )
  })
