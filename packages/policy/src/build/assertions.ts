import type { Assertion, GrantableKind, Privilege } from '@pgsr/planner'
import { grantableKinds } from '../grammar/objects.ts'
import { type ObjectValue, type Place, valueAt } from '../text/tree.ts'
import type { Problems } from '../text/problems.ts'
import { databaseProblem, noDatabases } from './known-database.ts'
import type { Room } from './room.ts'
import { kindIn, targetsOf } from './targets.ts'
import { textsAt, valuesOf } from './values.ts'

/** An assertion, and the place that makes it. */
export interface PlacedAssertion {
  readonly assertion: Assertion
  readonly place: Place
}

/** The databases that an assertion is about; `undefined`: all. */
const databasesOf = (
  object: ObjectValue,
  known: readonly string[] | undefined,
  problems: Problems,
): readonly string[] | undefined => {
  if (!object.entries.has('inDatabases')) return undefined
  if (known === undefined) problems.add(object, noDatabases)
  else
    for (const value of valuesOf(valueAt(object, 'inDatabases'))) {
      const problem = value.kind === 'text' ? databaseProblem(value.text, known) : undefined
      if (problem !== undefined) problems.add(value, problem)
    }
  return textsAt(object, 'inDatabases')
}

const assertionsOf = (object: ObjectValue, room: Room): readonly PlacedAssertion[] => {
  if (object.entries.has('public'))
    return textsAt(object, 'in').map((schema) => ({
      assertion: { public: 'nothing', in: schema },
      place: object,
    }))
  const kind = kindIn(object, grantableKinds)
  const can = textsAt(object, 'can') as readonly Privilege[]
  // If none of its privileges is right, that has been said.
  if (kind === undefined || can.length === 0) return []
  const only = textsAt(object, 'only')
  return targetsOf(kind as GrantableKind, object, room).map(({ target, place }) => ({
    assertion: { only, can, on: target },
    place,
  }))
}

/** The assertions of a policy: one for each object or pattern that is named. */
export const assertionsIn = (
  policy: ObjectValue,
  known: readonly string[] | undefined,
  problems: Problems,
  room: Room,
): readonly PlacedAssertion[] =>
  valuesOf(valueAt(policy, 'assertions')).flatMap((one) => {
    if (one.kind !== 'object') return []
    const inDatabases = databasesOf(one, known, problems)
    return assertionsOf(one, room).map(({ assertion, place }) => ({
      assertion: { ...assertion, ...(inDatabases !== undefined && { inDatabases }) },
      place,
    }))
  })
