import { operationsOf } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { bounded, type CallStatus, notStarted } from '../connection/deadline.ts'
import type { Session } from '../connection/session.ts'
import type { PlannerError } from '../failures.ts'
import type { SyncResult } from '../functions.ts'
import { type Settings, settingsOf } from '../options.ts'
import { inSpan } from '../span.ts'
import { planning, readGiven } from './planning.ts'
import type { PlanSource } from './plan-source.ts'
import type { Prepared } from './prepared.ts'
import { runPlan } from './run-plan.ts'

/** Provides the session of a call, or leaves that to the caller. It may fail with `E2`, and requires `R`. */
export type ProvideSession<E2, R> = <A, E>(
  effect: Effect.Effect<A, E, Session>,
) => Effect.Effect<A, E | E2, R>

/** Checks the options, before a connection is opened. */
export const checked = (...options: Parameters<typeof settingsOf>): Effect.Effect<Settings, PlannerError> =>
  planning(() => readGiven('options', () => settingsOf(...options)))

/** Runs a call within its time, in a span of its name. */
export const call = <A, E, E2, R>(
  name: string,
  settings: Settings,
  provide: ProvideSession<E2, R>,
  effect: (status: CallStatus<A>) => Effect.Effect<A, E, Session>,
  prepared?: Prepared,
) => {
  const status = notStarted<A>()
  const provided = provide(
    Effect.suspend(() => {
      status.awaits = 'the catalogs to be read'
      return effect(status)
    }),
  )
  const attributes = prepared === undefined ? {} : { 'pgsr.roles': prepared.request.desired.length }
  return bounded(provided, settings, status).pipe(inSpan(`pgsr.${name}`, attributes))
}

/** Adds the result to the span of the call. */
const annotate = <E, R>(effect: Effect.Effect<SyncResult, E, R>) =>
  Effect.tap(effect, ({ changed, plan }) =>
    Effect.annotateCurrentSpan({ 'pgsr.changed': changed, 'pgsr.operations': operationsOf(plan).length }),
  )

/** Runs the plans of a source. */
export const run =
  <E>(source: PlanSource<E>, settings: Settings) =>
  (status: CallStatus<SyncResult>) =>
    annotate(runPlan(source, settings, status))
