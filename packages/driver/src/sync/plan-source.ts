import {
  describeGrant,
  MissingObjectError,
  operationsOf,
  type Plan,
  planDrop,
  type Scope,
  type Skipped,
  type Snapshot,
} from '@pgsr/planner'
import { describeName, dropRequest, flatMap, scopeOfRequest, usualSeed } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import type { Deadline } from '../connection/deadline.ts'
import { type PlanChangedError, ResidueError, type TimeoutError } from '../errors.ts'
import type { PlannerError } from '../failures.ts'
import type { FailurePolicy } from '../options.ts'
import type { Session } from '../connection/session.ts'
import type { Call } from './call.ts'
import type { Password } from '../passwords/password.ts'
import { planOnce } from './plan-once.ts'
import { planningInTime } from './planning.ts'
import type { Prepared } from './prepared.ts'
import { planAgain, type Reviewed } from './reviewed-plan.ts'
import { anySize, planWorkload } from './workload.ts'

/** Makes the plan of a call, again each time that the catalogs have been read. */
export interface PlanSource<E> extends Partial<Pick<Prepared, 'storedToCompare'>> {
  /** What has to be read to make the plan. */
  readonly scope: Scope
  /** The passwords that the plan may set, by role. */
  readonly passwords: ReadonlyMap<string, Password>
  /** Whether the plan probably has nothing to do. */
  readonly isUsuallyNothing: boolean
  /**
   * Makes the plan of what is left after some transactions have been executed. Fails if such a plan must not be executed.
   * @param executed the number of transactions that have been executed
   * @param seed what the names of new roles are derived from, unless the plan was made before. Default: the usual seed
   */
  readonly planFor: (snapshot: Snapshot, executed: number, seed?: string) => Effect.Effect<Plan, E>
  /** Fails if the outcome of a plan must not be, before anything is executed. */
  readonly checkOutcome?: (plan: Plan) => Effect.Effect<void, E, Session>
  /** The same of what has become of it, before it is committed. */
  readonly checkReality?: (call: Call, attempt: number) => Effect.Effect<void, E, Session>
}

/** The memberships in roles that a plan creates only because they are asked for. The name may be misspelt. */
const inNewRoles = (plan: Plan): readonly Skipped[] =>
  flatMap(operationsOf(plan), (operation): readonly Skipped[] => {
    if (operation.kind !== 'createRole' || operation.reason.grant?.kind !== 'membership') return []
    const { role, grant } = operation.reason
    const message = `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: role ${describeName(operation.role)} does not exist`
    return [{ role, grant, reason: 'absent', message }]
  })

const refuseMissing =
  ({ onMissing }: FailurePolicy) =>
  (plan: Plan): Effect.Effect<Plan, MissingObjectError> => {
    if (onMissing !== 'error') return Effect.succeed(plan)
    const absent = [...plan.skipped.filter(({ reason }) => reason === 'absent'), ...inNewRoles(plan)]
    return absent.length > 0 ? Effect.fail(new MissingObjectError(absent)) : Effect.succeed(plan)
  }

const refuseResidue =
  ({ onResidue }: FailurePolicy) =>
  (plan: Plan): Effect.Effect<Plan, ResidueError> => {
    const { request } = plan
    // What is left to other databases is no failure here: the plan says what to run there.
    const residue = plan.residue.filter(({ reason }) => reason !== 'in another database')
    const skipped = plan.skipped.filter(({ reason }) => reason === 'not permitted')
    // An unused role that cannot be dropped gives nobody anything.
    const isAccepted = onResidue === 'report' || request.kind !== 'sync'
    return isAccepted || residue.length + skipped.length === 0
      ? Effect.succeed(plan)
      : Effect.fail(new ResidueError(residue, skipped))
  }

/** The same plans, refused if they would leave something that the caller does not accept. */
export const withoutResidue = <E>(
  source: PlanSource<E>,
  policy: FailurePolicy,
): PlanSource<E | ResidueError> => ({
  ...source,
  planFor: (...from) => Effect.flatMap(source.planFor(...from), refuseResidue(policy)),
})

type PlanningError = PlannerError | MissingObjectError | TimeoutError

/** The plans of a request. */
export const requestSource = (
  prepared: Prepared,
  settings: FailurePolicy & Deadline,
): PlanSource<PlanningError> => ({
  ...prepared,
  // What asks for nothing usually takes something away. What is only kept has to be worked out like that.
  isUsuallyNothing:
    prepared.request.options.mode !== 'additive' &&
    prepared.request.desired.some(({ grants }) => grants.length > 0),
  planFor: (snapshot, _executed, seed = usualSeed) => {
    const request = { ...prepared.request, seed }
    return planningInTime(settings, planWorkload(snapshot, request), () => planOnce(snapshot, request)).pipe(
      Effect.flatMap(refuseMissing(settings)),
    )
  },
})

/** A plan that was made before, and has to come out the same. */
export const reviewedSource = (
  reviewed: Reviewed,
  settings: FailurePolicy & Deadline,
): PlanSource<PlanningError | PlanChangedError> => ({
  ...reviewed,
  isUsuallyNothing: false,
  planFor: (snapshot, executed) =>
    Effect.flatMap(planAgain(snapshot, reviewed, executed, settings), refuseMissing(settings)),
})

/** The plans that drop unused roles. */
export const dropSource = (deadline: Deadline): PlanSource<PlannerError | TimeoutError> => ({
  scope: scopeOfRequest(dropRequest),
  passwords: new Map(),
  isUsuallyNothing: false,
  planFor: (snapshot) => planningInTime(deadline, anySize, () => planDrop(snapshot)),
})
