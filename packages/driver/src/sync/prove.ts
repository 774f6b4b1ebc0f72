import type { Plan, Scope, Snapshot } from '@pgsr/planner'
import type { Prediction } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { computeInTime } from '../connection/deadline.ts'
import { readLastCell, Session } from '../connection/session.ts'
import { ProofError } from '../errors.ts'
import { emit } from '../events.ts'
import { inSpan } from '../span.ts'
import type { Call } from './call.ts'
import { readAgain } from './read-under-lock.ts'
import { operationsWorkload } from './workload.ts'

/** The event triggers that may have fired. */
const eventTriggersQuery = `select coalesce(pg_catalog.json_agg(e.evtname order by e.evtname), '[]')::pg_catalog.text
  from pg_catalog.pg_event_trigger as e where e.evtenabled <> 'D' and e.evtevent <> 'login'`

/** Reads which event triggers may be the cause; none if they cannot be read. */
const readEventTriggers = Effect.gen(function* () {
  const session = yield* Session
  const results = yield* session.send(eventTriggersQuery)
  return yield* readLastCell(results, (text) => JSON.parse(text) as readonly string[])
}).pipe(Effect.orElseSucceed((): readonly string[] => []))

/** What was executed, and what has to be read of what it touched. */
interface Executed {
  readonly plan: Plan
  readonly scope: Scope
  /** What was read already, behind the last statement. */
  readonly read: Snapshot | undefined
}

/** Fails unless the catalogs match the prediction of a plan. */
export const prove = Effect.fnUntraced(function* (
  { plan, scope, read }: Executed,
  prediction: Prediction,
  call: Call,
  attempt: number,
) {
  const { settings, status } = call
  status.awaits = 'the catalogs to be read once more'
  const found = read ?? (yield* readAgain(scope, call, attempt, 'prove'))
  const difference = yield* computeInTime(settings, operationsWorkload(plan), () =>
    prediction.differenceTo(found),
  )
  if (difference !== undefined)
    yield* Effect.fail(new ProofError(difference, attempt, yield* readEventTriggers))
  emit(settings.onEvent, { kind: 'proved' })
}, inSpan('pgsr.prove'))
