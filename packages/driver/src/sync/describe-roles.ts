import { type DescribedRoles, InvalidGrantError, isIntermediateName, type Scope } from '@pgsr/planner'
import {
  checkManages,
  describeName,
  describeSnapshot,
  hasLoneSurrogate,
  impossibleRoleNameProblem,
  nameProblem,
  scopeOfDescription,
  scopeOfRoles,
} from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { transactionScope } from '../connection/transaction-scope.ts'
import { readRoleNames } from '../introspection/read-role-names.ts'
import type { DescribeRolesOptions, Settings } from '../options.ts'
import { planningInTime } from './planning.ts'
import { readSnapshot } from './run-plan.ts'
import { anySize } from './workload.ts'

/** The roles to describe: those that the caller names, or all. */
export type Selection = readonly string[] | 'all'

const refuse = (problem: string): never => {
  throw new InvalidGrantError({ field: 'roles', message: `cannot describe roles: ${problem}` })
}

/** @throws InvalidGrantError */
export const selectionOf = ({ roles = 'all' }: DescribeRolesOptions): Selection => {
  if (roles === 'all') return roles
  if (!Array.isArray(roles)) return refuse('roles must be an array of names, or "all"')
  return Array.from(roles, (role: string) => {
    const problem = nameProblem(role) ?? impossibleRoleNameProblem(role)
    return problem === undefined
      ? role
      : refuse(`the name of ${typeof role === 'string' ? `role ${describeName(role)}` : 'one'} ${problem}`)
  })
}

/** @throws InvalidGrantError */
export const managedIn = ({ manages }: DescribeRolesOptions): DescribeRolesOptions['manages'] =>
  checkManages(manages, 'cannot describe roles')

/**
 * Describes roles as they are. What they hold is read first; then once more, together with everything beside it that they
 * might hold.
 */
export const readDescription = Effect.fnUntraced(function* (
  selection: Selection,
  manages: DescribeRolesOptions['manages'],
  settings: Settings,
) {
  const transaction = yield* transactionScope(false)
  const names =
    selection === 'all'
      ? (yield* readRoleNames(transaction, settings)).filter((name) => !isIntermediateName(name))
      : selection
  const [nameable, nameless] = [
    names.filter((name) => !hasLoneSurrogate(name)),
    names.filter(hasLoneSurrogate),
  ]
  const read = (scope: Scope) => readSnapshot({ scope, passwords: new Map() }, settings, transaction)
  const found = yield* read(scopeOfRoles(nameable))
  const scope = yield* planningInTime(settings, anySize, () => scopeOfDescription(nameable, found, manages))
  const snapshot = yield* read(scope)
  return yield* planningInTime(settings, anySize, (): DescribedRoles =>
    describeSnapshot(snapshot, [...nameable, ...nameless], selection !== 'all', manages),
  )
})
